# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report: what counts as what, and that no value of anybody's becomes markup."""

from __future__ import annotations

import copy
import re
import typing as t
from xml.etree import ElementTree

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import kind_of_type
from ansible_collections.azureml.compute.plugins.module_utils._report import chart, document, wording
from ansible_collections.azureml.compute.plugins.module_utils._report import markdown as _markdown
from ansible_collections.azureml.compute.plugins.module_utils._report import page as _page
from ansible_collections.azureml.compute.plugins.module_utils._report import text as _text
from ansible_collections.azureml.compute.plugins.module_utils._report.rows import Change, Report, Target

SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
HOME = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
SUBNET = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet/subnets/train"
)
EVIL = "\"><script>alert('x')</script>|`*[a](b)"

Row = dict[str, t.Any]


def build(given: Row) -> Row:
    return document.build(given).to_dict()


def merge(reports: t.Sequence[Row], previous: Row | None = None) -> Row:
    return document.merge([Report.from_dict(report) for report in reports], previous).to_dict()


def markdown(report: Row) -> str:
    return _markdown.markdown(Report.from_dict(report))


def page_of(report: Row) -> str:
    return _page.page(Report.from_dict(report))


def planned(name: str, action: str = "none", **more: t.Any) -> Row:
    place = {"workspace": "ws", "resource_group": "rg", "subscription_id": SUBSCRIPTION}
    result = {"action": action, "changes": [], "reason": None, "failure": None}
    return {**place, **result, "id": f"{HOME}/computes/{name}", "name": name, "type": "amlcompute", **more}


def body(name: str, kind: str = "amlcompute", **more: t.Any) -> Row:
    return {
        "id": f"{HOME}/computes/{name}",
        "name": name,
        "type": kind,
        "location": "eastus",
        "current_node_count": 1,
        "max_instances": 4,
        **more,
    }


def facts(
    targets: t.Sequence[Row] = (),
    bodies: t.Sequence[Row] = (),
    undeclared: t.Sequence[Row] = (),
    cost: Row | None = None,
    **workspace: t.Any,
) -> Row:
    place = {"name": "ws", "resource_group": "rg", "subscription_id": SUBSCRIPTION, "id": HOME, "failure": None}
    found = {
        **place,
        "workspace": {"id": HOME, "name": "ws", "location": "eastus", **workspace},
        "computes": list(bodies),
    }
    return {
        "generated": "2026-01-02T00:00:00Z",
        "name": "demo",
        "fleet": {
            "targets": list(targets),
            "undeclared": list(undeclared),
            "totals": {} if cost is None else {"cost": cost},
        },
        "found": {"workspaces": [found], "usages": []},
    }


@pytest.mark.parametrize(
    ("given", "status", "drifted"),
    [
        (facts([planned("a")], [body("a")]), "as declared", False),
        (facts([planned("a", "update")], [body("a")]), "differs", True),
        (facts([planned("a", "create")]), "differs", True),
        (facts([planned("a", failure={"message": "no"})]), "failed", True),
        (facts([], [body("a")], [planned("A")]), "undeclared", True),
        (facts([], [body("a")]), "undeclared", False),
    ],
)
def test_what_a_target_is(given: Row, status: str, drifted: bool) -> None:
    report = build(given)
    assert [target["status"] for target in report["targets"]] == [status]
    assert report["totals"][status] == report["workspaces"][0][status] == report["kinds"][0][status] == 1
    assert report["drifted"] is drifted


@pytest.mark.parametrize(
    ("kind", "shown", "port", "login"),
    [
        ("amlcompute", {"ssh_public_access_enabled": True, "ssh_settings": {"admin_username": "ada"}}, True, True),
        ("amlcompute", {"ssh_public_access_enabled": True, "ssh_settings": {}}, True, False),
        (
            "amlcompute",
            {
                "ssh_public_access_enabled": True,
                "ssh_settings": {"admin_username": "ada"},
                "enable_node_public_ip": False,
            },
            False,
            False,
        ),
        ("amlcompute", {"ssh_public_access_enabled": False, "ssh_settings": {"admin_username": "ada"}}, False, False),
        ("computeinstance", {"ssh_public_access_enabled": True, "ssh_settings": {}}, True, True),
        ("kubernetes", {}, False, False),
    ],
)
def test_who_is_reachable_over_ssh(kind: str, shown: Row, port: bool, login: bool) -> None:
    target = build(facts([], [body("a", kind, **shown)]))["targets"][0]
    assert (target["open_port"], target["public_ssh"]) == (port, login)


