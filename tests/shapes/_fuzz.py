# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell: a module's run in which one value of the service's answers has another shape, and what must hold whatever it is.

- it never ends in an internal error, and what fails has the code of a failure and says what to do;
- ``changed`` agrees with what the service took: after an accepted write it is true, and the hint names the way on;
- a value inside one item of a list costs that item alone: the result still has the others.
"""

from __future__ import annotations

import copy
import json
import random
import typing as t
import zlib
from dataclasses import dataclass, field

from faults._cases import CASES, Case
from faults._matrix import World
from faults._shared import is_taken, is_write, short, without_code, writes

# In place of what the service sends; MISSING takes the place away.
MISSING = "missing"
VALUES: dict[str, t.Any] = {
    "null": None,
    "text": "text",
    "number": 7,
    "list": [1],
    "mapping": {"a": 1},
    "long text": "x" * 100_000,
    "boolean": True,
    "negative number": -1,
    "huge number": 1e300,
    MISSING: None,
}
Path = tuple[t.Any, ...]


@dataclass(frozen=True)
class Mutation:
    """``value`` (by its name) at ``path`` of each answer to this method and address, from the ``after``th write on."""

    method: str
    address: str
    path: Path
    value: str
    after: int

    def __str__(self) -> str:
        return f"{self.method} {short(self.address)}: {'.'.join(map(str, self.path)) or 'document'} = {self.value}"


@dataclass
class Cell:
    """What became of one run. ``wrong`` has a sentence for each rule that was broken."""

    case: Case
    mutation: Mutation
    failed: bool = False
    unexpected: bool = False
    internal: bool = False
    lost: bool = False
    result: dict[str, t.Any] | None = None
    wrong: list[str] = field(default_factory=list)


def places(value: t.Any, path: Path = ()) -> t.Iterator[Path]:
    """Each place of a document, the document itself first."""
    yield path
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(below, (*path, key))


def replaced(document: t.Any, path: Path, value: str) -> t.Any:
    """A copy with another value at the place; unchanged where a later answer has no such place."""
    if not path:
        return {} if value == MISSING else VALUES[value]
    changed = copy.deepcopy(document)
    inside = changed
    for key in path[:-1]:
        inside = _inside(inside, key)
    if (
        isinstance(inside, dict)
        and path[-1] in inside
        or isinstance(inside, list)
        and isinstance(path[-1], int)
        and path[-1] < len(inside)
    ):
        if value == MISSING:
            del inside[path[-1]]
        else:
            inside[path[-1]] = VALUES[value]
    return changed


def _inside(value: t.Any, key: t.Any) -> t.Any:
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


def _names(result: dict[str, t.Any], name: str) -> bool:
    """Whether the result has a value of this name, or a fleet's table a line of a target named so.

    A fleet that fails returns the failed targets one by one; what was done with the others stands in its table only.
    """
    lines = result.get("table") or []
    return f'"{name}"' in json.dumps(result) or any(f"/{name} " in line for line in lines)


# Mappings whose keys are names.
_NAMED = frozenset(
    {"parameters", "tags", "outboundRules", "userAssignedIdentities", "environmentVariables", "instanceTypes"}
)


def _kind_of(path: Path) -> Path:
    return tuple("*" if isinstance(key, int) or (at and path[at - 1] in _NAMED) else key for at, key in enumerate(path))


def _type_of(address: str) -> str:
    """The type of what is at an address, or the action: .../computes and .../computes/NAME are of one type."""
    parts = address.strip("/").split("/")
    return parts[-1 if len(parts) % 2 else -2].casefold()


class Fuzzed:
    """A case's world whose answers can be changed on their way to the module."""

    def __init__(self, case: Case) -> None:
        self.case, self.world = case, World(case)
        self.mutation: Mutation | None = None
        self.answers: list[tuple[str, str, t.Any, int]] = []
        self.written = 0
        self._handle = self.world.azure.app.handle
        self.world.azure.app.handle = self._answer  # type: ignore[method-assign]
        self.world.put_back()
        self.clean = self._run()
        self.known = self.answers

    def close(self) -> None:
        self.world.close()

    def _answer(self, request: t.Any) -> t.Any:
        answer, written = self._handle(request), self.written
        self.written += is_write(request.method, request.path) and is_taken(answer.status)
        if (
            not request.path.startswith("/subscriptions")
            or not isinstance(answer.body, (dict, list))
            or answer.raw is not None
        ):
            return answer
        self.answers.append((request.method, request.path, answer.body, written))
        mutation = self.mutation
        if (
            mutation is not None
            and (request.method, request.path) == (mutation.method, mutation.address)
            and written >= mutation.after
        ):
            answer = copy.copy(answer)
            answer.raw = json.dumps(replaced(answer.body, mutation.path, mutation.value)).encode()
        return answer

    def _run(self) -> dict[str, t.Any]:
        self.answers, self.written = [], 0
        return self.world.run(ok=None)

    def mutations(self, values: int = len(VALUES), seed: int = 0) -> list[Mutation]:
        """At each kind of place, once before any write and once after one, so many of the values.

        The items of a list, what has names of its own, and the resources of a type are one kind of place: which of them has the value is drawn. Which
        values come first turns with the case, so that the cases of a module try different ones.
        """
        kinds: dict[tuple[t.Any, ...], set[tuple[t.Any, ...]]] = {}
        for method, address, body, written in self.known:
            for path in places(body):
                kind = (method, _type_of(address), _kind_of(path), bool(written))
                kinds.setdefault(kind, set()).add((method, address, path, written))
        names, turn = list(VALUES), CASES.index(self.case) * values + seed * len(CASES)
        found = []
        for kind, own in kinds.items():
            chance = random.Random(f"{kind} {seed}")
            first = turn + zlib.crc32(repr(kind).encode())
            for number in range(values):
                method, address, path, written = chance.choice(sorted(own, key=repr))
                found.append(Mutation(method, address, path, names[(first + number) % len(names)], written))
        return found

    def strike(self, mutation: Mutation) -> Cell:
        cell = Cell(self.case, mutation)
        self.world.put_back()
        self.mutation = mutation
        try:
            result = self._run()
        except Exception as error:  # an assertion of the harness against internal errors, or what has no result at all
            cell.failed = cell.internal = True
            cell.wrong.append(f"internal error: {str(error).strip().splitlines()[-1][:300]}")
            return cell
        finally:
            self.mutation = None
        cell.result, cell.failed = result, bool(result.get("failed"))
        if cell.failed:
            self._judge(cell, result)
        self._look_for_others(cell, result)
        return cell

    def _judge(self, cell: Cell, result: dict[str, t.Any]) -> None:
        failure = result["failure"]
        cell.unexpected = "UnexpectedAnswer" in json.dumps(failure)
        if "InternalError" in json.dumps(result):
            cell.internal = True
            cell.wrong.append(f"internal error inside the result: {result['msg'][:300]}")
        cell.wrong += without_code(result)
        taken = [write for write in writes(self.world.azure.sent) if is_taken(write.status)]
        if taken and not result["changed"]:
            cell.wrong.append(f"changed is false, and the service took {taken[0].method} {taken[0].path}")
        if taken and failure["code"] == "UnexpectedAnswer" and "run the same task again" not in (failure["hint"] or ""):
            cell.wrong.append(f"the way on is not said: {failure['hint']}")

    def _look_for_others(self, cell: Cell, result: dict[str, t.Any]) -> None:
        """The names of the other items of a list, which the clean result has and this one must still have."""
        path = cell.mutation.path
        if len(path) < 2 or path[0] != "value" or not isinstance(path[1], int):
            return
        body = next(name[2] for name in self.known if name[:2] == (cell.mutation.method, cell.mutation.address))
        names = [
            item.get("name")
            for number, item in enumerate(body["value"])
            if number != path[1] and isinstance(item, dict)
        ]
        missing = [
            name for name in names if isinstance(name, str) and _names(self.clean, name) and not _names(result, name)
        ]
        if missing:
            cell.lost = True
            cell.wrong.append(f"lost: {', '.join(missing[:3])}: {result.get('msg', 'no failure')[:200]}")
