# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawings of the drift report: bars, and the graph from subscription to compute target. Inline SVG; colours come from the page's classes.

Bars are as wide as their box; their labels are short enough for a phone. The graph scrolls in a separate box.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .rows import AS_DECLARED, DIFFERS, FAILED, STATUSES, UNDECLARED, Report, Target, Workspace
from .wording import escape

SYMBOLS = {AS_DECLARED: "✓", DIFFERS: "≠", FAILED: "✗", UNDECLARED: "+"}
CLASSES = {AS_DECLARED: "ok", DIFFERS: "differs", FAILED: "failed", UNDECLARED: "undeclared"}

_ROW = 36
# More bars than this no one compares; the tables have all.
MOST_BARS = 15

# --- bars ---


class Bar(t.NamedTuple):
    """A row of a chart: parts are (class, amount), of ``whole``."""

    label: str
    note: str
    parts: list[tuple[str, float]]
    whole: float


def bars(rows: t.Sequence[Bar], about: str) -> str:
    visible = rows[:MOST_BARS]
    drawn = [_bar(row, number * _ROW) for number, row in enumerate(visible)]
    height = max(len(visible) * _ROW, 1)
    return f'<svg class="bars" width="100%" height="{height}" role="img" aria-label="{escape(about)}">{"".join(drawn)}</svg>'


def _bar(row: Bar, y: int) -> str:
    drawn = [
        f'<text x="0" y="{y + 13}">{_cut(row.label, 34)}<title>{escape(row.label)}</title></text>',
        f'<text x="100%" y="{y + 13}" class="note" text-anchor="end">{escape(row.note)}</text>',
        f'<rect x="0" y="{y + 18}" width="100%" height="9" rx="3" class="empty"/>',
    ]
    x = 0.0
    for style, amount in row.parts:
        width = 100 * min(amount / row.whole, 1.0) if row.whole else 0.0
        if width:
            drawn.append(f'<rect x="{x:.1f}%" y="{y + 18}" width="{width:.1f}%" height="9" rx="3" class="{style}"/>')
        x += width
    return "".join(drawn)


def _cut(text: str, most: int) -> str:
    """A text in at most so many characters, without its middle: long names differ at their ends, where numbers of nodes are too."""
    end = most // 2
    return escape(text if len(text) <= most else f"{text[: most - 1 - end]}…{text[-end:]}")


# --- the graph ---

# What the columns hold, with left edge and width.
_COLUMNS = (
    ("Subscription", 2, 146),
    ("Workspace", 176, 206),
    ("Network", 410, 216),
    ("Identity", 654, 186),
    ("Compute target", 868, 236),
)
_SUBSCRIPTION, _WORKSPACE, _NETWORK, _IDENTITY, _COMPUTE = range(len(_COLUMNS))
GRAPH_WIDTH = 1106
_BOX, _STEP, _HEAD = 26, 33, 26
# Of more targets in one network with one identity, those that are as declared become one box.
_MOST_ALIKE = 6


class _Node(t.NamedTuple):
    column: int
    text: str
    style: str
    children: t.Sequence[_Node] = ()
    # The tooltip, if it contains more.
    title: str = ""


class _Graph:
    """Each box is in the row of the first box that depends on it: if there is only one of each, all of them are in one row."""

    def __init__(self) -> None:
        self.boxes: list[str] = []
        self.edges: list[str] = []
        self.y = float(_HEAD)

    def place(self, node: _Node) -> float:
        """Draw the node and what hangs on it; the middle of its box."""
        middle = self.y + _BOX / 2
        self._box(node, middle)
        if not node.children:
            self.y += _STEP
        start = _right(node.column)
        for child in node.children:
            below = self.place(child)
            end = _COLUMNS[child.column][1]
            bend = start + 14
            self.edges.append(f'<path d="M{start} {middle:.1f}H{bend}V{below:.1f}H{end}"/>')
        return middle

    def _box(self, node: _Node, middle: float) -> None:
        _title, x, width = _COLUMNS[node.column]
        rect = f'<rect x="{x}" y="{middle - _BOX / 2:.1f}" width="{width}" height="{_BOX}" rx="6"/>'
        text = f'<text x="{x + 8}" y="{middle + 4.5:.1f}">{_cut(node.text, width // 8)}</text>'
        self.boxes.append(
            f'<g class="box {node.style}"><title>{escape(node.title or node.text)}</title>{rect}{text}</g>'
        )


def _right(column: int) -> int:
    return _COLUMNS[column][1] + _COLUMNS[column][2]


