# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``aml_operation_info`` does: one wait for many operations of earlier runs, by the addresses in their results.

Wire facts: docs/facts.md a.4 (the address is used verbatim, signature and all), b.3 (a URL that is no longer known).
"""

from __future__ import annotations

import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from .._core.client import SUCCEEDED, Operation
from .._core.errors import AmlError, WaitTimeout, all_foreseen
from .._module.result import Result
from .._module.task import Task
from .._options import specs

OPERATION_SPEC: specs.Spec = {
    "operations": {"type": "list", "elements": "str", "required": True},
    "parallelism": {"type": "int", "default": 32},
    "fail_on": {"type": "str", "default": "error", "choices": ["error", "never"]},
    **specs.IGNORED_GROUP_SPEC,
    **specs.IGNORED_WORKSPACE_SPEC,
    **specs.WAIT_SPEC,
}

UNKNOWN = "Unknown"


class OperationsFailed(AmlError):
    """At least one operation failed, or was not finished in time; all were waited for."""

    default_code = "OperationsFailed"


class _Watch:
    """All operations share one time limit, whichever of them has to queue for a thread."""

    def __init__(self, task: Task, clock: t.Callable[[], float] = time.monotonic) -> None:
        self.client = task.client
        self.events = task.events
        self.interval = task.params["wait_interval"]
        self.waits = bool(task.params["wait"])
        self.clock = clock
        self.deadline = clock() + task.params["wait_timeout"]

    def look(self, operation: Operation) -> Result:
        timeout = max(0.0, self.deadline - self.clock()) if self.waits else 0.0
        error: AmlError | None = None
        # Without its query, which may hold a signature.
        name = urlsplit(operation.url).path
        self.events.about(name)
        try:
            with all_foreseen():
                self.client.wait(operation, timeout=timeout, interval=self.interval, what="The operation")
        except WaitTimeout as late:
            # Without a wait, a running operation is a result; an operation that could not be read is a failure.
            error = late if self.waits or late.status is not None else None
        except AmlError as failed:
            error = failed
        ended = operation.status == SUCCEEDED or (error is not None and not isinstance(error, WaitTimeout))
        status = operation.status if error is None or error.code != "OperationNotFound" else UNKNOWN
        self.events.done(name, None if error is None else error.message)
        return {
            "url": operation.url,
            "status": status,
            "finished": ended,
            "failure": None if error is None else error.failure(),
        }


def wait_for_operations(task: Task) -> Result:
    """The job of ``aml_operation_info``."""
    params = task.params
    urls = list(dict.fromkeys(params["operations"]))
    # Every address before the first request: the token goes nowhere else.
    operations = [_resumed(task, url) for url in urls]
    if not operations:
        return {"changed": False, **_sum([])}
    watch = _Watch(task)
    with ThreadPoolExecutor(min(params["parallelism"], len(operations)), thread_name_prefix="operation") as pool:
        outcomes = dict(zip(urls, pool.map(watch.look, operations), strict=True))
    result = {"changed": False, **_sum([outcomes[url] for url in params["operations"]])}
    bad = [row for row in outcomes.values() if row["failure"] is not None]
    if bad and params["fail_on"] == "error":
        failure = OperationsFailed(
            f"{len(bad)} of {len(outcomes)} operations failed or were not finished: {'; '.join(row['failure']['message'] for row in bad[:5])}",
            details=bad,
            hint="The others were waited for; operations in the result has all of them.",
        )
        failure.result = result
        raise failure
    return result


def _resumed(task: Task, url: str) -> Operation:
    try:
        return task.client.resume(url)
    except AmlError as error:
        error.message = f"operations: {error.message}"
        raise


def _sum(found: list[Result]) -> Result:
    totals: dict[str, int] = {"operations": len(found), "failed": sum(item["failure"] is not None for item in found)}
    for row in found:
        totals[row["status"]] = totals.get(row["status"], 0) + 1
    return {"operations": found, "totals": totals}