@pytest.mark.parametrize(
    ("kind", "shown", "home", "label"),
    [
        ("amlcompute", {"network_settings": {"subnet": SUBNET}}, {}, "vnet/train"),
        ("amlcompute", {}, {}, "no virtual network"),
        (
            "computeinstance",
            {},
            {"isolation_mode": "allow_internet_outbound"},
            "managed network (allow internet outbound)",
        ),
        ("computeinstance", {}, {"isolation_mode": "disabled"}, "no virtual network"),
        ("databricks", {}, {}, "attached resource"),
    ],
)
def test_networks(kind: str, shown: Row, home: Row, label: str) -> None:
    summary = kind_of_type(kind).summary(shown)
    assert document.network_label(summary, shown, home.get("isolation_mode")) == label


@pytest.mark.parametrize(
    ("identity", "label"),
    [
        (None, "no identity"),
        ({"type": "system_assigned"}, "system-assigned"),
        (
            {"type": "system_assigned,user_assigned", "user_assigned_identities": ["/x/y/id-1"]},
            "system-assigned + id-1",
        ),
    ],
)
def test_identities(identity: Row | None, label: str) -> None:
    assert document.identity_label(identity) == label


def test_changes_name_what_is_different_in_a_mapping() -> None:
    change = {"field": "tags", "before": {"team": "a", "kept": "x"}, "after": {"team": "b", "kept": "x", "new": True}}
    assert wording.change_text(Change.from_dict(change)) == "tags.new: unset → true; tags.team: a → b"


IDENTITIES = "/subscriptions/1/resourceGroups/{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{}"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ([IDENTITIES.format("a", "old")], [IDENTITIES.format("a", "new"), "x"], "old → new, x"),
        ([], [IDENTITIES.format("a", "new")], "none → new"),
        (IDENTITIES.format("a", "same"), IDENTITIES.format("b", "same"), f"{IDENTITIES.format('a', 'same')} → {IDENTITIES.format('b', 'same')}"),
        (None, False, "unset → false"),
    ],
)  # fmt: skip
def test_resources_are_named_where_their_names_distinguish_them(before: t.Any, after: t.Any, text: str) -> None:
    change = Change.from_dict({"field": "identity", "before": before, "after": after, "reason": None})
    assert wording.change_text(change) == f"identity: {text}"


def test_a_start_is_told_by_the_state_that_changes() -> None:
    change = {"field": "state", "before": "Stopped", "after": "Running", "reason": None}
    report = build(
        facts([planned("a", "start", type="computeinstance", changes=[change])], [body("a", "computeinstance")])
    )
    assert wording.what(Target.from_dict(report["targets"][0])) == "state: Stopped → Running"


def test_since_when_a_difference_is_known() -> None:
    before = build(
        {**facts([planned("a", "update"), planned("b"), planned("c", "update")]), "generated": "2026-01-01T00:00:00Z"}
    )
    now = [planned("a", "update"), planned("b", "update"), planned("c")]
    after = merge([build(facts(now))], before)
    assert [target["since"] for target in after["targets"]] == ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", None]
    assert after["previous"] == "2026-01-01T00:00:00Z"


def test_a_workspace_that_cannot_be_read_is_in_the_report() -> None:
    given = facts([planned("a", failure={"message": "Forbidden"})])
    given["found"]["workspaces"][0] |= {
        "workspace": None,
        "computes": [],
        "failure": {"code": "Forbidden", "message": "Forbidden"},
    }
    report = build(given)
    assert report["workspaces"][0]["id"] == HOME and report["workspaces"][0]["error"] == "Forbidden"
    assert report["totals"]["unreadable"] == 1 and report["workspaces"][0]["failed"] == 1
    assert "Forbidden" in page_of(report) and "1 of the workspaces could not be read" in wording.headline(
        Report.from_dict(report)
    )


