# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the calls of a walk, follows their operations, and keeps what was answered.

A recording is a JSON object: `format`, `made`, `against`, `location`, `targets`, and `exchanges`. Each of these has the call's `name`, the `request`, the
`answer`, and the `polls` of its operation. It can be replayed: what was the user's is masked (`masks`), and of the headers only those stay that clients act
on.
"""

from __future__ import annotations

import copy
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from azureml_simulator.acceptance.masks import GROUP, Masks
from azureml_simulator.acceptance.walk import POLL, STEPS, UNSIGNED, Call, Step
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT
from azureml_simulator.http import Headers

FORMAT = 1
# What a recording is `against`, if not a simulator.
AZURE = "Azure"
_SIGNATURE = ("t", "c", "s", "h")
# How the names begin of what the walk attaches.
_ATTACHED = ("acc-kubernetes", "acc-databricks", "acc-datafactory", "acc-datalake", "acc-v-")
_DELETION_SECONDS = 1800
# What the walk itself sends.
_WORDS = frozenset(re.findall(r"[\w-]+", repr(STEPS).lower()))
_TERMINAL = ("Succeeded", "Failed", "Canceled")
_OPERATIONS = ("Azure-AsyncOperation", "Location")
# Items of a list beyond these say nothing more about its shape.
_MOST_ITEMS = 2


class Answer(Protocol):
    """What is needed of an answer."""

    status: int
    headers: Any
    body: Any


# Method, address (a path or an address of the service with its query), body.
Send = Callable[[str, str, Any], Answer]


@dataclass
class Recorder:
    """One walk. `send` reaches the service, `sleep` waits, `say` reports progress. `values` are those of the placeholders."""

    send: Send
    sleep: Callable[[float], None]
    values: dict[str, str]
    masks: Masks
    say: Callable[[str], None] = lambda text: None
    now: Callable[[], float] = time.monotonic
    interval: float = 10.0
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    _headers: dict[str, Headers] = field(default_factory=dict)

    def walk(self, steps: Iterable[Step], targets: dict[str, str] | None = None) -> None:
        for step in steps:
            self.say(f"{step.name}: {step.title} (about {step.minutes} min)")
            target = (targets or {}).get(step.target, "")
            for call in step.calls:
                self.exchange(call, target, patience=step.minutes * 60 * 4 + 300)

    def exchange(self, call: Call, target: str, patience: float) -> None:
        """Send a call and keep the exchange."""
        polls: list[dict[str, Any]] = []
        request: dict[str, Any] = {
            "method": call.method,
            "path": call.path,
            "version": call.version,
            "follow": call.follow,
        }
        if call.method == POLL:
            polls = list(self._follow(self._headers.get(call.path, Headers()), patience))
            answer = None
        elif call.method == UNSIGNED:
            address = self._headers.get(call.path, Headers()).get("Azure-AsyncOperation", "")
            answer = self.send("GET", unsigned(address), None) if address else None
        else:
            path = self._filled(call.path, target)
            body = self._filled(copy.deepcopy(call.body), target)
            request |= {"path": path, "body": body}
            resource = path.partition("?")[0]
            if call.makes and self._is_new(resource, call.version):
                self.made.append((resource, call.version))
            address = f"{path}{'&' if '?' in path else '?'}api-version={call.version}"
            answer = self.send(call.method, address, body)
            headers = Headers(dict(answer.headers))
            self._headers[call.name] = headers
            if call.follow and call.method != "GET":
                polls = list(self._follow(headers, patience))
        kept = {"name": call.name, "request": self.masks.value(request)}
        if answer is not None:
            kept["answer"] = self._kept(answer)
        kept["polls"] = polls
        self.exchanges.append(kept)
        self.say(
            f"  {call.name}: {answer.status if answer else '-'}{''.join(' ' + str(poll['status']) for poll in polls)}"
        )

    def _filled(self, value: Any, target: str) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(item, target) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item, target) for item in value]
        if isinstance(value, str):
            for name, text in {**self.values, "target": target}.items():
                value = value.replace(f"{{{name}}}", text)
        return value

    def _is_new(self, path: str, version: str) -> bool:
        """Whether the resource does not exist yet: only such ones are deleted at the end."""
        return self.send("GET", f"{path}?api-version={version}", None).status == 404

    def _kept(self, answer: Answer) -> dict[str, Any]:
        headers = Headers(dict(answer.headers))
        kept: dict[str, Any] = {"status": answer.status, "headers": {}}
        for name in _OPERATIONS:
            if name in headers:
                kept["headers"][name] = collection(headers[name])
        for name in ("ETag", "Retry-After"):
            if name in headers:
                kept["headers"][name] = "present"
        kept["body"] = self.masks.value(_shortened(answer.body))
        return kept

    def _follow(self, headers: Headers, patience: float) -> Iterator[dict[str, Any]]:
        """The different answers of an operation, and what its Location ends with."""
        first = next((headers[name] for name in _OPERATIONS if name in headers), None)
        if first is None:
            return
        is_status = "Azure-AsyncOperation" in headers
        yield from self._until_it_ends(first, patience, is_status)
        if is_status and "Location" in headers:
            yield {**self._poll(headers["Location"])[0], "location": True}

    def _poll(self, address: str) -> tuple[dict[str, Any], Answer]:
        answer = self.send("GET", address, None)
        return {"status": answer.status, "body": self.masks.value(_shortened(answer.body))}, answer

    def _until_it_ends(self, address: str, patience: float, is_status: bool) -> Iterator[dict[str, Any]]:
        before: dict[str, Any] | None = None
        until = self.now() + patience
        while True:
            poll, answer = self._poll(address)
            if poll != before:
                yield poll
            before = poll
            if _has_ended(answer, is_status):
                return
            if self.now() > until:
                yield {"status": 0, "body": "the operation did not end in time"}
                return
            self.sleep(self.interval)

    def clean_up(self) -> list[str]:
        """Delete what the walk made, the last first; returns what is still there, with the reason. An error ends the deletion of one resource only."""
        left = []
        for path, version in reversed(self.made):
            try:
                reason = self._delete(path, version)
            except Exception as error:  # the connection, the credential: what there is, is the transport's
                reason = f"{type(error).__name__}: {error}"
            if reason:
                left.append(f"{path}: {reason[:300]}")
        return left

    def _delete(self, path: str, version: str) -> str:
        """Delete a resource; the reason why it is still there, or an empty text."""
        address, until = f"{path}?api-version={version}{_deletion(path)}", self.now() + _DELETION_SECONDS
        answer = self.send("DELETE", address, None)
        while _is_busy(answer) and self.now() < until:
            # An interrupted walk leaves operations that still run.
            self.sleep(self.interval)
            answer = self.send("DELETE", address, None)
        polls = list(self._follow(Headers(dict(answer.headers)), _DELETION_SECONDS))
        self.say(f"  deleted {self.masks.text(path)}: {answer.status}")
        if self.send("GET", f"{path}?api-version={version}", None).status == 404:
            return ""
        return json.dumps((polls[-1]["body"] if polls else None) or answer.body)


def _deletion(path: str) -> str:
    """What the query of a deletion has beside the version."""
    owner, _slash, name = path.lower().rpartition("/")
    if owner.endswith("/computes"):
        # By the target's own name: that of the resource group is the user's, and may be anything.
        return f"&underlyingResourceAction={'Detach' if name.startswith(_ATTACHED) else 'Delete'}"
    return "&forceToPurge=true" if owner.endswith("/microsoft.machinelearningservices/workspaces") else ""


def _is_busy(answer: Answer) -> bool:
    """Whether a deletion was refused because of something that ends by itself; a lock does not."""
    error = answer.body.get("error") if isinstance(answer.body, dict) else None
    return answer.status == 409 and not (isinstance(error, dict) and error.get("code") == "ScopeLocked")


def _has_ended(answer: Answer, is_status: bool) -> bool:
    state = answer.body.get("status") if isinstance(answer.body, dict) else None
    return answer.status >= 400 or (state in _TERMINAL if is_status else answer.status != 202)


def unsigned(address: str) -> str:
    """An operation's address without its signature."""
    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in _SIGNATURE]
    return parts._replace(query=urlencode(query)).geturl()


