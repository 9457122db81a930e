# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets that a run is limited to, by patterns as those of Ansible for hosts. Pure."""

from __future__ import annotations

import fnmatch
import re
import typing as t
from dataclasses import dataclass

from .._core.arm_id import ArmId
from .._core.findings import Finding, Findings, refuse
from .entry import Entry


@dataclass(frozen=True)
class Pattern:
    """A pattern as it was given, and what it means."""

    text: str
    regex: re.Pattern[str]

    def matches(self, entry: Entry) -> bool:
        return any(self.regex.match(name) for name in _names(entry))


@dataclass(frozen=True)
class Limit:
    """A target is in it if it matches one of ``some`` (none: all do), all of ``every`` and none of ``no``."""

    some: tuple[Pattern, ...] = ()
    every: tuple[Pattern, ...] = ()
    no: tuple[Pattern, ...] = ()

    def has(self, entry: Entry) -> bool:
        return (
            (not self.some or any(pattern.matches(entry) for pattern in self.some))
            and all(pattern.matches(entry) for pattern in self.every)
            and not any(pattern.matches(entry) for pattern in self.no)
        )

    def without_match(self, entries: t.Sequence[Entry], *, prunes: bool) -> list[str]:
        """Warnings about patterns that match none of these targets: a typing error in an exclusion excludes nothing. With ``prunes``, a pattern may be for
        targets that the document no longer has.
        """
        return [
            f"limit has {pattern.text!r}, which matches no target of the document."
            for pattern in (*self.some, *self.every, *self.no)
            if not prunes and not any(map(pattern.matches, entries))
        ]


def read(patterns: t.Iterable[str] | None) -> Limit:
    """The limit of these patterns. RuleError for one without text, as a blank variable in it leaves one, and for one that is not a regular expression
    after its ``~``.
    """
    sorted_patterns: dict[str, list[Pattern]] = {"": [], "&": [], "!": []}
    findings: list[Finding] = []
    for text in _split(patterns or ()):
        kind, pattern = (text[0], text[1:].strip()) if text[:1] in ("&", "!") else ("", text)
        if pattern in ("", "~"):
            message = f"limit {', '.join(patterns or ())!r} has an empty pattern. Remove it, or set what it matches."
            findings.append(Finding("EmptySelection", "limit", message, "this collection"))
            continue
        try:
            regex = pattern[1:] if pattern.startswith("~") else fnmatch.translate("*" if pattern == "all" else pattern)
            sorted_patterns[kind].append(Pattern(text, re.compile(regex, re.IGNORECASE)))
        except re.error as error:
            message = f"limit has {text!r}, which is not a regular expression: {error}."
            findings.append(Finding("InvalidOption", "limit", message, "this collection"))
    refuse(findings)
    return Limit(tuple(sorted_patterns[""]), tuple(sorted_patterns["&"]), tuple(sorted_patterns["!"]))


def check_matches(patterns: t.Iterable[str] | None, entries: t.Sequence[Entry], *, prunes: bool) -> Findings:
    """A limit that no target matches is a typing error; unless ``prunes``, since it may match undeclared targets that are not read yet."""
    if patterns and not entries and not prunes:
        message = f"limit {', '.join(patterns)} matches no target of the document. Correct it: it matches names, WORKSPACE/TARGET, workspaces and types."
        yield Finding("NoTargetMatches", "limit", message, "this collection")


def _split(patterns: t.Iterable[str]) -> t.Iterator[str]:
    """One pattern each: several may be in one text, with colons or commas between them, as for hosts."""
    for text in patterns:
        parts = [text] if text.startswith("~") else re.split("[:,]", text)
        yield from (part.strip() for part in parts)


def _names(entry: Entry) -> tuple[str, ...]:
    """What a pattern may match."""
    workspace = ArmId(entry.workspace)
    home = f"{workspace.resource_group}/{workspace.name}"
    return (
        entry.target.name,
        entry.location,
        f"{workspace.resource_group}/{entry.location}",
        entry.target.id,
        workspace.name,
        home,
        entry.type,
        entry.kind.collection,
    )
