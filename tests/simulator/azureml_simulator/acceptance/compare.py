# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replays a recording on the simulator: where it differs, fact by fact, and which guesses the recording settles.

A guess is settled by experiment: the recording is replayed with each of its values, and the facts that change with it show which value the service has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from azureml_simulator.acceptance.guesses import BY_PATH, GUESSES, Guess, change, leaves
from azureml_simulator.acceptance.masks import GROUP
from azureml_simulator.acceptance.record import FORMAT, Recorder, masks_for
from azureml_simulator.acceptance.walk import Call
from azureml_simulator.app import App
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT
from azureml_simulator.store import type_of

Facts = dict[str, Any]
_GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_HEX = re.compile(r"^0{16}(0{16})?$")
_ABSENT = "absent"
_RUNNING = "operation while it runs"
# What varies from day to day, from region to region, or from subscription to subscription.
_LISTS = ("reading.sizes", "reading.usages", "reading.quotas", "workspace.features")
_VARIABLE = (
    "templateHash",
    "duration",
    "correlationId",
    "resourceGuid",
    "etag",
    "subnetAddressPrefix",
    "fqdn",
    "systemData",
)
_STEP_SECONDS = 30.0


class RecordingError(Exception):
    """A file is not a recording."""


def read(path: Path) -> dict[str, Any]:
    """A recording. Raises RecordingError."""
    try:
        recording = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path} cannot be read as a recording: {error}.") from error
    if not isinstance(recording, dict) or recording.get("format") != FORMAT:
        raise RecordingError(f"{path} is not a recording of the format {FORMAT}.")
    return recording


def facts(exchanges: list[dict[str, Any]]) -> Facts:
    """What each exchange shows, in a form that does not depend on the run."""
    return {f"{entry['name']}: {fact}": value for entry in exchanges for fact, value in _facts_of(entry)}


