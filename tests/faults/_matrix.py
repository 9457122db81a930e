# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each case under each fault at each place where it can strike, and what must hold whatever happens.

A cell is one run under a fault, one without it, and one more:

- the first ends well, or fails with a message that names the cause and says what to do;
- a failure's ``changed`` agrees with what the service's own log has of it;
- nothing is made twice, and no action is taken twice;
- the second run ends in the state to which a run without any fault leads;
- the third changes nothing and writes nothing (where already the second changed nothing, it stands for the third).
"""

from __future__ import annotations

import collections
import importlib
import re
import sqlite3
import time
import typing as t
from dataclasses import dataclass, field

from ._cases import Case
from ._faults import LASTING, OPERATION, REQUEST, RUN, WRITE, Fault
from ._network import FaultyAzure, RunEnds
from ._shared import READS, in_the_middle, is_taken, is_write, request_name, without_code, writes

# Counted in the store itself, so that what is rolled back does not count.
_COUNT_MADE = """
CREATE TABLE made (key TEXT);
CREATE TRIGGER count_made AFTER INSERT ON resources BEGIN INSERT INTO made VALUES (NEW.key); END;
"""
# Simulated seconds that nothing takes longer than: a wait is then some requests, and not fifty.
_LONGEST = 4.0
_DEPLOYMENTS = "/microsoft.resources/deployments/"
_NOT_COUNTED = (_DEPLOYMENTS, "/microsoft.authorization/locks/")

# azure-ai-ml's: the workspace's name and random letters; AKS's: the compute target's name and random numbers.
_MADE_UP = re.compile(
    r"(/storageaccounts/|/vaults/|/components/|insights/workspaces/|/managedclusters/)(?:wsnew|ws-new|wssoft|made-aks)[^/]*"
)

Made = collections.Counter[str]


@dataclass(frozen=True)
class Place:
    """Where a fault strikes: from which request, write or operation of the run on, and how often."""

    at: int
    count: int
    what: str

    def __str__(self) -> str:
        return f"{self.what}, {'lasting' if self.count == LASTING else f'{self.count} time(s)'}"


@dataclass
class Verdict:
    """What became of one cell. ``wrong`` has a sentence for each rule that was broken."""

    case: Case
    fault: Fault
    place: Place
    survived: bool = False
    killed: bool = False
    converged: bool = False
    duplicated: bool = False
    # How the run under the fault ended, and whether it says that it changed something.
    end: str = ""
    wrong: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.case.name} | {self.fault.name} | {self.place}"


class World:
    """A case's world, made once and put back before each run; and what the case does in it when nothing goes wrong."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.azure = FaultyAzure()
        seconds = {kind: min(value, _LONGEST) for kind, value in self.azure.app.config["seconds"].items()}
        self.azure.app.configure({"seconds": seconds})
        self.azure.make_workspace()
        self.options = {**case.make(self.azure), **_waits(case.module)}
        self.azure.app.store.db.executescript(_COUNT_MADE)
        self._saved = sqlite3.connect(":memory:")
        self.azure.app.store.db.backup(self._saved)
        self._time = self.azure.app.clock.now()
        clean = self.run(ok=not case.refused)
        self.sent, self.clean = list(self.azure.sent), clean
        self.made, self.actions, self.operations = self._made(), self._actions(0), self._operations()
        if not case.always and not case.refused:
            assert not self.run()["changed"], f"{case.name}: a second run changes something without any fault"
        self.state = self._state()

    def run(self, *, ok: bool | None = True) -> dict[str, t.Any]:
        return self.azure.run(self.case.module, ok=ok, **self.options)

    def close(self) -> None:
        self.azure.app.close()
        self._saved.close()

    def put_back(self) -> None:
        azure = self.azure
        self._saved.backup(azure.app.store.db)
        azure.app.store.generation += 1
        azure.app.faults.clear()
        azure.app.log.clear()
        azure.app.limits.clear()
        # Without the time that the runs before took: a run would meet what is later, and send other requests.
        azure.app.clock._real, azure.app.clock._simulated = time.time(), self._time
        azure.unreachable, azure.token_skew, azure.slept, azure.run_ends = (lambda number: False), False, 0.0, RunEnds()

    # --- what the service knows ---

    def _made(self) -> Made:
        rows = self.azure.app.store.db.execute("SELECT key FROM made")
        return collections.Counter(
            _nameless(key) for (key,) in rows if not any(header in key for header in _NOT_COUNTED)
        )

    def _actions(self, since: int) -> Made:
        """The actions that the service took."""
        log = self.azure.app.log.entries(since)
        posts = [
            request["path"].lower()
            for request in log
            if request["method"] == "POST" and 200 <= request["status"] < 300 and request.get("taken", True)
        ]
        return collections.Counter(path for path in posts if not path.endswith(READS))

    def _operations(self) -> list[str]:
        """The targets of the operations that the last run started, in their order. The course of a job is none that Resource Manager shows."""
        rows = self.azure.app.store.db.execute(
            "SELECT target FROM operations WHERE seq > ? ORDER BY seq", (self._operations_before(),)
        )
        return [row[0] for row in rows if "/jobs/" not in row[0]]

    def _operations_before(self) -> int:
        return int(self._saved.execute("SELECT COALESCE(MAX(seq), 0) FROM operations").fetchone()[0])

    def _state(self) -> collections.Counter[tuple[str, t.Any, t.Any]]:
        """All resources with their states; names that azure-ai-ml makes up do not count."""
        rows = self.azure.app.call("GET", "/_simulator/state", token=self.azure.token).body["resources"]
        found = collections.Counter[tuple[str, t.Any, t.Any]]()
        for row in rows:
            properties = row["document"].get("properties") or {}
            if _DEPLOYMENTS not in row["id"].lower():
                inner = properties.get("properties")
                found[
                    _nameless(row["id"].lower()),
                    properties.get("provisioningState"),
                    (inner or {}).get("state") if isinstance(inner, dict) else None,
                ] += 1
        return found

    # --- the places ---

    def places(self, fault: Fault) -> list[Place]:
        if not self.case.name.startswith(fault.only):
            return []
        if fault.strikes == RUN:
            return [Place(0, 1, "the whole run")]
        if fault.strikes == OPERATION:
            return [
                Place(number, 1, f"operation {number + 1}, {target.rsplit('/', 1)[-1]}")
                for number, target in enumerate(self.operations)
            ]
        positions = [number for number, request in enumerate(self.sent) if not in_the_middle(self.sent, number)]
        if fault.strikes == WRITE:
            ordered = [number for number in positions if self.sent[number] in writes(self.sent)]
            positions = list(range(len(ordered)))
            names = [self.sent[number] for number in ordered]
        else:
            names = [self.sent[number] for number in positions]
        shown = [
            request_name(number, position, fault.strikes) for number, position in zip(positions, names, strict=True)
        ]
        return [
            Place(number, count, what) for number, what in zip(positions, shown, strict=True) for count in fault.counts
        ]

    # --- a cell ---

    def strike(self, fault: Fault, place: Place) -> Verdict:
        verdict = Verdict(self.case, fault, place)
        self.put_back()
        self._begin(fault, place)
        since, before = len(self.azure.app.log.entries()), self._made()
        try:
            first = self.run(ok=None)
            verdict.end = _end_of(first)
            if first.get("killed"):
                verdict.killed = True
            else:
                self._judge(verdict, first, since)
            self._end(fault)
            self._rerun(verdict, first)
        except AssertionError as error:
            verdict.wrong.append(f"unforeseen: {str(error)[:800]}")
        self._look_for_twice(verdict, since, before)
        return verdict

    def _begin(self, fault: Fault, place: Place) -> None:
        if fault.begin is not None:
            fault.begin(self.azure)
        elif fault.ends:
            self.azure.run_ends = RunEnds(fault.ends, place.at)
        elif fault.order:
            order = {**fault.order, "skip": place.at, "count": place.count}
            if fault.strikes == WRITE and fault.order["kind"] == "status":
                order["match"] = {"method": "PUT|PATCH|POST|DELETE"}
            self.azure.app.faults.put([order])
        else:
            self.azure.unreachable = lambda number: place.at <= number < place.at + place.count

    def _end(self, fault: Fault) -> None:
        self.azure.app.faults.clear()
        self.azure.unreachable, self.azure.token_skew, self.azure.run_ends = (lambda number: False), False, RunEnds()
        if fault.end is not None:
            fault.end(self.azure)

    def _judge(self, verdict: Verdict, first: dict[str, t.Any], since: int) -> None:
        """The run under the fault: what it says, and what the service says."""
        if not first.get("failed"):
            verdict.survived = True
            if first["changed"] != self.clean["changed"]:
                verdict.wrong.append(
                    f"changed is {first['changed']}, and without the fault it is {self.clean['changed']}"
                )
            return
        if self.case.refused and first["failure"]["code"] == self.clean["failure"]["code"]:
            verdict.survived = True
        else:
            verdict.wrong += _badly_said(verdict.fault, first)
        log = [entry for entry in self.azure.app.log.entries(since) if is_write(entry["method"], entry["path"])]
        taken = [request for request in log if is_taken(request["status"]) and request.get("taken", True)]
        unclear = [request for request in log if not request.get("taken", True) and not 400 <= request["status"] < 500]
        if taken and not first["changed"]:
            verdict.wrong.append(
                f"half done and not reported: the service took {taken[0]['method']} {taken[0]['path']}"
            )
        if first["changed"] and not taken and not unclear:
            verdict.wrong.append("changed is reported, and the service took no write")

    def _rerun(self, verdict: Verdict, first: dict[str, t.Any]) -> None:
        """Without the fault: one run that converges, one that finds nothing to do."""
        second = self.run(ok=None)
        if verdict.fault.remade and self.case.leaves and self.case.leaves in second.get("msg", ""):
            # What failed is the user's to give up.
            return
        if bool(second.get("failed")) != self.case.refused:
            verdict.wrong.append(f"the next run does not converge: {second.get('msg')}")
            return
        if verdict.survived and second["changed"] and not self.case.always and not self.case.refused:
            verdict.wrong.append("the run ended well, and the next one changes something")
        if (second["changed"] or writes(self.azure.sent)) and not self.case.always and not self.case.refused:
            third = self.run(ok=None)
            if third.get("failed") or third["changed"] or writes(self.azure.sent):
                verdict.wrong.append(f"the third run is not without a change: {third.get('msg') or third.get('plan')}")
        state = self._state()
        if verdict.fault.remade and any("FailedDependent" in warning for warning in second["warnings"]):
            # It was told, and is not the task's to delete; what is below it neither.
            failed = tuple(key[0] for key in state - self.state if key[1] == "Failed")
            state -= collections.Counter({key: 1 for key in state - self.state if key[0].startswith(failed)})
        same = state == self.state
        # A run that is killed says nothing of what it leaves.
        told = verdict.killed or self.case.leaves in first.get("msg", "")
        if not same and not (self.case.leaves and told):
            verdict.wrong.append(
                f"the state differs: too much {dict(state - self.state)}, missing {dict(self.state - state)}"
            )
        verdict.converged = same and not any(text.startswith(("the next", "the third")) for text in verdict.wrong)

    def _look_for_twice(self, verdict: Verdict, since: int, before: Made) -> None:
        again = 1 if verdict.fault.remade else 0
        made = [key for key, count in (self._made() - before).items() if count > self.made[key] + again]
        runs = 2 if self.case.always else 1
        acted = [path for path, count in self._actions(since).items() if count > runs * self.actions[path] + again]
        for what in (*made, *acted):
            verdict.duplicated = True
            verdict.wrong.append(f"twice: {what}")