def test_quotas_that_cannot_be_read_are_in_the_report() -> None:
    given = facts()
    place = {"subscription_id": SUBSCRIPTION, "location": "eastus"}
    given["found"]["usages"] = [{**place, "usages": [], "failure": {"message": "Forbidden <quota>"}}]
    report = build(given)
    assert report["usages_unread"] == [{**place, "error": "Forbidden <quota>"}]
    assert "The quotas of eastus could not be read: Forbidden &lt;quota&gt;" in page_of(report)
    assert "The quotas of eastus could not be read: Forbidden &lt;quota&gt;" in markdown(report)


def priced(name: str, least: float | None, most: float | None, **more: t.Any) -> Row:
    cost = None if most is None else {"currency": "USD", "monthly_minimum": least, "monthly_maximum": most}
    return planned(name, cost=cost, **more)


def test_cost_is_by_workspace_and_kind_and_unknown_is_not_nothing() -> None:
    targets = [
        priced("a", 0.0, 1000.5),
        priced("b", 10.0, 10.0),
        priced("new", None, None, action="create"),
        priced("attached", None, None, type="databricks"),
    ]
    bodies = [body("a"), body("b"), body("attached", "databricks"), body("stranger")]
    report = build(facts(targets, bodies, cost={"currency": "USD", "unknown": [f"{HOME}/computes/NEW"]}))
    whole = Report.from_dict(report)
    told = {target.name: wording.cost_text(target, "USD") for target in whole.targets}
    assert told == {"a": "0 to 1,000 USD", "b": "10 USD", "new": "unknown", "attached": "", "stranger": ""}
    assert (
        wording.cost_text(whole.counted_workspaces[0][1], "USD")
        == wording.cost_text(whole.totals, "USD")
        == "10 to 1,010 USD, 1 unknown"
    )
    assert {kind: wording.cost_text(counts, "USD") for kind, counts in whole.counted_kinds} == {
        "amlcompute": "10 to 1,010 USD, 1 unknown",
        "databricks": "",
    }
    page, text = page_of(report), markdown(report)
    assert "<b>1,010</b>USD a month at most, 1 unknown" in page
    assert (
        "10 to 1,010 USD, 1 unknown" in page
        and "10 to 1,010 USD, 1 unknown" in text
        and "Monthly cost, by workspace" in page
    )


def test_a_quota_is_once_in_a_merged_report_for_each_tier_and_workspace() -> None:
    given = facts()
    rows = [
        {"name": "standardDSv2Family", "tier": tier, "workspace": home}
        for tier in ("dedicated", "low_priority")
        for home in (None, HOME)
    ]
    usages = [{**row, "localized_name": None, "current": 1, "limit": 2, "percent": 50.0} for row in rows]
    given["found"]["usages"] = [
        {"subscription_id": SUBSCRIPTION, "location": "eastus", "usages": usages, "failure": None}
    ]
    report = build(given)
    assert merge([report, report])["usages"] == report["usages"] and len(report["usages"]) == 4


def test_only_unknown_prices_are_unknown() -> None:
    report = build(facts([priced("a", None, None)], cost={"currency": None, "unknown": [f"{HOME}/computes/a"]}))
    assert wording.cost_text(Report.from_dict(report).totals, report["currency"]) == "unknown"
    assert "<b>unknown</b>cost a month" in page_of(report)


def test_without_an_estimate_nothing_is_said_of_cost() -> None:
    report = build(facts([planned("a")], [body("a")]))
    assert "cost" not in markdown(report).casefold() and "onthly cost" not in page_of(report)


