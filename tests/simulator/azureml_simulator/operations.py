# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long-running operations on the simulated clock.

Nothing runs in the background: before each request the app settles what is due. The addresses under which a status
is shown belong to the providers, because their forms differ (docs/facts.md a.4, d.1, d.2).
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from azureml_simulator.clock import Clock
from azureml_simulator.config import Config
from azureml_simulator.store import Store

_LOG = logging.getLogger("azureml_simulator")
OperationFailure = dict[str, Any]
# Seconds that no client waits for.
_NEVER = 1e9


@dataclass(frozen=True)
class OperationPlan:
    """What the control API has ordered for an operation: one of the kinds of fault, and the error where it has one."""

    kind: str
    error: OperationFailure


@dataclass
class Operation:
    """One long-running operation. `fault` is an error that the control API has ordered for it, and `ends` its final status then.
    A `lost` operation continues, but its address answers 404."""

    id: str
    kind: str
    provider: str
    target: str
    location: str | None
    subscription: str
    status: str = "InProgress"
    error: OperationFailure | None = None
    started: float = 0.0
    due: float = 0.0
    data: dict[str, Any] = field(default_factory=dict)
    fault: OperationFailure | None = None
    ends: str = "Failed"
    lost: bool = False


Done = Callable[[Operation], OperationFailure | None]
Failed = Callable[[Operation, OperationFailure], None]


class Operations:
    """Starts operations, ends those that are due, and knows the state of each."""

    def __init__(self, store: Store, clock: Clock, config: Config) -> None:
        self._store, self._clock, self._config = store, clock, config
        self._done: dict[str, Done] = {}
        self._failed: dict[str, Failed] = {}
        self.order_fault: Callable[[str], OperationPlan | None] = lambda target: None

    def on_done(self, kind: str, handler: Done) -> None:
        """`handler(operation)` runs when the time is over; what it returns, if anything, is the operation's error."""
        self._done[kind] = handler

    def on_failed(self, kind: str, handler: Failed) -> None:
        """`handler(operation, error)` runs in place of the other one when a fault was ordered for the operation.

        Without one, the target's provisioningState becomes Failed.
        """
        self._failed[kind] = handler

    def start(
        self,
        kind: str,
        *,
        provider: str,
        target: str,
        location: str | None,
        seconds: float | None = None,
        data: dict[str, Any] | None = None,
        subscription: str,
    ) -> Operation:
        now = self._clock.now()
        span = self._config.seconds(kind) if seconds is None else seconds
        operation = Operation(
            id=str(uuid.uuid4()),
            kind=kind,
            provider=provider,
            target=target,
            location=location,
            subscription=subscription,
            started=now,
            due=now + span,
            data=data or {},
        )
        order = self.order_fault(target)
        if order is not None:
            _obey(operation, order)
        self._write(operation)
        return operation

    def get(self, operation_id: str) -> Operation | None:
        row = self._store.db.execute("SELECT doc FROM operations WHERE id=?", (operation_id.lower(),)).fetchone()
        return Operation(**json.loads(row[0])) if row else None

    def asked(self, operation_id: str) -> Operation | None:
        """As its address shows it."""
        operation = self.get(operation_id)
        return None if operation is None or operation.lost else operation

    def active_for(self, target_id: str) -> Operation | None:
        row = self._store.db.execute(
            "SELECT doc FROM operations WHERE target=? AND status='InProgress' ORDER BY seq DESC LIMIT 1",
            (_key(target_id),),
        ).fetchone()
        return Operation(**json.loads(row[0])) if row else None

    def update(self, operation: Operation) -> None:
        """Keep what a provider changed in `data`, `due` or `status`."""
        self._write(operation)

    def cancel(self, operation_id: str) -> Operation | None:
        operation = self.get(operation_id)
        if operation is not None and operation.status == "InProgress":
            operation.status = "Canceled"
            self._write(operation)
        return operation

    def settle(self) -> None:
        """Complete what is due, in the order in which it is due; one that ends may start or complete others."""
        while True:
            row = self._store.db.execute(
                "SELECT doc FROM operations WHERE status='InProgress' AND due<=? ORDER BY due, seq LIMIT 1",
                (self._clock.now(),),
            ).fetchone()
            if row is None:
                return
            operation = Operation(**json.loads(row[0]))
            try:
                with self._store.transaction():
                    self._complete(operation)
            except Exception as error:
                # A handler's defect must not stop every later request.
                _LOG.exception("operation %s of %s", operation.kind, operation.target)
                operation.status = "Failed"
                operation.error = {"code": "SimulatorDefect", "message": f"{type(error).__name__}: {error}"}
                self._write(operation)

    def release(self) -> None:
        """Let those that were never to end be due."""
        late = "SELECT doc FROM operations WHERE status='InProgress' AND due>?"
        for row in self._store.db.execute(late, (self._clock.now() + _NEVER / 2,)).fetchall():
            operation = Operation(**json.loads(row[0]))
            operation.due = self._clock.now()
            self._write(operation)

    def _complete(self, operation: Operation) -> None:
        fail = self._failed.get(operation.kind, self._mark_failed)
        if operation.fault is not None and operation.ends != "Succeeded":
            operation.error = operation.fault
            fail(operation, operation.fault)
        else:
            handler = self._done.get(operation.kind)
            operation.error = handler(operation) if handler else None
            if operation.fault is not None:
                fail(operation, operation.fault)
        latest = self.get(operation.id)
        if latest is not None and latest.status == "InProgress":
            operation.status = (
                operation.ends if operation.error and operation.fault else "Failed" if operation.error else "Succeeded"
            )
            rescheduled = latest.due > operation.due and operation.error is None
            self._write(latest if rescheduled else operation)

    def _mark_failed(self, operation: Operation, error: OperationFailure) -> None:
        doc = self._store.get(operation.target)
        if doc is not None:
            doc.setdefault("properties", {})["provisioningState"] = "Failed"
            self._store.put(operation.target, doc)

    def _write(self, operation: Operation) -> None:
        self._store.db.execute(
            "INSERT INTO operations (id, status, due, target, doc) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET status=excluded.status, due=excluded.due, doc=excluded.doc",
            (operation.id, operation.status, operation.due, _key(operation.target), json.dumps(asdict(operation))),
        )


def _obey(operation: Operation, order: OperationPlan) -> None:
    if order.kind == "lost_operation":
        operation.lost = True
    elif order.kind == "endless_operation":
        operation.due = operation.started + _NEVER
    else:
        operation.fault = order.error
        operation.ends = {"canceled_operation": "Canceled", "failed_resource": "Succeeded"}.get(order.kind, "Failed")


def _key(resource_id: str) -> str:
    return "/" + resource_id.strip("/").lower()
