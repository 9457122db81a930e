# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report as one page that needs nothing from elsewhere: its style, its few lines of script and its drawings are in it.

Every value is escaped, and the page's content security policy names its own script by hash: a value that got through would still not run
(https://www.w3.org/TR/CSP3/#script-src).
"""

from __future__ import annotations

import base64
import hashlib
import typing as t

from . import chart, wording
from .chart import CLASSES, SYMBOLS, Bar
from .rows import AS_DECLARED, DIFFERS, FAILED, STATUSES, UNDECLARED, Counts, Report, Ssh, Target, Usage, Workspace
from .wording import escape

STYLE = """
:root{--paper:#fff;--page:#f4f5f7;--ink:#1b1f24;--soft:#5b6470;--line:#d9dde3;--ok:#2e7d4f;--differs:#b26a00;--failed:#c0322b;
--undeclared:#5a4fcf;--used:#2f6fb5}
@media(prefers-color-scheme:dark){:root{--paper:#1d2127;--page:#14171b;--ink:#e8eaed;--soft:#9aa4b1;--line:#363c45;--ok:#58b27e;
--differs:#e0a030;--failed:#f0706a;--undeclared:#9b92ff;--used:#6aa6e8}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1280px;margin:0 auto;padding:20px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:0 0 10px}
p{margin:0 0 14px;color:var(--soft)}
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:16px;margin:14px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:10px;padding:0;margin:14px 0;list-style:none}
.tiles li{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:10px;color:var(--soft)}
.tiles b{display:block;font-size:22px;line-height:1.3;color:var(--ink);overflow-wrap:anywhere}
.tiles .ok b{color:var(--ok)}.tiles .differs b{color:var(--differs)}.tiles .failed b{color:var(--failed)}.tiles .undeclared b{color:var(--undeclared)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:14px}.charts section{margin:0}
svg{display:block}svg text{font-size:13px;fill:var(--ink)}svg .note{fill:var(--soft);font-size:12px}
.bars .empty{fill:var(--line)}.bars .used,.bars .nodes{fill:var(--used)}.bars .more{fill:var(--used);opacity:.45}
.bars .ok{fill:var(--ok)}.bars .differs{fill:var(--differs)}.bars .failed{fill:var(--failed)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
.edges path{fill:none;stroke:var(--line);stroke-width:1.5}
.box rect{fill:var(--page);stroke:var(--soft);stroke-width:1}
.box.ok rect{stroke:var(--ok)}.box.differs rect{stroke:var(--differs);stroke-width:2}.box.failed rect{stroke:var(--failed);stroke-width:2}
.box.undeclared rect{stroke:var(--undeclared);stroke-dasharray:4 3;stroke-width:2}
table{border-collapse:collapse;width:100%;font-size:14px}
th,td{text-align:left;padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td.short,td.number{white-space:nowrap}
th button{all:unset;cursor:pointer;color:var(--soft);font-weight:600;white-space:nowrap}th button:focus-visible{outline:2px solid var(--used)}
th[aria-sort=ascending] button::after{content:" ▲"}th[aria-sort=descending] button::after{content:" ▼"}
td.number{font-variant-numeric:tabular-nums}
.status{white-space:nowrap;font-weight:600}.status.ok{color:var(--ok)}.status.differs{color:var(--differs)}.status.failed{color:var(--failed)}
.status.undeclared{color:var(--undeclared)}
.key{display:flex;flex-wrap:wrap;gap:4px 16px;margin:0 0 10px}
summary{cursor:pointer;font-size:17px;font-weight:700}summary+*{margin-top:10px}
@media(max-width:720px){main{padding:12px}section{padding:12px}
thead tr{display:flex;flex-wrap:wrap;align-items:center;gap:6px;padding-bottom:8px}thead tr::before{content:"Sort by";color:var(--soft)}
thead th{border:1px solid var(--line);border-radius:14px;padding:3px 10px}
table,thead,tbody,tbody tr,td{display:block}tbody tr{border-top:1px solid var(--line);padding:8px 0}
td,td.short{border:0;padding:2px 0;white-space:normal;display:grid;grid-template-columns:108px 1fr;gap:8px}
td::before{content:attr(data-label);color:var(--soft)}
td.blank{display:none}}
"""

# A click on a head sorts by its column, a second click the other way round; numbers as numbers, and what only begins with one by what the cell says.
SCRIPT = """
for (const button of document.querySelectorAll("th button")) button.onclick = () => {
  const head = button.parentNode, body = head.closest("table").tBodies[0], column = head.cellIndex;
  const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
  const text = row => row.cells[column].textContent, value = row => row.cells[column].dataset.sort;
  const compare = (a, b) => value(a) && value(b) ? value(a) - value(b) : text(a).localeCompare(text(b), undefined, {numeric: true});
  const rows = [...body.rows].sort((a, b) => sign * compare(a, b));
  body.append(...rows);
};
"""


class Cell(t.NamedTuple):
    """A cell that is more than its text: ``sort`` is the number by which it is sorted."""

    text: str
    style: str = ""
    sort: float | None = None


# More rows than this are folded away, so that what comes below is found.
_MOST_ROWS = 30
# The graph of more targets than this is folded.
_MOST_DRAWN = 100
# A text that is no longer keeps to one line.
_SHORT = 24

Rows = t.Iterable[t.Sequence[t.Any]]


def page(report: Report) -> str:
    report = report.with_distinct_names()
    title = f"Drift report{': ' + report.fleet if report.fleet else ''}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(wording.headline(report))}</p>",
        _tiles(report),
        _listed(report, "What differs", DIFFERS),
        _listed(report, "Failed", FAILED),
        _unreadable(report),
        _listed(report, "Not declared", UNDECLARED),
        _retirements(report),
        f'<div class="charts">{"".join(_charts(report))}</div>',
        _topology(report),
        _by_workspace(report),
        _by_kind(report),
        _exposure(report),
        _quota(report),
        _everything(report),
    ]
    return _document(title, "\n".join(parts))


def _document(title: str, body: str) -> str:
    policy = (
        f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- parts ---


def _tiles(report: Report) -> str:
    totals = report.totals
    rows = [(str(number), status, CLASSES[status] if number else "") for status, number in totals.by_status.items()]
    rows += [
        (f"{totals.nodes:,} of {totals.max_nodes:,}", "nodes", ""),
        (str(totals.public_ssh), "with public SSH", ""),
        (str(len(report.workspaces)), "workspaces", ""),
    ]
    if report.priced:
        rows.append(_cost_tile(totals, str(report.currency)))
    tiles = "".join(f'<li class="{style}"><b>{escape(number)}</b>{escape(text)}</li>' for number, text, style in rows)
    return f'<ul class="tiles">{tiles}</ul>'


def _cost_tile(totals: Counts, currency: str) -> tuple[str, str, str]:
    unknown = f", {totals.price_unknown} unknown" if totals.price_unknown else ""
    if totals.monthly_maximum is None:
        return "unknown" if unknown else "0", "cost a month", ""
    return f"{totals.monthly_maximum:,.0f}", f"{currency} a month at most{unknown}", ""


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _folded(title: str, content: str, *, opened: bool = False) -> str:
    attribute = " open" if opened else ""
    return f"<section><details{attribute}><summary>{escape(title)}</summary>{content}</details></section>"


def _table(heads: t.Sequence[str], rows: Rows) -> str:
    drawn = "".join("<tr>" + "".join(_cell(head, cell) for head, cell in zip(heads, row)) + "</tr>" for row in rows)
    if not drawn:
        return "<p>None.</p>"
    titles = "".join(f'<th scope="col"><button type="button">{escape(head)}</button></th>' for head in heads)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{drawn}</tbody></table></div>'


def _cell(head: str, cell: t.Any) -> str:
    rich = cell if isinstance(cell, Cell) else Cell("" if cell is None else str(cell))
    style = (
        "number"
        if isinstance(cell, (int, float))
        else "blank"
        if not rich.text
        else "short"
        if len(rich.text) <= _SHORT
        else ""
    )
    text = escape(rich.text)
    if rich.style:
        text = f'<span class="status {rich.style}">{text}</span>'
    sort = "" if rich.sort is None else f' data-sort="{escape(str(rich.sort))}"'
    return f'<td data-label="{escape(head)}"{f" class={style}" if style else ""}{sort}>{text}</td>'


def _cost(priced: Target | Counts, report: Report) -> Cell:
    most = priced.monthly_maximum
    return Cell(wording.cost_text(priced, report.currency), sort=-1.0 if most is None else most)


def _counted(counts: Counts, report: Report) -> list[t.Any]:
    row = wording.counted(counts, report)
    return [*row[:-1], _cost(counts, report)] if report.priced else row


def _age(target: Target, report: Report) -> Cell:
    seconds = wording.seconds(target.since, report.generated)
    return Cell(wording.age(seconds), sort=None if seconds is None else float(seconds))


def _status(status: str) -> Cell:
    return Cell(f"{SYMBOLS[status]} {status}", CLASSES[status])


def _listed(report: Report, title: str, status: str) -> str:
    own = report.having(status)
    if not own and status != DIFFERS:
        return ""
    rows = [
        (target.workspace, target.name, target.type, wording.what(target), _age(target, report), wording.action(target))
        for target in own
    ]
    heads = ("Workspace", "Target", "Type", "Difference", "For", *(["Action"] if status == DIFFERS else []))
    show = _section if len(own) <= _MOST_ROWS else _folded
    return show(f"{title} ({len(own)})", _table(heads, rows))


def _unreadable(report: Report) -> str:
    rows = [
        (workspace.name, workspace.resource_group, workspace.error)
        for workspace in report.workspaces
        if workspace.error
    ]
    return (
        _section(
            f"Workspaces that could not be read ({len(rows)})", _table(("Workspace", "Resource group", "Why"), rows)
        )
        if rows
        else ""
    )


def _retirements(report: Report) -> str:
    rows, more = wording.retirements(report)
    if not rows:
        return ""
    note = f"<p>{escape(more)}</p>" if more else ""
    return _section(f"Retirements ({len(report.retirements)})", _table(wording.RETIREMENT_HEADS, rows) + note)


def _charts(report: Report) -> t.Iterator[str]:
    worst = sorted(report.counted_workspaces, key=_most_troubled)
    rows = [
        Bar(
            workspace.name,
            f"{counts.by_status[AS_DECLARED]} of {counts.targets}",
            [(CLASSES[status], counts.by_status[status]) for status in STATUSES[:3]],
            counts.targets,
        )
        for workspace, counts in worst
    ]
    yield _chart("As declared, by workspace", rows)
    fullest = sorted(
        ((workspace, counts) for workspace, counts in report.counted_workspaces if counts.max_nodes),
        key=lambda row: (-row[1].nodes, row[0].name),
    )
    nodes = [
        Bar(workspace.name, f"{counts.nodes} of {counts.max_nodes}", [("nodes", counts.nodes)], counts.max_nodes)
        for workspace, counts in fullest
    ]
    yield _chart("Nodes, by workspace", nodes)
    quota = [
        Bar(_quota_label(usage), f"{usage.current} of {usage.limit}", [("used", usage.current or 0)], usage.limit or 0)
        for usage in wording.used(report)
    ]
    yield _chart("Quota in use", quota)
    if report.priced:
        yield _chart("Monthly cost, by workspace", _cost_bars(report))


def _most_troubled(row: tuple[Workspace, Counts]) -> tuple[int, str]:
    workspace, counts = row
    return -counts.by_status[FAILED] - counts.by_status[DIFFERS], workspace.name


def _quota_label(usage: Usage) -> str:
    """The distinguishing part comes first, because there is no room for the service's long names."""
    tier = ", low priority" if usage.tier == "low_priority" else ""
    return f"{usage.location}{tier}: {usage.name}"


def _cost_bars(report: Report) -> list[Bar]:
    """The cost of the minimum and of the maximum number of nodes, relative to the most expensive workspace."""
    priced = sorted(
        (
            (counts.monthly_maximum, counts.monthly_minimum or 0, workspace.name, counts)
            for workspace, counts in report.counted_workspaces
            if counts.monthly_maximum
        ),
        key=lambda row: (-row[0], row[2]),
    )
    return [
        Bar(
            name,
            wording.cost_text(counts, report.currency),
            [("used", least), ("more", most - least)],
            priced[0][0],
        )
        for most, least, name, counts in priced
    ]


def _chart(title: str, rows: t.Sequence[Bar]) -> str:
    more = len(rows) - chart.MOST_BARS
    note = f"<p>And {more} more, in the table below.</p>" if more > 0 else ""
    return _section(title, (chart.bars(rows, title) + note) if rows else "<p>None.</p>")


def _topology(report: Report) -> str:
    key = "".join(f'<span class="status {CLASSES[status]}">{SYMBOLS[status]} {status}</span>' for status in STATUSES)
    key += "<span>nodes/most nodes</span><span>SSH: open on a public address</span>"
    drawing = f'<div class="key">{key}</div><div class="scroll">{chart.graph(report)}</div>'
    if not report.workspaces:
        return ""
    return _folded("Topology", drawing, opened=len(report.targets) <= _MOST_DRAWN)


def _by_workspace(report: Report) -> str:
    rows = [
        (workspace.name, workspace.location, *_counted(counts, report))
        for workspace, counts in report.counted_workspaces
    ]
    note = f"<p>{wording.COST_NOTE}</p>" if report.priced else ""
    return _section("Workspaces", _table(("Workspace", "Region", *wording.count_heads(report)), rows) + note)


def _by_kind(report: Report) -> str:
    rows = [(kind, *_counted(counts, report)) for kind, counts in report.counted_kinds]
    return _section("Types", _table(("Type", *wording.count_heads(report)), rows))


def _exposure(report: Report) -> str:
    own = report.exposed
    rows = [(target.workspace, target.name, target.type, target.network, *_login(target.ssh)) for target in own]
    more = wording.without_user(report)
    table = _table(("Workspace", "Target", "Type", "Network", "User", "Address"), rows) + (
        f"<p>{more}</p>" if more else ""
    )
    return _section(f"SSH open on a public address ({len(own)})", table)


def _login(ssh: Ssh | None) -> tuple[str | None, str]:
    """The user and the address."""
    return (ssh.user, ":".join(str(part) for part in (ssh.address, ssh.port) if part)) if ssh else (None, "")


def _quota(report: Report) -> str:
    rows = [
        (
            usage.subscription_id,
            usage.location,
            wording.usage_name(usage),
            usage.current,
            usage.limit,
            Cell(f"{usage.percent:g} %", sort=usage.percent),
        )
        for usage in wording.used(report)
    ]
    unread = "".join(f"<p>{escape(text)}</p>" for text in wording.unread_quotas(report))
    return _section(
        "Quota in use", _table(("Subscription", "Region", "Quota", "Used", "Limit", "Share"), rows) + unread
    )


def _everything(report: Report) -> str:
    """Every target, folded away: a fleet has thousands."""
    rows = [
        (
            *(
                target.workspace,
                target.name,
                target.type,
                _status(target.status),
                target.state,
                target.size,
                target.nodes,
                target.network,
                target.identity,
            ),
            *([_cost(target, report)] if report.priced else []),
        )
        for target in report.targets
    ]
    heads = (
        "Workspace",
        "Target",
        "Type",
        "Status",
        "State",
        "Size",
        "Nodes",
        "Network",
        "Identity",
        *(["Monthly cost"] if report.priced else []),
    )
    return _folded(f"All {report.noun}targets ({len(rows)})", _table(heads, rows))
