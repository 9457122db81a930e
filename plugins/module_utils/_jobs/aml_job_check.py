# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job of ``aml_job_check``: one small command job on a compute target, as the proof that jobs run there.

The checks of a compute target carry a tag, by which a list finds them: an earlier one that is not over is waited for, a recent one that completed counts.
A new one has the next number in its name, so that tasks which start at the same time, or again after a lost answer, send the same job.

Sources: ARM types of 2025-12-01 (CommandJob, JobStatus); docs/facts.md j (states, times, the filter of the list).
"""

from __future__ import annotations

import datetime
import re
import time
import typing as t

from .._core import shape
from .._core.arm_id import compute_target
from .._core.client import Body
from .._core.errors import AmlError, WaitTimeout, all_foreseen, each
from .._core.findings import Finding, Findings, refuse
from .._engine import rules
from .._engine.kind import service_errors
from .._engine.waiting import Deadline
from .._module.result import Result
from .._module.task import Task
from .workspace_actions import version_of, workspace_missing, workspace_of_task

TAG = "aml_job_check"
# Seconds that the job may run, after which the service cancels it.
JOB_TIMEOUT = 600
COMPLETED = "Completed"
TERMINAL = (COMPLETED, "Failed", "Canceled")
# Before the command: the service prepares the image, or the job waits for a node.
_WAITS_FOR_NODES = ("Queued", "NotStarted", "Starting", "Provisioning", "Preparing")
# How many names of new jobs are tried: a service that has a job of any name would otherwise be asked without end.
_MOST_NAMES = 200
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
# Other types of compute targets run no command jobs (how-to-train-model: clusters, instances, Kubernetes, serverless).
_RUNS_JOBS = ("amlcompute", "computeinstance", "kubernetes")
_STOPPED = ("stopped", "stopping", "deleting")

_ENVIRONMENT = re.compile(r"azureml://registries/[^/]+/environments/[^/]+/versions/[^/]+\Z")
_IN_WORKSPACE = re.compile(r"azureml:(?P<name>[^/:@]+):(?P<version>[^/:@]+)\Z")
_EXPERIMENT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}\Z")

_JOB = shape.mapping(
    {
        "id": shape.TEXT,
        "name": shape.TEXT,
        "properties": shape.mapping({
            "status": shape.TEXT, "computeId": shape.TEXT, "command": shape.TEXT, "environmentId": shape.TEXT, "experimentName": shape.TEXT,
            "tags": shape.mapping(values=shape.SCALAR), "properties": shape.mapping(values=shape.SCALAR),
            "services": shape.mapping(values=shape.mapping({"endpoint": shape.TEXT})),
        }),
        "systemData": shape.mapping({"createdAt": shape.TEXT}),
    },
    required=("id", "name"),
)  # fmt: skip


class ComputeCannotRunJobs(AmlError):
    """A job would fail, or wait without an end."""

    default_code = "ComputeCannotRunJobs"


class JobCheckFailed(AmlError):
    """The job ran, or was to run, and did not complete."""

    default_code = "JobCheckFailed"


def check(task: Task) -> Result:
    """The job of ``aml_job_check``."""
    refuse([*rules.segment(task.params["compute"], "compute"), *_check_values(task.params)])
    return JobCheck(task).run()


def _check_values(params: t.Mapping[str, t.Any]) -> Findings:
    environment = params["environment"]
    known = _ENVIRONMENT.match(environment) or _IN_WORKSPACE.match(environment)
    if known is None or not rules.is_path(environment.partition("://")[2]):
        message = (
            f"environment must be azureml://registries/REGISTRY/environments/NAME/versions/VERSION or azureml:NAME:VERSION; {environment!r} is not. "
            "Azure Resource Manager needs a version, and does not resolve labels such as latest."
        )
        yield Finding("InvalidEnvironment", "environment", message, "ARM types, CommandJob.environmentId")
    if not re.search("[a-zA-Z0-9_]", params["command"]):
        message = f"command must contain a letter, a digit or an underscore; {params['command']!r} does not."
        yield Finding("InvalidCommand", "command", message, "ARM types, CommandJob.command")
    if not _EXPERIMENT.match(params["experiment_name"]):
        message = f"experiment_name {params['experiment_name']!r} is not valid: 1 to 255 letters, digits, '-' and '_', starting with a letter or digit."
        yield Finding("InvalidName", "experiment_name", message, "Azure Machine Learning, experiments")
    timeout = (params["limits"] or {}).get("timeout")
    for option, value, lowest in (("max_age", params["max_age"], 0), ("limits.timeout", timeout, 1)):
        if value is not None and value < lowest:
            yield Finding(
                "OutOfRange", option, f"{option} must be at least {lowest}; {value} is not.", "this collection"
            )


class JobCheck:
    """One check. ``now`` is the time of day in seconds since the epoch, with which ages are compared; ``clock`` measures waits."""

    def __init__(
        self,
        task: Task,
        *,
        sleep: t.Callable[[float], None] = time.sleep,
        clock: t.Callable[[], float] = time.monotonic,
        now: t.Callable[[], float] = time.time,
    ) -> None:
        params = task.params
        self.task, self.params, self.client = task, params, task.client
        self.workspace = workspace_of_task(task)
        self.compute = compute_target(
            task.subscription_id, params["resource_group"], params["workspace"], params["compute"]
        )
        self.api_version = version_of(task)
        self.environment = self._environment_id()
        self.timeout = (params["limits"] or {}).get("timeout") or JOB_TIMEOUT
        self.sleep, self.clock, self.now = sleep, clock, now

    def run(self) -> Result:
        compute = self.client.find(self.compute.id, self.api_version)
        if compute is None:
            raise self._missing()
        self._require_usable(compute)
        job, name = self._earlier(compute)
        started = job is None
        if job is None:
            if self.task.check_mode:
                return self._result(True, self._planned(name), self._diff(name))
            job = self._start(name)
        try:
            if not self.task.check_mode and self.params["wait"]:
                job = self._wait(job, seen=not started)
            return self._result(started, self._project(job), self._diff(job["name"] if started else None))
        except AmlError as error:
            error.changed = started
            raise

    # --- before the job ---

    def _environment_id(self) -> str:
        match = _IN_WORKSPACE.match(self.params["environment"])
        if match is None:
            return str(self.params["environment"])
        return f"{self.workspace.id}/environments/{match['name']}/versions/{match['version']}"

    def _missing(self) -> AmlError:
        if self.client.find(self.workspace.id, self.api_version) is None:
            return workspace_missing(self.workspace)
        return ComputeCannotRunJobs(
            f"The compute target {self.compute.name!r} does not exist in workspace {self.workspace.name!r}.",
            code="ComputeMissing",
            target=self.compute.id,
            hint="Create it first, or correct compute.",
        )

    def _require_usable(self, compute: Body) -> None:
        """Refuse a compute target on which the job could not run, in check mode too."""
        properties = compute.get("properties") or {}
        inner = properties.get("properties") or {}
        kind = str(properties.get("computeType"))
        state = str(properties.get("provisioningState"))
        problem, hint = "", ""
        if kind.casefold() not in _RUNS_JOBS:
            problem = f"its type {kind} does not run command jobs"
            hint = "Check a compute cluster, a compute instance or a Kubernetes cluster."
        elif state.casefold() in ("failed", "deleting"):
            problem, hint = f"its provisioning state is {state}", "Fix the compute target first."
        elif kind.casefold() == "computeinstance" and str(inner.get("state")).casefold() in _STOPPED:
            problem = f"the compute instance is {inner['state']}"
            hint = "Start it with aml_compute_instance and state=started."
        elif kind.casefold() == "amlcompute" and (inner.get("scaleSettings") or {}).get("maxNodeCount") == 0:
            problem, hint = "it can have no nodes", "Set max_instances of the cluster to 1 or more."
        if problem:
            raise ComputeCannotRunJobs(
                f"A job cannot run on compute target {self.compute.name!r}: {problem}.",
                details={"compute_type": kind, "provisioning_state": state},
                target=self.compute.id,
                hint=hint,
            )

    def _earlier(self, compute: Body) -> tuple[Body | None, str]:
        """The check that counts or is not over, if there is one; and the name of a new one."""
        query = {"jobType": "Command", "tag": TAG}
        found = self.client.list(
            f"{self.workspace.id}/jobs", self.api_version, params=query, malformed=self.task.malformed.append
        )
        jobs = list(each(found, _checked, self.task.malformed.append))
        same = sorted((job for job in jobs if self._is_same(job)), key=_created)
        if same and self._counts(same[-1], compute):
            return same[-1], ""
        prefix = f"check-{self.compute.name}-"
        pattern = re.compile(re.escape(prefix) + r"(\d{1,9})\Z")
        numbers = [int(match[1]) for match in map(pattern.match, (job["name"] for job in jobs)) if match]
        first = max(numbers, default=0) + 1
        # A list may not show what was created a moment ago, and never shows what is archived.
        for number in range(first, first + _MOST_NAMES):
            job = self._read(f"{prefix}{number}")
            if job is None:
                return None, f"{prefix}{number}"
            if self._is_same(job) and self._counts(job, compute):
                return job, ""
        raise JobCheckFailed(
            f"No job was started, because the names from {prefix}{first} to {prefix}{number} are taken.",
            target=self.compute.id,
            hint="Delete the archived checks of this compute target.",
        )

    def _is_same(self, job: Body) -> bool:
        own = {"computeId": self.compute.id, "environmentId": self.environment, "command": self.params["command"]}
        properties = job.get("properties") or {}
        return all(str(properties.get(name)).casefold() == value.casefold() for name, value in own.items())

    def _counts(self, job: Body, compute: Body) -> bool:
        """Whether a check is not over, or completed recently enough, and since this compute target exists."""
        created = _created(job)
        if created < _seconds((compute.get("properties") or {}).get("createdOn")):
            return False
        status = _status(job)
        ended = _seconds(_facts(job).get("EndTimeUtc")) or created
        return status not in TERMINAL or (status == COMPLETED and self.now() - ended < self.params["max_age"])

    # --- the job ---

    def _id(self, name: str) -> str:
        return f"{self.workspace.id}/jobs/{name}"

    def _read(self, name: str) -> Body | None:
        body = self.client.find(self._id(name), self.api_version)
        return None if body is None else _checked(body)

    def _start(self, name: str) -> Body:
        job_id = self._id(name)
        self.task.events.start(job_id, "create")
        properties = {
            "jobType": "Command",
            "displayName": name,
            "experimentName": self.params["experiment_name"],
            "computeId": self.compute.id,
            "command": self.params["command"],
            "environmentId": self.environment,
            "resources": {"instanceCount": 1},
            "limits": {"jobLimitsType": "Command", "timeout": f"PT{self.timeout}S"},
            "tags": {TAG: self.compute.name},
        }
        try:
            with all_foreseen():
                body = self.client.put(job_id, self.api_version, {"properties": properties}).body
                return _checked(body) if body else {"id": job_id, "name": name}
        except AmlError as error:
            error.changed = error.may_be_accepted
            error.target = error.target or job_id
            raise

    def _wait(self, job: Body, *, seen: bool) -> Body:
        """The job when it is over. WaitTimeout if the time is over first, JobCheckFailed if the job did not complete.

        seen  whether a read has shown the job
        """
        deadline = Deadline(float(self.params["wait_timeout"]), self.clock)
        name, pauses = job["name"], iter(_PAUSES)
        self.task.events.about(self._id(name))
        pause = _PAUSES[0]
        while (status := _status(job)) not in TERMINAL:
            if not deadline.remaining:
                raise self._timeout(job, deadline)
            self.task.events.state(status)
            pause = self.params["wait_interval"] or next(pauses, pause)
            self.sleep(min(pause, deadline.remaining))
            latest = self._read(name)
            if latest is None and seen:
                raise self._failed(job, f"The job {name!r} was deleted while it was {status}.")
            # Until it was read once, a read may be older than the job.
            job, seen = latest or job, seen or latest is not None
        if status != COMPLETED:
            raise self._failed(job, f"The job {name!r} on compute target {self.compute.name!r} ended as {status}.")
        return job

    def _timeout(self, job: Body, deadline: Deadline) -> WaitTimeout:
        status, nodes = _status(job), self._nodes()
        what = f"The job {job['name']!r} on compute target {self.compute.name!r}"
        problem = nodes["message"] if status in _WAITS_FOR_NODES else ""
        error = WaitTimeout(
            f"Waited {deadline.elapsed:.0f} s for {what[0].lower()}{what[1:]} to complete; its status is {status}.{problem}",
            details={"what": what, "state": status, "elapsed": round(deadline.elapsed, 1), "nodes": nodes["facts"]},
            target=job["id"],
            hint="The job was not cancelled: run the same task again to continue waiting for it, or raise wait_timeout.",
        )
        error.result = {"job": self._project(job)}
        return error

    def _failed(self, job: Body, message: str) -> JobCheckFailed:
        shown, nodes = self._project(job), self._nodes()
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
        return _about_nodes((compute.get("properties") or {}).get("properties") or {})

    # --- the result ---

    def _result(self, changed: bool, job: Result, diff: Result) -> Result:
        return {"changed": changed, "job": job, "diff": diff}

    def _diff(self, name: str | None) -> Result:
        header = f"job {name}" if name else ""
        after = {"compute": self.compute.name, "command": self.params["command"], "environment": self.environment}
        return {"before": {}, "after": after if name else {}, "before_header": header, "after_header": header}

    def _planned(self, name: str) -> Result:
        own = {"experimentName": self.params["experiment_name"], "command": self.params["command"]}
        properties = {**own, "environmentId": self.environment, "status": None}
        return self._project({"id": self._id(name), "name": name, "properties": properties})

    def _project(self, job: Body) -> Result:
        properties, facts = job.get("properties") or {}, _facts(job)
        created = (job.get("systemData") or {}).get("createdAt")
        start, end = _seconds(facts.get("StartTimeUtc")), _seconds(facts.get("EndTimeUtc"))
        studio = ((properties.get("services") or {}).get("Studio") or {}).get("endpoint")
        return {
            "id": job["id"],
            "name": job["name"],
            "compute": self.compute.name,
            "command": properties.get("command"),
            "environment": properties.get("environmentId"),
            "experiment_name": properties.get("experimentName"),
            "status": properties.get("status"),
            "created_at": created,
            "started_at": _iso(start),
            "ended_at": _iso(end),
            "queue_seconds": max(0, round(start - _seconds(created))) if start and created else None,
            "duration_seconds": max(0, round(end - start)) if start and end else None,
            "studio_url": studio,
        }


def _about_nodes(inner: Body) -> dict[str, t.Any]:
    names = {"allocationState": "allocation_state", "currentNodeCount": "current", "targetNodeCount": "target"}
    facts = {ours: inner[theirs] for theirs, ours in names.items() if inner.get(theirs) is not None}
    errors = [text for error in service_errors(inner.get("errors")) if (text := _told(error))]
    message = ""
    if "current" in facts:
        message = f" The cluster has {facts['current']} nodes. Its allocation state is {facts.get('allocation_state')}."
    if errors:
        facts["errors"] = errors
        message += f" It reports: {'; '.join(errors)}"
    return {"facts": facts, "message": message}


def _told(error: Body) -> str:
    return ": ".join(str(part) for part in (error["code"], error["message"]) if part)


def _checked(body: t.Any) -> Body:
    checked: Body = shape.check(body, _JOB, "the job")
    return checked


def _status(job: Body) -> str:
    return str((job.get("properties") or {}).get("status"))


def _facts(job: Body) -> t.Mapping[str, t.Any]:
    return (job.get("properties") or {}).get("properties") or {}


def _created(job: Body) -> float:
    return _seconds((job.get("systemData") or {}).get("createdAt"))


def _seconds(stamp: t.Any) -> float:
    """Seconds since the epoch of a time as the service writes it, in UTC unless it says otherwise; 0 where there is none."""
    try:
        moment = datetime.datetime.fromisoformat(str(stamp))
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _iso(seconds: float) -> str | None:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None
