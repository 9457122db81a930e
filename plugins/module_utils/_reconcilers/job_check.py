# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a compute target by a job: finds an earlier one, starts a new one, waits for its end.

A recent check that completed counts, and one that is not over is waited for. A new one has the next number in its name, so that tasks which start at the
same time, or again after a lost answer, send the same job.
"""

from __future__ import annotations

import time
import typing as t

from .._core.arm_id import ArmId
from .._core.client import Body, Client
from .._core.errors import AmlError, WaitTimeout, all_foreseen, each
from .._core.events import Events
from .._engine.behaviour import Behaviour
from .._engine.outcome import workspace_missing
from .._engine.waiting import Deadline, pauses
from .._kinds import command_job
from .._kinds.command_job import COMPLETED, TAG, TERMINAL, WAITS_FOR_NODES, CommandJob
from .._kinds.registry import kind_of

# How many names of new jobs are tried: a service that has a job of any name would otherwise be asked without end.
_MOST_NAMES = 200


class ComputeCannotRunJobs(AmlError):
    """A job would fail, or wait without an end."""

    default_code = "ComputeCannotRunJobs"


class JobCheckFailed(AmlError):
    """The job ran, or was to run, and did not complete."""

    default_code = "JobCheckFailed"


class JobCheck:
    """One check of one compute target.

    max_age    seconds since its end for which a check that completed counts
    malformed  called with each job of the list that cannot be read
    now        the time of day in seconds since the epoch, with which ages are compared; ``clock`` measures waits
    """

    def __init__(
        self,
        client: Client,
        job: CommandJob,
        api_version: str,
        behaviour: Behaviour,
        *,
        max_age: int,
        malformed: t.Callable[[AmlError], None],
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
        now: t.Callable[[], float] = time.time,
    ) -> None:
        self.client, self.job, self.api_version, self.behaviour = client, job, api_version, behaviour
        self.max_age, self.malformed = max_age, malformed
        self.sleep, self.clock, self.now = sleep, clock, now
        self.compute = job.compute

    # --- before the job ---

    def require_usable(self) -> Body:
        """The compute target, if the job can run on it; in check mode too."""
        body = self.client.find(self.compute.id, self.api_version)
        if body is None:
            raise self._missing()
        problem, hint = kind_of(body).cannot_run_jobs(body)
        if problem:
            properties = body.get("properties") or {}
            names = {"compute_type": "computeType", "provisioning_state": "provisioningState"}
            raise ComputeCannotRunJobs(
                f"A job cannot run on compute target {self.compute.name!r}: {problem}.",
                details={ours: str(properties.get(theirs)) for ours, theirs in names.items()},
                target=self.compute.id,
                hint=hint,
            )
        return body

    def _missing(self) -> AmlError:
        workspace = ArmId(self.compute.parent_id)
        if self.client.find(workspace, self.api_version) is None:
            return workspace_missing(workspace)
        return ComputeCannotRunJobs(
            f"The compute target {self.compute.name!r} does not exist in workspace {workspace.name!r}.",
            code="ComputeMissing",
            target=self.compute.id,
            hint="Create it first, or correct compute.",
        )

    def find(self, compute: Body) -> tuple[Body | None, str]:
        """The check that counts or is not over, if there is one; and the name of a new one."""
        query = {"jobType": "Command", "tag": TAG}
        path = f"{self.compute.parent_id}/jobs"
        found = self.client.list(path, self.api_version, params=query, malformed=self.malformed)
        jobs = list(each(found, command_job.checked, self.malformed))
        same = sorted((job for job in jobs if self.job.is_same(job)), key=command_job.created_at)
        if same and self._counts(same[-1], compute):
            return same[-1], ""
        prefix, first = self.job.prefix, self.job.next_number(jobs)
        # A list may not show what was created a moment ago, and never shows what is archived.
        for number in range(first, first + _MOST_NAMES):
            job = self._read(f"{prefix}{number}")
            if job is None:
                return None, f"{prefix}{number}"
            if self.job.is_same(job) and self._counts(job, compute):
                return job, ""
        raise JobCheckFailed(
            f"No job was started, because the names from {prefix}{first} to {prefix}{number} are taken.",
            target=self.compute.id,
            hint="Delete the archived checks of this compute target.",
        )

    def _counts(self, job: Body, compute: Body) -> bool:
        return command_job.counts(job, compute, now=self.now(), max_age=self.max_age)

    # --- the job ---

    def _read(self, name: str) -> Body | None:
        body = self.client.find(self.job.id_of(name), self.api_version)
        return None if body is None else command_job.checked(body)

    def start(self, name: str) -> Body:
        job_id = self.job.id_of(name)
        self._events.start(job_id, "create")
        try:
            with all_foreseen():
                body = self.client.put(job_id, self.api_version, self.job.body(name)).body
                return command_job.checked(body) if body else {"id": job_id, "name": name}
        except AmlError as error:
            error.changed = error.may_be_accepted
            error.target = error.target or job_id
            raise

    def wait(self, job: Body, *, seen: bool) -> Body:
        """The job when it is over. WaitTimeout if the time is over first, JobCheckFailed if the job did not complete.

        seen  whether a read has shown the job
        """
        deadline = Deadline(self.behaviour.wait_timeout, self.clock)
        name, steps = job["name"], pauses(self.behaviour.wait_interval)
        self._events.about(self.job.id_of(name))
        while (status := command_job.status(job)) not in TERMINAL:
            if not deadline.remaining:
                raise self._timeout(job, deadline)
            self._events.state(status)
            self.sleep(min(next(steps), deadline.remaining))
            latest = self._read(name)
            if latest is None and seen:
                raise self._failed(job, f"The job {name!r} was deleted while it was {status}.")
            # Until it was read once, a read may be older than the job.
            job, seen = latest or job, seen or latest is not None
        if status != COMPLETED:
            raise self._failed(job, f"The job {name!r} on compute target {self.compute.name!r} ended as {status}.")
        return job

    @property
    def _events(self) -> Events:
        return self.behaviour.events

    def _timeout(self, job: Body, deadline: Deadline) -> WaitTimeout:
        status, nodes = command_job.status(job), self._nodes()
        error = WaitTimeout.after(
            deadline.elapsed,
            f"The job {job['name']!r} on compute target {self.compute.name!r}",
            status,
            note=nodes["message"] if status in WAITS_FOR_NODES else "",
            details={"nodes": nodes["facts"]},
            target=job["id"],
            hint="The job was not cancelled: run the same task again to continue waiting for it, or raise wait_timeout.",
        )
        error.result = {"job": self.job.project(job)}
        return error

    def _failed(self, job: Body, message: str) -> JobCheckFailed:
        shown, nodes = self.job.project(job), self._nodes()
        error = JobCheckFailed(
            f"{message}{nodes['message'] if nodes['facts'].get('errors') else ''}",
            details={"status": shown["status"], "nodes": nodes["facts"]},
            target=job["id"],
            hint=f"The logs of the job show the cause: {shown['studio_url'] or 'open it in Azure Machine Learning studio'}. "
            "The next run of the task starts another job.",
        )
        error.result = {"job": shown}
        return error

    def _nodes(self) -> dict[str, t.Any]:
        """What the compute target says about its nodes, as facts and as a sentence. Empty where it does not, or cannot be read."""
        try:
            compute = self.client.find(self.compute.id, self.api_version) or {}
        except AmlError:
            compute = {}
        return command_job.about_nodes((compute.get("properties") or {}).get("properties") or {})