def _waits(module: str) -> dict[str, int]:
    """Enough for everything here; the less, the fewer looks at what never ends."""
    spec = getattr(importlib.import_module(f"ansible_collections.azureml.compute.plugins.modules.{module}"), "SPEC", {})
    return {"wait_timeout": 300} if "wait_timeout" in spec else {}


def _end_of(result: dict[str, t.Any]) -> str:
    if result.get("killed"):
        return "killed"
    how = f"failed with {result['failure']['code']}" if result.get("failed") else "succeeded"
    return f"{how}, changed {result['changed']}"


def _badly_said(fault: Fault, result: dict[str, t.Any]) -> list[str]:
    failure, wrong = result["failure"], without_code(result)
    # A fleet's failure names each target's code; the whole failure is in the target's entry.
    codes, text = _codes([failure, result.get("targets"), result.get("undeclared")]), f"{result['msg']} {failure}"
    if not any(tell in codes or (" " in tell and tell in text) for tell in fault.tells):
        wrong.append(
            f"the cause ({' or '.join(fault.tells) or 'none'}) is not told, but {sorted(codes)}: {result['msg']}"
        )
    if not failure["hint"]:
        wrong.append(f"nothing is said of what to do ({failure['code']}): {result['msg']}")
    return wrong


def _codes(value: t.Any) -> set[str]:
    """All codes of a failure, those of its details too."""
    own = {str(value["code"])} if isinstance(value, dict) and value.get("code") else set()
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return own.union(*map(_codes, below))


def _nameless(key: str) -> str:
    """Without the names that are made up anew each time."""
    return _MADE_UP.sub(r"\1*", key)


def cells(world: World, faults: t.Sequence[Fault]) -> t.Iterator[tuple[Fault, Place]]:
    for fault in faults:
        if fault.strikes in (REQUEST, WRITE, OPERATION, RUN):
            for place in world.places(fault):
                yield fault, place