def graph(report: Report) -> str:
    """Subscription > workspace > network > identity > compute target."""
    by_subscription: dict[str, list[Workspace]] = {}
    for workspace in report.workspaces:
        by_subscription.setdefault(workspace.subscription_id, []).append(workspace)
    drawn = _Graph()
    for subscription, workspaces in by_subscription.items():
        children = _alike([(workspace, report.by_workspace.get(workspace.key, [])) for workspace in workspaces])
        drawn.place(_Node(_SUBSCRIPTION, f"{subscription[:13]}…", "plain", children, subscription))
    heads = "".join(f'<text x="{x}" y="14" class="note">{title}</text>' for title, x, _width in _COLUMNS)
    about = "Subscriptions, their workspaces, networks, identities and compute targets"
    size = f'width="{GRAPH_WIDTH}" height="{drawn.y:.0f}" viewBox="0 0 {GRAPH_WIDTH} {drawn.y:.0f}"'
    body = f'{heads}<g class="edges">{"".join(drawn.edges)}</g>{"".join(drawn.boxes)}'
    return f'<svg class="graph" {size} role="img" aria-label="{about}">{body}</svg>'


def _alike(rows: t.Iterable[tuple[Workspace, list[Target]]]) -> list[_Node]:
    """A box for each workspace. Those that are the same, with nothing to be seen to, have one, in which nodes are summed."""
    groups: dict[t.Any, list[tuple[Workspace, list[Target]]]] = {}
    for workspace, targets in rows:
        same = not workspace.error and bool(targets) and all(target.status == AS_DECLARED for target in targets)
        place = (workspace.location, workspace.public_network_access)
        parts = tuple(sorted((target.network, target.identity, target.name, target.public_ssh) for target in targets))
        groups.setdefault((place, parts) if same else workspace.key, []).append((workspace, targets))
    return [_workspace(*group[0]) if len(group) == 1 else _group(group) for group in groups.values()]


def _group(rows: t.Sequence[tuple[Workspace, list[Target]]]) -> _Node:
    by_name: dict[tuple[str, str, str], list[Target]] = {}
    for _workspace_row, targets in rows:
        for target in targets:
            by_name.setdefault((target.network, target.identity, target.name), []).append(target)
    summed = [
        replace(
            some[0],
            nodes=_total(demand.nodes for demand in some),
            max_nodes=_total(demand.max_nodes for demand in some),
        )
        for some in by_name.values()
    ]
    node = _workspace(replace(rows[0][0], name=f"{len(rows)} workspaces"), summed)
    return node._replace(title=", ".join(workspace.name for workspace, _targets in rows))


def _total(numbers: t.Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _workspace(workspace: Workspace, targets: t.Sequence[Target]) -> _Node:
    about = [
        workspace.name,
        workspace.location or "not read",
        *(["private"] if workspace.public_network_access == "disabled" else []),
    ]
    networks: dict[str, dict[str, list[Target]]] = {}
    for target in targets:
        networks.setdefault(target.network, {}).setdefault(target.identity, []).append(target)
    children = [_Node(_NETWORK, network, "plain", _identities(networks[network])) for network in sorted(networks)]
    return _Node(_WORKSPACE, " · ".join(about), "failed" if workspace.error else "plain", children)


def _identities(found: t.Mapping[str, t.Sequence[Target]]) -> list[_Node]:
    nodes: list[_Node] = []
    for identity in sorted(found):
        computes = _computes(found[identity])
        # What does not exist yet has none.
        nodes += [_Node(_IDENTITY, identity, "plain", computes)] if identity else computes
    return nodes


def _computes(targets: t.Sequence[Target]) -> list[_Node]:
    notable = [target for target in targets if target.status != AS_DECLARED]
    alike = [target for target in targets if target.status == AS_DECLARED]
    drawn = sorted(notable, key=lambda target: STATUSES.index(target.status)) + (
        alike if len(alike) <= _MOST_ALIKE else []
    )
    nodes = [_Node(_COMPUTE, _leaf_text(rule), CLASSES[rule.status]) for rule in drawn]
    if len(alike) > _MOST_ALIKE:
        nodes.append(_Node(_COMPUTE, f"✓ {len(alike)} as declared", CLASSES[AS_DECLARED]))
    return nodes


def _leaf_text(target: Target) -> str:
    nodes = "" if target.nodes is None else f" {target.nodes}/{target.max_nodes}"
    return f"{SYMBOLS[target.status]} {target.name}{nodes}{' · SSH' if target.public_ssh else ''}"
