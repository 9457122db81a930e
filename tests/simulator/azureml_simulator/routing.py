# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which handler takes a path: ARM patterns with `{name}` segments, matched without case.

The more literal segments a pattern has, the earlier it is tried. `{name...}` takes several segments: patterns that
start with one (a scope) come after those without, patterns that end with one come last.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from azureml_simulator.http import Request, Response

Handler = Callable[[Request, dict[str, str]], Response]


@dataclass(frozen=True)
class Route:
    """One operation. `api_versions` None takes any well-formed one; `action` None asks for no right beside a token;
    an `open` route asks for neither a token nor an api-version. `since`: the day of the oldest version whose shape is simulated; the
    service has older ones too."""

    method: str
    pattern: str
    handler: Handler
    api_versions: Collection[str] | None = None
    action: str | None = None
    open: bool = False
    since: str = ""


def routes_below(
    path: str,
    rows: Iterable[tuple[str, str, Handler, str]],
    api_versions: Collection[str],
    type_: str,
    *,
    since: str,
) -> list[Route]:
    """The operations of one type. A row has the method, what follows ``path``, the handler, and the permission of the type that it needs."""
    return [
        Route(method, path + suffix, handler, api_versions, f"{type_}/{permission}", since=since)
        for method, suffix, handler, permission in rows
    ]


@functools.cache
def _compile(pattern: str) -> tuple[re.Pattern[str], tuple[int, int, int]]:
    segments = pattern.strip("/").split("/")
    parts, literals = [], 0
    for segment in segments:
        if segment.startswith("{") and segment.endswith("...}"):
            parts.append(f"(?P<{segment[1:-4]}>.+)")
        elif segment.startswith("{"):
            parts.append(f"(?P<{segment[1:-1]}>[^/]+)")
        else:
            literals += 1
            parts.append(re.escape(segment))
    rest = 2 if pattern.endswith("...}") else int("...}" in pattern)
    return re.compile("/" + "/".join(parts) + "$", re.IGNORECASE), (rest, -literals, -len(segments))


class Router:
    """Finds the route of a request."""

    def __init__(self, routes: list[Route]) -> None:
        compiled = [(*_compile(route.pattern), route) for route in routes]
        self._table = sorted(compiled, key=lambda entry: entry[1])
        # What comes into question for a method and a number of segments: a tenth of all.
        self._some: dict[tuple[str, int], list[tuple[re.Pattern[str], Route]]] = {}

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for pattern, route in self._candidates(method, path.count("/")):
            match = pattern.match(path)
            if match:
                return route, match.groupdict()
        return None

    def _candidates(self, method: str, segments: int) -> list[tuple[re.Pattern[str], Route]]:
        if (method, segments) not in self._some:
            self._some[method, segments] = [
                (pattern, route)
                for pattern, (rest, _literals, length), route in self._table
                if route.method == method and (rest or -length == segments)
            ]
        return self._some[method, segments]

    def methods(self, path: str) -> list[str]:
        """The methods that some pattern without a rest takes for this path."""
        return sorted(
            {
                route.method
                for pattern, (rest, _literals, _length), route in self._table
                if rest < 2 and pattern.match(path)
            }
        )
