# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command job on a compute target: what ``aml_job_check`` may be asked for, the document of a job, what it says, and which jobs are the same check.

Sources: ARM types of 2025-12-01 (CommandJob, JobStatus); docs/facts.md j (states, times, the filter of the list).
"""

from __future__ import annotations

import datetime
import re
import typing as t
from dataclasses import dataclass

from .._core import canon, shape
from .._core.arm_id import Target
from .._core.findings import Finding, Findings
from .._engine import rules
from .._engine.kind import Body, service_errors

# By which the checks of a compute target are found in a list.
TAG = "aml_job_check"
# Seconds that a job may run, after which the service cancels it.
JOB_TIMEOUT = 600
COMPLETED = "Completed"
TERMINAL = (COMPLETED, "Failed", "Canceled")
# Before the command: the service prepares the image, or the job waits for a node.
WAITS_FOR_NODES = ("Queued", "NotStarted", "Starting", "Provisioning", "Preparing")

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


def check_values(params: t.Mapping[str, t.Any]) -> Findings:
    """What is wrong with the options of a check."""
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


@dataclass(frozen=True)
class CommandJob:
    """The job of a check: one command on one compute target. ``timeout`` is in seconds."""

    compute: Target
    command: str
    environment: str
    experiment_name: str
    timeout: int

    @property
    def environment_id(self) -> str:
        match = _IN_WORKSPACE.match(self.environment)
        if match is None:
            return self.environment
        return f"{self.compute.parent_id}/environments/{match['name']}/versions/{match['version']}"

    @property
    def prefix(self) -> str:
        """What the names of all checks of the compute target begin with; a number follows."""
        return f"check-{self.compute.name}-"

    def next_number(self, jobs: t.Iterable[Body]) -> int:
        """The number of a new check, as far as the jobs of a list say."""
        pattern = re.compile(re.escape(self.prefix) + r"(\d{1,9})\Z")
        numbers = [int(match[1]) for match in map(pattern.match, (job["name"] for job in jobs)) if match]
        return max(numbers, default=0) + 1

    def id_of(self, name: str) -> str:
        return f"{self.compute.parent_id}/jobs/{name}"

    def body(self, name: str) -> Body:
        """The document of a new job."""
        return {
            "properties": {
                "jobType": "Command",
                "displayName": name,
                "experimentName": self.experiment_name,
                "computeId": self.compute.id,
                "command": self.command,
                "environmentId": self.environment_id,
                "resources": {"instanceCount": 1},
                "limits": {"jobLimitsType": "Command", "timeout": f"PT{self.timeout}S"},
                "tags": {TAG: self.compute.name},
            }
        }

    def is_same(self, job: Body) -> bool:
        """Whether a job runs the same command in the same environment on the compute target."""
        own = {"computeId": self.compute.id, "environmentId": self.environment_id}
        properties = job.get("properties") or {}
        same = all(canon.arm_id(properties.get(name)) == canon.arm_id(value) for name, value in own.items())
        # Unlike an id, a command of another case is another one.
        return same and properties.get("command") == self.command

    def planned(self, name: str) -> Body:
        """The job in check mode."""
        own = {"experimentName": self.experiment_name, "command": self.command}
        return {
            "id": self.id_of(name),
            "name": name,
            "properties": {**own, "environmentId": self.environment_id, "status": None},
        }

    def diff(self, name: str | None) -> dict[str, t.Any]:
        """The diff of a task that starts the job of this name, or none."""
        header = f"job {name}" if name else ""
        after = {"compute": self.compute.name, "command": self.command, "environment": self.environment_id}
        return {"before": {}, "after": after if name else {}, "before_header": header, "after_header": header}

    def project(self, job: Body) -> dict[str, t.Any]:
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


def counts(job: Body, compute: Body, *, now: float, max_age: int) -> bool:
    """Whether a check is not over, or completed recently enough (seconds), and since this compute target exists. ``now`` is in seconds since the epoch."""
    created = created_at(job)
    if created < _seconds((compute.get("properties") or {}).get("createdOn")):
        return False
    state = status(job)
    ended = _seconds(_facts(job).get("EndTimeUtc")) or created
    return state not in TERMINAL or (state == COMPLETED and now - ended < max_age)


def about_nodes(inner: Body) -> dict[str, t.Any]:
    """What the properties of a compute target say about its nodes, as ``facts`` and as a sentence, the ``message``."""
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


def checked(body: t.Any) -> Body:
    """A job as the service sent it, if it has the shape of one."""
    valid: Body = shape.check(body, _JOB, "the job")
    return valid


def status(job: Body) -> str:
    return str((job.get("properties") or {}).get("status"))


def _facts(job: Body) -> t.Mapping[str, t.Any]:
    return (job.get("properties") or {}).get("properties") or {}


def created_at(job: Body) -> float:
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
