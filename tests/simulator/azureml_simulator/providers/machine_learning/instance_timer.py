# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What starts and stops an instance by itself: its schedules and its idle time, on the simulated clock.

Rules [D, docs/coverage.md CI9, CI10]: a schedule acts at its moments; an idle instance stops after its idle time,
with a managed identity only if that identity has Contributor on the workspace. `load` of the configuration marks an
instance as busy (`running_nodes` of 1). Triggers of `lastOperation`: docs/facts.md a.5.

The next moment stands in the store as an operation of the simulator's own, which no address shows; one that is no
longer the latest of its instance does nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import TENANT
from azureml_simulator.http import Principal
from azureml_simulator.operations import Operation
from azureml_simulator.providers.machine_learning import nodes as node_states
from azureml_simulator.providers.machine_learning import schedules as schedule_rules
from azureml_simulator.providers.machine_learning.common import COMPUTE_TYPE, PROVIDER, SUCCEEDED, Document
from azureml_simulator.providers.machine_learning.durations import seconds_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

KIND = "instance.timer"
# (instance, "Start" or "Stop", trigger, moment)
Act = Callable[[Document, str, str, float], None]


class Timer:
    """Wakes instances up; `act` starts or stops one."""

    def __init__(self, app: App, act: Act) -> None:
        self.app, self.act = app, act
        app.operations.on_done(KIND, self._fire)

    def arm(self, doc: Document, now: float) -> None:
        """Order the next wake-up after `now`; what was ordered before is void."""
        private = self.app.store.private(doc["id"])
        private["timer"] = None
        due = self._next(doc, private, now)
        if due is not None:
            private["timer"] = str(uuid.uuid4())
            # Not by `start`: an ordered fault of the instance must not hit its timer.
            self.app.operations.update(
                Operation(
                    id=private["timer"],
                    kind=KIND,
                    provider=PROVIDER,
                    target=f"timer of {doc['id']}",
                    location=doc["location"],
                    subscription=doc["id"].split("/")[2],
                    started=now,
                    due=due,
                    data={"instance": doc["id"]},
                )
            )
        self.app.store.put(doc["id"], doc, private=private)

    def active(self, doc: Document, now: float) -> None:
        """The idle time counts from now."""
        private = self.app.store.private(doc["id"])
        private["idle_since"] = now
        self.app.store.put(doc["id"], doc, private=private)
        self.arm(doc, now)

    def _next(self, doc: Document, private: Document, now: float) -> float | None:
        times = [schedule_rules.next_due(entry, now) for entry in _entries(doc)]
        times.append(self._idle_due(doc, private))
        return min((moment for moment in times if moment is not None), default=None)

    @staticmethod
    def _idle_due(doc: Document, private: Document) -> float | None:
        inner = doc["properties"]["properties"]
        if inner["state"] != "Running" or not inner["idleTimeBeforeShutdown"]:
            return None
        return float(private["idle_since"]) + seconds_of(inner["idleTimeBeforeShutdown"])

    def _fire(self, operation: Operation) -> None:
        doc = self.app.store.get(operation.data["instance"])
        if doc is None:
            return
        private, now = self.app.store.private(doc["id"]), operation.due
        if private.get("timer") != operation.id or doc["properties"]["provisioningState"] != SUCCEEDED:
            return
        for entry in _entries(doc):
            due = schedule_rules.next_due(entry, operation.started)
            if due is not None and due <= now:
                self._do(doc, entry["action"], "Schedule", now)
        idle = self._idle_due(doc, private)
        if idle is not None and idle <= now:
            if node_states.demand(self.app, doc) or not self._may_stop(doc):
                private["idle_since"] = now
                self.app.store.put(doc["id"], doc, private=private)
            else:
                self._do(doc, "Stop", "IdleShutdown", now)
        self.arm(doc, now)

    def _do(self, doc: Document, action: str, trigger: str, now: float) -> None:
        wanted = {"Start": "Stopped", "Stop": "Running"}[action]
        inner: dict[str, Any] = doc["properties"]["properties"]
        if inner["state"] == wanted and self.app.operations.active_for(doc["id"]) is None:
            self.act(doc, action, trigger, now)

    def _may_stop(self, doc: Document) -> bool:
        identity = doc.get("identity")
        if not identity:
            return True
        users = (identity.get("userAssignedIdentities") or {}).values()
        ids = [identity.get("principalId"), *(user.get("principalId") for user in users)]
        workspace = doc["id"].rsplit("/computes/", 1)[0]
        return any(
            self.app.rbac.allowed(Principal(found, "", TENANT), f"{COMPUTE_TYPE}/write", workspace)
            for found in ids
            if found
        )


def _entries(doc: Document) -> list[Document]:
    return list((doc["properties"]["properties"]["schedules"] or {}).get("computeStartStop") or [])
