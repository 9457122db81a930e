# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a cluster on the simulated clock: they follow the scale settings and the load.

States and counters: docs/facts.md a.5 and a.6. A node prepares, then idles or runs; an idle node above the minimum
leaves when the idle time is over; a lock stops all of it (docs/coverage.md CC3). The times that a node takes to
come and go are configuration, not facts.

Nothing runs in the background: a cluster catches up when it is looked at. A change of its load counts from the last
look on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_simulator.entra.directory import stable_guid
from azureml_simulator.providers.machine_learning.common import Document, scaling_locked
from azureml_simulator.providers.machine_learning.durations import seconds_of

if TYPE_CHECKING:
    from azureml_simulator.app import App

_DUE = "ml.nodes.due"
_JOBS = "ml.nodes.jobs"
STATES = ("preparing", "running", "idle", "unusable", "leaving", "preempted")


class Pool:
    """The nodes of one cluster; `state` is its bookkeeping and is changed in place."""

    def __init__(self, app: App, doc: Document, state: dict[str, Any], demand: int) -> None:
        self.state, self.demand = state, demand
        inner = doc["properties"]["properties"]
        scale = inner["scaleSettings"]
        barred = bool(inner.get("errors"))
        self.least = 0 if barred else int(scale.get("minNodeCount") or 0)
        self.most = 0 if barred else int(scale["maxNodeCount"])
        self.idle_time = seconds_of(scale.get("nodeIdleTimeBeforeScaleDown") or "PT2M")
        self.seconds = app.config.seconds
        self.nodes: list[dict[str, Any]] = state["nodes"]

    def _in(self, *states: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes if node["state"] in states]

    @property
    def staying(self) -> list[dict[str, Any]]:
        return self._in("preparing", "idle", "running")

    @property
    def wanted(self) -> int:
        return min(self.most, max(self.least, self.demand))

    @staticmethod
    def _set(node: dict[str, Any], state: str, since: float, until: float | None = None) -> None:
        node |= {"state": state, "since": since, "until": until}
        node["runId"] = stable_guid(node["id"], str(since)) if state == "running" else None

    def _place(self, now: float) -> None:
        """Give the load its nodes and take back what it no longer needs."""
        for _time in range(self.wanted - len(self.staying)):
            slot = next(
                number for number in range(len(self.nodes) + 1) if all(node["slot"] != number for node in self.nodes)
            )
            self.nodes.append({"slot": slot, "id": f"tvm-{self.state['serial']}_{slot + 1}-{int(now)}"})
            self._set(self.nodes[-1], "preparing", now, now + self.seconds("node.prepare"))
        running, idle = self._in("running"), self._in("idle")
        for node in running[min(self.demand, self.most) :]:
            self._set(node, "idle", now)
        for node in idle[: max(0, min(self.demand, self.most) - len(running))]:
            self._set(node, "running", now)
        for node in self._in("idle")[: max(0, len(self.staying) - self.most)]:
            self._set(node, "leaving", now, now + self.seconds("node.leave"))

    def _next(self) -> float | None:
        times = [node["until"] for node in self._in("preparing", "leaving")]
        if len(self.staying) > self.least:
            times += [node["since"] + self.idle_time for node in self._in("idle")]
        if self.state["resizing_until"] is not None:
            times.append(self.state["resizing_until"])
        return min(times, default=None)

    def _pass(self, now: float) -> None:
        """What happens at one moment."""
        if self.state["resizing_until"] is not None and self.state["resizing_until"] <= now:
            self.state["resizing_until"] = None
        for node in [node for node in self._in("leaving") if node["until"] <= now]:
            self.nodes.remove(node)
        for node in [node for node in self._in("preparing") if node["until"] <= now]:
            self._set(node, "idle", now)
        surplus = len(self.staying) - max(self.least, self.wanted)
        for node in [node for node in reversed(self._in("idle")) if node["since"] + self.idle_time <= now][
            : max(0, surplus)
        ]:
            self._set(node, "leaving", now, now + self.seconds("node.leave"))

    def catch_up(self, now: float, locked: bool) -> float | None:
        """Live through the time since the last look; the answer is when there is something to do again."""
        moment = self.state["seen"]
        self.state["seen"] = now
        if not locked:
            self._place(moment)
            due = self._next()
            while due is not None and due <= now:
                moment = max(moment, due)
                self._pass(moment)
                self._place(moment)
                due = self._next()
        elif self.wanted != len(self.staying) and self.state["resizing_until"] is None:
            self.state["resizing_until"] = now
        resizing = self.state["resizing_until"] is not None or bool(self._in("preparing", "leaving"))
        if resizing != self.state["resizing"]:
            self.state |= {"resizing": resizing, "changed": moment}
        return self._next()

    def show(self, app: App, inner: Document) -> None:
        inner |= {
            "allocationState": "Resizing" if self.state["resizing"] else "Steady",
            "allocationStateTransitionTime": app.clock.iso(self.state["changed"], digits=3),
            "currentNodeCount": len(self.nodes),
            "targetNodeCount": len(self.staying),
            "nodeStateCounts": {f"{state}NodeCount": len(self._in(state)) for state in STATES},
        }