def collection(address: str) -> str:
    """Where an operation is followed, and the form of the address: no id, no signature's value."""
    parts = urlsplit(address)
    segments = parts.path.strip("/").split("/")
    names = sorted({key for key, _value in parse_qsl(parts.query)})
    kind = dict(parse_qsl(parts.query)).get("type", "")
    return f"{segments[-2] if len(segments) > 1 else ''}?{','.join(names)}{' type=' + kind if kind else ''}"


def _shortened(value: Any) -> Any:
    """Long lists of objects say no more than their first items."""
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    if isinstance(value, list):
        items = value[:_MOST_ITEMS] if len(value) > 10 and isinstance(value[0], dict) else value
        return [_shortened(item) for item in items]
    return value


def masks_for(subscription: str, tenant: str, group: str, suffix: str, targets: dict[str, str]) -> Masks:
    """The masks of a walk: after them everything is in the simulator's first subscription."""
    names = {subscription: DEFAULT_SUBSCRIPTION, tenant: TENANT, group: GROUP}
    for target in targets.values():
        # The group and the names of the target, which messages name without its id; but no word that the walk itself sends.
        parts = target.strip("/").split("/")
        own = {**dict.fromkeys(parts[7::2], "target"), **dict.fromkeys(parts[3:4], GROUP)}
        names |= {name: mask for name, mask in own.items() if name.lower() not in _WORDS}
        names[target] = masked_target(target)
    return Masks(names, suffix)


def masked_target(resource_id: str) -> str:
    """An id of the same type with names of nobody's."""
    provider = resource_id.partition("/providers/")[2].split("/")
    path = "/".join(part if index % 2 or index == 0 else "target" for index, part in enumerate(provider))
    return f"/subscriptions/{DEFAULT_SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{path}"


def _opened(path: Path, flags: int = 0) -> int:
    """The file, for writing. In a folder of several users, a link would lead to a file of its owner's that is not meant, and a pipe would be waited for."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | flags, 0o600)


def prepare(path: Path) -> None:
    """Make sure that a recording can be written before the walk begins. Raises ValueError."""
    try:
        os.close(_opened(path))
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}.") from error


def write(path: Path, recorder: Recorder, *, against: str, location: str, targets: dict[str, str]) -> None:
    """Write the recording, readable by its owner only."""
    recording = {
        "format": FORMAT,
        "made": datetime.now(UTC).strftime("%Y-%m-%d"),
        "against": against,
        "location": location,
        "targets": {kind: masked_target(target) for kind, target in targets.items()},
        "exchanges": recorder.exchanges,
    }
    with os.fdopen(_opened(path, os.O_TRUNC), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(recording, file, indent=1)
        file.write("\n")