def test_reports_on_shares_make_one() -> None:
    """Each part knows the whole document; of two on one workspace the later counts, and a workspace that nobody has looked at is told."""
    there, gone = f"{HOME}2", f"{HOME}3"

    def part(home: str, *targets: Row, bodies: t.Sequence[Row] = ()) -> Row:
        moved = [[{**row, "id": row["id"].replace(HOME, home)} for row in rows] for rows in (targets, bodies)]
        given = facts(moved[0], moved[1], cost={"currency": "USD", "unknown": []})
        given["fleet"]["document"] = [HOME, there, gone]
        given["found"]["workspaces"][0]["id"] = home
        place = {"subscription_id": SUBSCRIPTION, "location": "eastus"}
        given["found"]["usages"] = [
            {**place, "usages": [{"name": "n", "current": 1, "limit": 2, "percent": 50.0}], "failure": None}
        ]
        return build(given)

    old, one = (
        part(HOME, priced("a", 1.0, 2.0, action="update")),
        part(HOME, priced("a", 0.0, 2.0), bodies=[body("stray")]),
    )
    two = part(there, priced("a", 0.0, 3.0, action="create"))
    merged = merge([old, two, one])
    assert [workspace["id"] for workspace in merged["workspaces"]] == [HOME, there, gone]
    assert [(target["id"].split("/workspaces/")[1], target["status"]) for target in merged["targets"]] == [
        ("ws/computes/a", "as declared"), ("ws2/computes/a", "differs"), ("ws/computes/stray", "undeclared"),
    ]  # fmt: skip
    assert (merged["totals"]["targets"], merged["totals"]["unreadable"], len(merged["usages"])) == (2, 1, 1)
    assert (merged["totals"]["monthly_minimum"], merged["totals"]["monthly_maximum"]) == (0.0, 5.0)
    assert "Not processed" in merged["workspaces"][2]["error"] and merged["drifted"]
    assert merge([merged]) == merged == merge([merge([old, two]), one])
    assert "Not processed" in page_of(merged)


def everywhere(value: t.Any) -> t.Any:
    """The same facts with the evil text in the place of every text that is not an id or a name by which rows find each other."""
    if isinstance(value, dict):
        keep = ("id", "action", "generated", "type")
        return {key: row if key in keep else everywhere(row) for key, row in value.items()}
    if isinstance(value, list):
        return [everywhere(item) for item in value]
    return EVIL if isinstance(value, str) else value


def test_no_value_becomes_markup() -> None:
    change = {"field": "tags", "before": {"x": "a"}, "after": {"x": "b"}, "reason": "a"}
    kind = f"kind{EVIL}"
    given = facts(
        [planned("a", "update", changes=[change], reason="r"), planned("b", failure={"message": "m"}), planned("c")],
        [
            body("a", state="s", size="z", ssh_public_access_enabled=True, ssh_settings={"admin_username": "u"}),
            body("d", kind),
        ],
        location="l",
    )
    place = {"subscription_id": SUBSCRIPTION, "location": "l"}
    usages = [{"name": "n", "localized_name": "n", "current": 1, "limit": 2, "percent": 50.0}]
    given["found"]["usages"] = [
        {**place, "usages": usages, "failure": None},
        {**place, "usages": [], "failure": {"message": "m"}},
    ]
    given["fleet"]["totals"] = {"cost": {"currency": "c", "unknown": []}}
    given["fleet"]["targets"][0]["cost"] = {"currency": "c", "monthly_minimum": 1, "monthly_maximum": 2}
    report = build(everywhere(given))
    page, text = page_of(report), markdown(report)
    assert page.count("<script>") == page.count("</script>") == 1 and "&lt;script&gt;" in page
    assert "<" not in text and all(
        line.count("|") - line.count("\\|") in (0, line.count(" | ") + 2)
        for line in text.splitlines()
        if line.startswith("| ")
    )
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(drawing)


def test_the_pages_script_is_the_one_that_its_policy_allows() -> None:
    page = page_of(build(facts()))
    assert page.index("Content-Security-Policy") < page.index("<style>")
    assert f"script-src {_page._hash(re.findall('<script>(.*?)</script>', page, re.DOTALL)[0])};" in page
    assert f"style-src {_page._hash(re.findall('<style>(.*?)</style>', page, re.DOTALL)[0])};" in page
    assert " style=" not in page, "the policy allows no style of an element"