def begin(app: App, doc: Document, private: dict[str, Any], now: float) -> None:
    """A cluster is provisioned or rescaled: it resizes, even from 0 to 0 (docs/facts.md a.5)."""
    fresh = {"nodes": [], "serial": str(int(now * 1000) % 10**10), "resizing": False, "changed": now}
    state = private.setdefault("pool", fresh)
    state |= {
        "seen": now,
        "resizing_until": now + app.config.seconds("cluster.resize"),
        "resizing": True,
        "changed": now,
    }
    app.store.kv_put(_DUE, doc["id"], {"due": now, "demand": 0})
    _catch_up(app, doc, private, demand(app, doc))


def load(app: App, doc: Document) -> int:
    """The nodes that `load` of the configuration keeps busy, by id or by name."""
    entries = app.config["load"]
    if not entries:
        return 0
    wanted = {doc["id"].lower(), doc["name"].lower()}
    return sum(int(entry["running_nodes"]) for name, entry in entries.items() if name.lower() in wanted)


def demand(app: App, doc: Document) -> int:
    """The nodes that jobs ask for: those of the workspace, and the configured load."""
    return load(app, doc) + int(app.store.kv_get(_JOBS, doc["id"]) or 0)


def ask(app: App, doc: Document, number: int, at: float) -> None:
    """Jobs ask for that many nodes more, or fewer, from that moment on."""
    refresh(app, [doc])
    private = app.store.private(doc["id"])
    if "pool" in private:
        private["pool"]["seen"] = max(private["pool"]["seen"], at)
        app.store.put(doc["id"], doc, private=private)
    left = int(app.store.kv_get(_JOBS, doc["id"]) or 0) + number
    if left > 0:
        app.store.kv_put(_JOBS, doc["id"], left)
    else:
        app.store.kv_delete(_JOBS, doc["id"])
    entry = app.store.kv_get(_DUE, doc["id"])
    # Something to do now: the demand is not what it was.
    app.store.kv_put(_DUE, doc["id"], {**(entry or {"demand": -1}), "due": at})
    refresh(app, [doc])


def next_due(app: App, resource_id: str) -> float | None:
    """When the nodes of the cluster change next; None if nothing is under way."""
    entry = app.store.kv_get(_DUE, resource_id)
    return None if entry is None else entry["due"]


def running_since(app: App, doc: Document) -> list[float]:
    """Since when each running node runs, the first first."""
    pool = app.store.private(doc["id"]).get("pool") or {"nodes": []}
    return sorted(node["since"] for node in pool["nodes"] if node["state"] == "running")


def _catch_up(app: App, doc: Document, private: dict[str, Any], asked: int) -> None:
    pool = Pool(app, doc, private["pool"], asked)
    due = pool.catch_up(app.clock.now(), scaling_locked(app, doc["id"]))
    pool.show(app, doc["properties"]["properties"])
    if due is None and not asked:
        app.store.kv_delete(_DUE, doc["id"])
    else:
        app.store.kv_put(_DUE, doc["id"], {"due": due, "demand": asked})


def refresh(app: App, docs: list[Document]) -> list[Document]:
    """The clusters as they are now; only those that have something to do are touched."""
    pending = {key.lower(): entry for key, entry in app.store.kv_items(_DUE)}
    if not pending and not app.config["load"]:
        return docs
    now = app.clock.now()
    for doc in docs:
        entry, asked = pending.get(doc["id"].lower()), demand(app, doc)
        if entry is None and not asked:
            continue
        if entry and entry["demand"] == asked and (entry["due"] is None or entry["due"] > now):
            continue
        private = app.store.private(doc["id"])
        if "pool" in private:
            _catch_up(app, doc, private, asked)
            app.store.put(doc["id"], doc, private=private)
    return docs


def forget(app: App, resource_id: str) -> None:
    app.store.kv_delete(_DUE, resource_id)
    app.store.kv_delete(_JOBS, resource_id)


def due(app: App) -> list[str]:
    """The ids of the clusters that have something to do now, or whose load has changed."""
    now, loaded = app.clock.now(), app.config["load"]
    return [
        key
        for key, entry in app.store.kv_items(_DUE)
        if loaded or entry["demand"] or (entry["due"] is not None and entry["due"] <= now)
    ]


def listed(app: App, doc: Document) -> list[Document]:
    """The items of listNodes (docs/facts.md a.6): no address from outside without public node addresses."""
    public = app.config["nodes"]["public_ip_address"]
    if not doc["properties"]["properties"].get("enableNodePublicIp", True):
        public = None
    pool = app.store.private(doc["id"]).get("pool") or {"nodes": []}
    return [
        {
            "nodeId": node["id"],
            "privateIpAddress": f"10.0.{(node['slot'] + 4) // 250}.{(node['slot'] + 4) % 250}",
            "publicIpAddress": public,
            "port": app.node_port(doc["id"], node["id"]) or int(app.config["nodes"]["first_port"]) + node["slot"],
            "nodeState": node["state"],
            "runId": node["runId"],
        }
        for node in sorted(pool["nodes"], key=lambda entry: entry["slot"])
    ]
