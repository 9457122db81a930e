# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all harnesses that disturb a run need: which of its requests write, which were taken, how a request is called, failures without a code, tables."""

from __future__ import annotations

import typing as t

from ansible_collections.azureml.compute.tests.support.azure import Sent

# POSTs that change nothing.
READS = ("/listnodes", "/listkeys", "/getlogs", "/diagnose", "/checknameavailability", "/checkcomputenameavailability")

R = t.TypeVar("R")


def is_write(method: str, path: str) -> bool:
    return method not in ("GET", "HEAD") and not path.lower().endswith(READS)


def writes(sent: t.Sequence[Sent]) -> list[Sent]:
    return [request for request in sent if is_write(request.method, request.path)]


def is_taken(status: int) -> bool:
    """Whether a write that was answered so was accepted; 204 answers the deletion of what does not exist."""
    return 200 <= status < 300 and status != 204


def short(path: str) -> str:
    """The last two parts of a path, by which a reader knows it."""
    return "/".join(path.rsplit("/", 2)[-2:])


def request_name(number: int, sent: Sent, word: str = "request") -> str:
    return f"{word} {number + 1}, {sent.method} {short(sent.path)}"


def in_the_middle(sent: t.Sequence[Sent], number: int) -> bool:
    """Of requests that are repeated until something is done, the first and the last stand for all."""
    near = [item[:2] for item in sent[max(0, number - 1) : number + 2]]
    return 0 < number < len(sent) - 1 and sent[number].method == "GET" and len(set(near)) == 1


def without_code(result: dict[str, t.Any]) -> list[str]:
    """The complaint about a failure that has no code of its own."""
    return (
        [f"the failure has no code: {result['msg']}"]
        if result["failure"]["code"] in (None, "Error", "InternalError")
        else []
    )


def table(
    title: str,
    columns: t.Sequence[str],
    rows: t.Sequence[R],
    key: t.Callable[[R], str],
    names: t.Sequence[str],
    figures: t.Callable[[t.Sequence[R]], t.Iterable[int]],
) -> str:
    """Markdown: a line for each of the names that has rows, and one for all."""
    lines = [f"| {' | '.join((title, *columns))} |", f"|---|{'---:|' * len(columns)}"]
    for name in names:
        if own := [row for row in rows if key(row) == name]:
            lines.append(f"| {name} | {' | '.join(map(str, figures(own)))} |")
    return "\n".join([*lines, f"| **all** | {' | '.join(map(str, figures(rows)))} |"])