def _facts_of(exchange: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    answer, polls = exchange.get("answer"), exchange["polls"]
    if answer is not None:
        yield "status", answer["status"]
        yield from ((f"header {header}", value) for header, value in answer["headers"].items())
        leaves_of_body = _leaves(answer["body"], exchange["name"] in _LISTS)
        yield from ((f"body.{path}" if path == "status" else path, value) for path, value in leaves_of_body)
    yield from _facts_of_polls(polls)


def _facts_of_polls(polls: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    states = [_state(poll) for poll in polls if not poll.get("location")]
    if states:
        yield "operation", states[-1]
        # How many polls see it run depends on how fast the service is, and on who asks.
        running = [state for state in states if state != states[-1]]
        if running:
            yield _RUNNING, running[-1]
    for poll in polls:
        if _is_telling(poll):
            lead = "Location" if poll.get("location") else "operation"
            yield f"{lead} status", poll["status"]
            yield from ((f"{lead} {path}", value) for path, value in _leaves(poll["body"], False))


def _is_telling(poll: dict[str, Any]) -> bool:
    """Whether the body of a poll is a fact: that of a Location's answer or of a failure."""
    return bool(poll.get("location")) or poll["status"] >= 400 or _state(poll) in ("Failed", "Canceled")


def _state(poll: dict[str, Any]) -> str:
    body = poll["body"]
    return str(body["status"]) if isinstance(body, dict) and "status" in body else str(poll["status"])


def _leaves(value: Any, types_only: bool, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _VARIABLE:
                yield from _leaves(item, types_only, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _leaves(value[0], types_only, f"{path}[]")
    elif path or value is not None:
        yield path or "body", type(value).__name__ if types_only else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps([_plain(item) for item in value])
    if not isinstance(value, str):
        return value
    for pattern, name in ((_GUID, "<guid>"), (_TIME, "<time>"), (_HEX, "<hex>")):
        if pattern.search(value):
            return name
    return re.sub(r"99999999-0000-4000-8000-\d{12}", "<guid>", value)


class Replay:
    """Sends the requests of a recording to a simulator of its own, as often as asked."""

    def __init__(self, recording: dict[str, Any]) -> None:
        self.recording = recording
        self.app = App()
        self.defaults = leaves(self.app.config["guesses"])

    def run(self, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The exchanges of one replay with these changes of the configuration."""
        app = self.app
        app.reset()
        app.configure({"clock": {"speed": 0.0}})
        for changed in changes:
            app.configure(changed)
        group = f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{GROUP}"
        location = self.recording["location"]
        app.call("PUT", f"{group}?api-version=2021-04-01", {"location": location})
        for target in self.recording["targets"].values():
            document = {"id": target, "name": "target", "type": type_of(target), "location": location}
            app.store.put(target, {**document, "properties": {"provisioningState": "Succeeded"}})
        masks = masks_for(DEFAULT_SUBSCRIPTION, TENANT, "", "", {})
        recorder = Recorder(app.call, app.clock.advance, {}, masks, now=app.clock.now, interval=_STEP_SECONDS)
        for exchange in self.recording["exchanges"]:
            asked = exchange["request"]
            call = Call(
                exchange["name"], asked["method"], asked["path"], asked.get("body"), asked["version"], asked["follow"]
            )
            recorder.exchange(call, "", patience=7200)
        return recorder.exchanges

    def facts(self, *changes: dict[str, Any]) -> Facts:
        return facts(self.run(list(changes)))


@dataclass(frozen=True)
class Difference:
    """A fact that the simulator does not show as it was recorded."""

    fact: str
    recorded: Any
    simulated: Any


@dataclass(frozen=True)
class Verdict:
    """What a recording says of a guess: `value` is the service's, None where it does not say. `facts` show it."""

    guess: str
    default: Any
    value: Any
    facts: tuple[str, ...]

    @property
    def settled(self) -> bool:
        return self.value is not None

    @property
    def other(self) -> bool:
        return self.settled and self.value != self.default


@dataclass(frozen=True)
class Comparison:
    differences: list[Difference]
    same: int
    not_compared: int
    verdicts: list[Verdict]


def compare(recording: dict[str, Any], only: Collection[str] | None = None) -> Comparison:
    """Replay a recording. `only`: these guesses, all by default."""
    replay = Replay(recording)
    recorded, base = facts(recording["exchanges"]), replay.facts()
    names = sorted({*recorded, *base}, key=list({**recorded, **base}).index)
    pairs = [Difference(name, _at(recorded, name), _at(base, name)) for name in names]
    unlike = [entry for entry in pairs if entry.recorded != entry.simulated]
    # Where the status differs, the whole body does.
    refused = {entry.fact.partition(": ")[0] for entry in unlike if entry.fact.endswith(": status")}
    differences = [entry for entry in unlike if _tells(entry, refused)]
    judged = GUESSES if only is None else [BY_PATH[path] for path in only]
    verdicts = [_judge(replay, guess, recorded, base) for guess in judged]
    return Comparison(differences, len(pairs) - len(unlike), len(unlike) - len(differences), verdicts)


def _tells(entry: Difference, refused: set[str]) -> bool:
    """Whether a difference says something that another does not say; whether a poll saw an operation run is chance."""
    name, _colon, fact = entry.fact.partition(": ")
    if fact == _RUNNING and _ABSENT in (entry.recorded, entry.simulated):
        return False
    return name not in refused or fact in ("status", "error.code", "error.message") or fact.startswith("header")


def _judge(replay: Replay, guess: Guess, recorded: Facts, base: Facts) -> Verdict:
    default = replay.defaults[guess.path]
    others = [(value, replay.facts(change(guess.path, value))) for value in guess.others]
    if guess.free:
        return _judge_free(guess, default, recorded, base, others[0][1])
    touched = _touched([base, *(replayed for _value, replayed in others)])
    scores = [(_score(touched, recorded, replayed), value) for value, replayed in ((default, base), *others)]
    best = max(score for score, _value in scores)
    winners = [value for score, value in scores if score == best]
    # Two values that explain the same facts leave the guess open, and so does a recording that no value explains.
    settled = winners[0] if best and len(winners) == 1 else None
    return Verdict(guess.path, default, settled, tuple(touched))


def _touched(replays: list[Facts]) -> list[str]:
    """The facts that are not the same in all replays."""
    names = dict.fromkeys(name for replayed in replays for name in replayed)
    return [name for name in names if any(_at(replays[0], name) != _at(replayed, name) for replayed in replays)]


def _score(names: list[str], recorded: Facts, replayed: Facts) -> int:
    return sum(_at(recorded, name) == _at(replayed, name) for name in names)


def _was_accepted(default: Any, seen: Any) -> bool:
    """Whether the recording has a success where the guess is the status of a refusal: it does not show how something is refused."""
    return isinstance(default, int) and isinstance(seen, int) and seen < 400 <= default


def _judge_free(guess: Guess, default: Any, recorded: Facts, base: Facts, probed: Facts) -> Verdict:
    """The value is what was recorded where the probe is seen."""
    probe = str(guess.others[0])
    places = [name for name, value in probed.items() if probe in str(value) and _at(base, name) != value]
    seen = [_at(recorded, name) for name in places if _at(recorded, name) != _ABSENT]
    if not seen or _was_accepted(default, seen[0]):
        return Verdict(guess.path, default, None, tuple(places))
    same = all(_at(recorded, name) == _at(base, name) for name in places)
    return Verdict(guess.path, default, default if same else seen[0], tuple(places))


def _at(facts_of_run: Facts, name: str) -> Any:
    return facts_of_run.get(name, _ABSENT)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as a JSON object."""
    return {
        "same": comparison.same,
        "not_compared": comparison.not_compared,
        "differences": [asdict(difference) for difference in comparison.differences],
        "guesses": [{**asdict(verdict), "settled": verdict.settled} for verdict in comparison.verdicts],
    }


def lines(comparison: Comparison) -> Iterator[str]:
    """The comparison as text."""
    more = f", {comparison.not_compared} are not compared" if comparison.not_compared else ""
    yield f"{comparison.same} facts are as recorded, {len(comparison.differences)} differ{more}."
    for difference in comparison.differences:
        yield f"- {difference.fact}: recorded {difference.recorded!r}, simulated {difference.simulated!r}"
    yield ""
    yield from _guess_lines(comparison.verdicts)


def _guess_lines(verdicts: list[Verdict]) -> Iterator[str]:
    other = [verdict for verdict in verdicts if verdict.other]
    confirmed = [verdict for verdict in verdicts if verdict.settled and not verdict.other]
    unseen = [verdict.guess for verdict in verdicts if not verdict.settled]
    yield (
        f"Guesses: {len(other)} are wrong, {len(confirmed)} are confirmed, {len(unseen)} are not settled by this recording."
    )
    for verdict in other:
        yield f"- {verdict.guess} is {verdict.value!r}, and not {verdict.default!r} ({verdict.facts[0]})"
    for verdict in confirmed:
        yield f"- {verdict.guess} is {verdict.value!r}, as guessed ({verdict.facts[0]})"
    if unseen:
        yield f"- not settled: {', '.join(unseen)}"