def test_the_graph_folds_what_is_alike() -> None:
    names = [f"c{number:03}" for number in range(300)]
    report = build(
        facts([planned(name, "update" if name == "c007" else "none") for name in names], [body(name) for name in names])
    )
    drawing = ElementTree.fromstring(chart.graph(Report.from_dict(report)))
    texts = [item.text for item in drawing.iter("text")]
    assert "≠ c007 1/4" in texts and "✓ 299 as declared" in texts and "✓ c001 1/4" not in texts
    assert float(drawing.get("height") or 0) < 300


def test_what_is_long_is_folded() -> None:
    for count, folded in ((30, False), (31, True)):
        page = page_of(build(facts([planned(f"c{number}", "update") for number in range(count)])))
        assert (f"<summary>What differs ({count})</summary>" in page) is folded and (
            f"<h2>What differs ({count})</h2>" in page
        ) is not folded


def test_boxes_of_the_graph_do_not_overlap() -> None:
    bodies = [
        body("a"),
        body("b", identity={"type": "system_assigned"}),
        body("c", network_settings={"subnet": SUBNET}),
        body("d"),
    ]
    report = build(facts([], bodies))
    others = [
        copy.deepcopy(report["workspaces"][0]) | {"id": f"{HOME}{number}", "name": f"ws{number}"}
        for number in range(50)
    ]
    report["workspaces"] += others
    drawing = ElementTree.fromstring(chart.graph(Report.from_dict(report)))
    columns: dict[str, list[tuple[float, float]]] = {}
    for rect in drawing.iter("rect"):
        top = float(rect.get("y") or 0)
        columns.setdefault(str(rect.get("x")), []).append((top, top + float(rect.get("height") or 0)))
    assert len(columns) == 5 and min(top for column in columns.values() for top, _bottom in column) >= 0
    for column in columns.values():
        ordered = sorted(column)
        assert all(bottom <= following for (_top, bottom), (following, _end) in zip(ordered, ordered[1:]))
    height = float(drawing.get("height") or 0)
    assert max(bottom for column in columns.values() for _top, bottom in column) <= height < 55 * 34, (
        "a workspace of which nothing is to be said is one row"
    )
    edges = [item.get("d") or "" for item in drawing.iter("path")]
    assert len(edges) == len(list(drawing.iter("rect"))) - 1, "every box hangs on one other, but for the subscription"


def test_clusters_are_more_only_if_others_are_reachable() -> None:
    silent = {"ssh_public_access_enabled": True, "ssh_settings": {}}
    own = {"ssh_public_access_enabled": True, "ssh_settings": {"admin_username": "ada"}}
    for bodies, text in (
        ([body("a", **silent)], "On 1 cluster the SSH port"),
        ([body("a", **silent), body("b", **own)], "On 1 more cluster the SSH port"),
    ):
        shown = _text.text(Report.from_dict(build(facts([planned(one["name"]) for one in bodies], bodies))))
        assert text in shown


def test_a_section_without_content_is_omitted() -> None:
    quiet = build(facts([planned("c1")], [body("c1")]))
    drifted = build(facts([planned("c1", "update")], [body("c1")]))
    titles = ["What differs", "Failed (", "Not declared", "Retirements", "SSH open on a public address", "Quota in use"]
    for form in (_text.text, _markdown.markdown):
        shown = form(Report.from_dict(quiet))
        assert [title for title in titles if title in shown] == [] and "Workspaces" in shown and "None." not in shown
        assert [title for title in titles if title in form(Report.from_dict(drifted))] == ["What differs"]


@pytest.mark.parametrize(
    ("text", "shown"), [("0123456789", "0123456789"), ("ws-europe-west-01", "ws-e…st-01"), ("<" * 11, "&lt;" * 4 + "…" + "&lt;" * 5)]
)  # fmt: skip
def test_long_names_in_drawings_keep_their_ends(text: str, shown: str) -> None:
    assert chart._cut(text, 10) == shown
