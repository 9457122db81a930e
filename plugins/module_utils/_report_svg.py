# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawings of the drift report: bars, and the graph from subscription to compute target. Inline SVG; colours come from the page's classes.

Bars are drawn for the width of a phone, so that their text can be read there, and grow on a desktop. The graph scrolls in a box of its own.
"""
from __future__ import annotations

import typing as t
from html import escape

from ._report import AS_DECLARED, DIFFERS, FAILED, STATUSES, UNDECLARED, Row

SYMBOLS = {AS_DECLARED: "✓", DIFFERS: "≠", FAILED: "✗", UNDECLARED: "+"}
CLASSES = {AS_DECLARED: "ok", DIFFERS: "differs", FAILED: "failed", UNDECLARED: "undeclared"}

_WIDTH, _ROW = 340, 36
# More bars than this nobody compares; the tables have all.
MOST_BARS = 15

# --- bars ---


class Bar(t.NamedTuple):
    """A row of a chart: parts are (class, amount), of ``whole``."""

    label: str
    note: str
    parts: list[tuple[str, float]]
    whole: float


def bars(rows: t.Sequence[Bar], about: str) -> str:
    shown = rows[:MOST_BARS]
    drawn = [_bar(row, number * _ROW) for number, row in enumerate(shown)]
    height = max(len(shown) * _ROW, 1)
    return f'<svg class="bars" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(about)}">{"".join(drawn)}</svg>'


def _bar(row: Bar, y: int) -> str:
    drawn = [
        f'<text x="0" y="{y + 13}">{_cut(row.label, 34)}<title>{escape(row.label)}</title></text>',
        f'<text x="{_WIDTH}" y="{y + 13}" class="note" text-anchor="end">{escape(row.note)}</text>',
        f'<rect x="0" y="{y + 18}" width="{_WIDTH}" height="9" rx="3" class="empty"/>',
    ]
    x = 0.0
    for style, amount in row.parts:
        width = _WIDTH * min(amount / row.whole, 1.0) if row.whole else 0.0
        if width:
            drawn.append(f'<rect x="{x:.1f}" y="{y + 18}" width="{width:.1f}" height="9" rx="3" class="{style}"/>')
        x += width
    return "".join(drawn)


def _cut(text: str, most: int) -> str:
    return escape(text if len(text) <= most else text[: most - 1] + "…")


# --- the graph ---

# Left edge and width of the four columns: subscription, workspace, network and identity, compute target.
_COLUMNS = ((4, 130), (174, 190), (404, 230), (674, 222))
_BOX, _GAP, _STEP = 40, 10, 34
GRAPH_WIDTH = 900
# Of more targets in one network with one identity, those that are as declared become one box.
_MOST_ALIKE = 6


class _Graph:
    """Boxes from the right to the left: each stands in the middle of those that hang on it."""

    def __init__(self) -> None:
        self.boxes: list[str] = []
        self.edges: list[str] = []
        self.y = 4.0

    def leaf(self, column: int, lines: t.Sequence[str], style: str, height: int = _STEP - 8) -> float:
        middle = self.y + height / 2
        self.box(column, middle, lines, style, height)
        self.y += height + 8
        return middle

    def box(self, column: int, middle: float, lines: t.Sequence[str], style: str, height: int) -> None:
        x, width = _COLUMNS[column]
        most = width // 8
        first = middle + 4 - (len(lines) - 1) * 8
        texts = [
            f'<text x="{x + 8}" y="{first + number * 16:.1f}"{_second(number)}>{_cut(line, most)}</text>' for number, line in enumerate(lines)
        ]
        told = f"<title>{escape(' · '.join(lines))}</title>"
        rect = f'<rect x="{x}" y="{middle - height / 2:.1f}" width="{width}" height="{height}" rx="6"/>'
        self.boxes.append(f'<g class="box {style}">{told}{rect}{"".join(texts)}</g>')

    def parent(self, column: int, children: t.Sequence[float], lines: t.Sequence[str], style: str = "plain") -> float:
        """A box before its children. What is taller than they are pushes the next ones down."""
        middle = (children[0] + children[-1]) / 2
        self.box(column, middle, lines, style, _BOX)
        self.y = max(self.y, middle + _BOX / 2 + 8)
        start = _COLUMNS[column][0] + _COLUMNS[column][1]
        end = _COLUMNS[column + 1][0]
        bend = (start + end) / 2
        self.edges += [f'<path d="M{start} {middle:.1f}C{bend} {middle:.1f} {bend} {y:.1f} {end} {y:.1f}"/>' for y in children]
        return middle


def _second(number: int) -> str:
    return ' class="note"' if number else ""


def graph(report: Row) -> str:
    """Subscription > workspace > network and identity > compute target."""
    drawn = _Graph()
    by_subscription: dict[str, list[Row]] = {}
    for workspace in report["workspaces"]:
        by_subscription.setdefault(workspace["id"].split("/")[2], []).append(workspace)
    by_workspace: dict[str, list[Row]] = {}
    for target in report["targets"]:
        by_workspace.setdefault(target["id"].casefold().rsplit("/computes/", 1)[0], []).append(target)
    for subscription, workspaces in by_subscription.items():
        middles = [_workspace(drawn, one, by_workspace.get(one["id"].casefold(), [])) for one in workspaces]
        drawn.parent(0, middles, [f"{subscription[:13]}…" if len(subscription) > 16 else subscription, "subscription"])
        drawn.y += _GAP
    about = "Subscriptions, their workspaces, networks and identities, and compute targets"
    size = f'width="{GRAPH_WIDTH}" height="{drawn.y:.0f}" viewBox="0 0 {GRAPH_WIDTH} {drawn.y:.0f}"'
    return f'<svg class="graph" {size} role="img" aria-label="{about}"><g class="edges">{"".join(drawn.edges)}</g>{"".join(drawn.boxes)}</svg>'


def _workspace(drawn: _Graph, workspace: Row, targets: t.Sequence[Row]) -> float:
    groups: dict[tuple[str, str], list[Row]] = {}
    for target in targets:
        groups.setdefault((target["network"], target["identity"]), []).append(target)
    about = workspace["location"] or "not read"
    if workspace["public_network_access"] == "disabled":
        about += " · private"
    style = "failed" if workspace["error"] else "plain"
    drawn.y += _GAP
    if not groups:
        middle = drawn.leaf(1, [workspace["name"], about], style, _BOX)
        return middle
    middles = [_group(drawn, key, own) for key, own in sorted(groups.items())]
    return drawn.parent(1, middles, [workspace["name"], about], style)


def _group(drawn: _Graph, key: tuple[str, str], targets: t.Sequence[Row]) -> float:
    # A group of one is lower than its own box: it starts where the box has room.
    drawn.y += 7 if len(targets) == 1 else 0
    notable = [one for one in targets if one["status"] != AS_DECLARED]
    alike = [one for one in targets if one["status"] == AS_DECLARED]
    shown = sorted(notable, key=lambda one: STATUSES.index(one["status"])) + (alike if len(alike) <= _MOST_ALIKE else [])
    middles = [drawn.leaf(3, [_leaf_text(one)], CLASSES[one["status"]]) for one in shown]
    if len(alike) > _MOST_ALIKE:
        middles.append(drawn.leaf(3, [f"✓ {len(alike)} as declared"], CLASSES[AS_DECLARED]))
    return drawn.parent(2, middles, [line for line in key if line])


def _leaf_text(target: Row) -> str:
    nodes = "" if target["nodes"] is None else f" {target['nodes']}/{target['max_nodes']}"
    return f"{SYMBOLS[target['status']]} {target['name']}{nodes}"
