# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on the way and at the service, and what a user must then be told.

A fault is an order for the simulator (see its README), or something that is done to the world before the run and undone before the next.
"""

from __future__ import annotations

import os
import resource
import typing as t
from dataclasses import dataclass, field

from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, Azure

from ._network import AFTER, BEFORE, TERMINATED, FaultyAzure

Order = dict[str, t.Any]

# Where a fault strikes: at a request of any kind, at one that writes, at an operation that the run starts, or at the whole run.
REQUEST, WRITE, OPERATION, RUN = "request", "write", "operation", "run"
# Requests that a lasting fault meets: more than any run sends.
LASTING = 10**6
CONFLICT = "There is already an active operation submitted for this resource."
_LOCK = f"{GROUP_ID}/providers/Microsoft.Authorization/locks/keep"
_LOCKS = "2020-05-01"


@dataclass(frozen=True)
class Fault:
    """``tells``: the codes or texts of which a failure must name one. ``counts``: how often in a row it strikes."""

    name: str
    strikes: str
    order: Order = field(default_factory=dict)
    tells: tuple[str, ...] = ()
    counts: tuple[int, ...] = (1, LASTING)
    # For what is no order: how it is brought about, and how it is taken away before the next run.
    begin: t.Callable[[FaultyAzure], None] | None = None
    end: t.Callable[[FaultyAzure], None] | None = None
    # How the run itself is ended, of those of ``_network``.
    ends: str = ""
    # What the service itself reports as failed has to be made anew.
    remade: bool = False
    # The cases that it can happen to, by the beginning of their name.
    only: str = ""


def _status(name: str, status: int, *tells: str, **order: t.Any) -> Fault:
    strikes, counts = order.pop("strikes", REQUEST), (1,) if "clock" in order else (1, LASTING)
    return Fault(name, strikes, {"kind": "status", "status": status, "retry_after": None, **order}, tells, counts)


def _lock(azure: Azure) -> None:
    azure.arm("PUT", _LOCK, {"properties": {"level": "ReadOnly"}}, _LOCKS, wait=0)


def _unlock(azure: Azure) -> None:
    azure.arm("DELETE", _LOCK, None, _LOCKS, wait=0)


def _skew(azure: FaultyAzure) -> None:
    azure.token_skew = True


def _fill_disk(azure: Azure) -> None:
    """No byte can be written to any file."""
    os.environ["AML_PROGRESS_FILE"] = "/dev/full"
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def _free_disk(azure: Azure) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    del os.environ["AML_PROGRESS_FILE"]


def _block_name(azure: Azure) -> None:
    azure.arm("DELETE", azure.make_workspace("ws-new"), None)
    for what in (
        "Microsoft.Storage/storageAccounts/stwsnew",
        "Microsoft.KeyVault/vaults/kvwsnew",
        "Microsoft.Insights/components/aiwsnew",
    ):
        azure.arm(
            "DELETE",
            f"{GROUP_ID}/providers/{what}",
            None,
            "2023-07-01" if "Vault" in what else "2023-01-01" if "Storage" in what else "2020-02-02",
        )


def _free_name(azure: Azure) -> None:
    azure.arm(
        "DELETE",
        f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/ws-new?forceToPurge=true&api-version=2025-12-01",
    )


FAULTS = [
    _status("429 with Retry-After", 429, "SubscriptionRequestsThrottled", retry_after=7),
    _status("429 without Retry-After", 429, "SubscriptionRequestsThrottled"),
    _status(
        "429 until a date, server's clock 2 h behind", 429, "SubscriptionRequestsThrottled", retry_after=7, clock=-7200
    ),
    # azure-core's own retries, which azure-ai-ml goes by, take such a date by this host's clock, and the task's time is over.
    _status(
        "429 until a date, server's clock 2 h ahead",
        429,
        "SubscriptionRequestsThrottled",
        "WaitTimeout",
        retry_after=7,
        clock=7200,
    ),
    _status("500", 500, "InternalServerError"),
    _status("502", 502, "BadGateway"),
    _status("503 with Retry-After", 503, "ServiceUnavailable", retry_after=5),
    _status("503 without Retry-After", 503, "ServiceUnavailable"),
    _status("504", 504, "GatewayTimeout"),
    _status("401 in the middle", 401, "ExpiredAuthenticationToken"),
    _status("409, another operation running", 409, "Conflict", strikes=WRITE, message=CONFLICT),
    Fault("connection refused", REQUEST, tells=("ConnectionFailed", "Connection refused")),
    Fault(
        "reset before the request is taken",
        REQUEST,
        {"kind": "reset_before"},
        ("ConnectionFailed", "Connection aborted"),
    ),
    Fault(
        "reset after the request is taken", REQUEST, {"kind": "reset_after"}, ("ConnectionFailed", "Connection aborted")
    ),
    Fault("no answer", REQUEST, {"kind": "hang"}, ("ConnectionFailed", "timed out", "WaitTimeout")),
    Fault("slow body", REQUEST, {"kind": "slow_body", "seconds": 5}, (), counts=(1,)),
    Fault(
        "body slower than the read timeout",
        REQUEST,
        {"kind": "slow_body", "seconds": 500},
        ("ConnectionFailed", "timed out", "WaitTimeout"),
    ),
    Fault("truncated body, broken off", REQUEST, {"kind": "truncate"}, ("ConnectionFailed", "Connection broken")),
    Fault("truncated body, said to be whole", REQUEST, {"kind": "truncate", "whole": True}, ("UnexpectedAnswer",)),
    Fault("a proxy's page in place of the answer", REQUEST, {"kind": "content_type"}, ("UnexpectedAnswer",)),
    Fault("a proxy's page in place of the service", REQUEST, {"kind": "page"}, ("UnexpectedAnswer",)),
    Fault(
        "stale reads after a write", WRITE, {"kind": "stale_read"}, ("NotApplied", "WaitTimeout"), counts=(2, LASTING)
    ),
    Fault(
        "operation fails",
        OPERATION,
        {"kind": "failed_operation", "code": "Broken", "message": "It broke."},
        ("Broken",),
        (1,),
        remade=True,
    ),
    Fault(
        "operation is canceled", OPERATION, {"kind": "canceled_operation"}, ("OperationCanceled",), (1,), remade=True
    ),
    Fault(
        "operation never ends",
        OPERATION,
        {"kind": "endless_operation"},
        ("WaitTimeout",),
        (1,),
        end=lambda azure: azure.app.operations.release(),
    ),
    Fault(
        "operation vanishes",
        OPERATION,
        {"kind": "lost_operation"},
        ("OperationNotFound", "DeploymentOperationNotFound"),
        (1,),
    ),
    Fault(
        "Failed though the operation succeeded",
        OPERATION,
        {"kind": "failed_resource", "code": "Broken", "message": "It broke."},
        # The last, where the service would have refused it anyway: then nothing is there.
        ("Broken", "ProvisioningFailed", "ResourceDeploymentFailure", "NotApplied"),
        (1,),
        remade=True,
    ),
    Fault("SIGKILL before the request is taken", REQUEST, counts=(1,), ends=BEFORE),
    Fault("SIGKILL after the request is taken", REQUEST, counts=(1,), ends=AFTER),
    # The other modules leave SIGTERM to the system, which ends them as SIGKILL does.
    Fault(
        "SIGTERM",
        REQUEST,
        tells=("Interrupted", "the run was interrupted"),
        counts=(1,),
        ends=TERMINATED,
        only="fleet: ",
    ),
    Fault("a full disk", RUN, counts=(1,), begin=_fill_disk, end=_free_disk),
    Fault("a lock", RUN, tells=("ScopeLocked",), counts=(1,), begin=_lock, end=_unlock),
    Fault("clock of this host ahead of the tokens' time", RUN, counts=(1,), begin=_skew),
    Fault(
        "a soft-deleted name",
        RUN,
        tells=("SoftDeletedWorkspace",),
        counts=(1,),
        begin=_block_name,
        end=_free_name,
        only="workspace: create",
    ),
]
