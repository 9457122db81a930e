# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is retired: warnings at three dates, in modules, fleets, the pre-flight and exports; and no example uses any of it."""

from __future__ import annotations

import datetime
import re
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds import retirements
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._report.document import build
from ansible_collections.azureml.compute.plugins.module_utils._report.markdown import markdown
from ansible_collections.azureml.compute.plugins.module_utils._report.page import page
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = {"name": "cpu-c", "max_instances": 1}
BEFORE, SOON, AFTER = (datetime.date(year, 4, 1) for year in (2026, 2028, 2029))
# What people copy, and what runs without a choice of theirs.
SHOWN = (
    "README.md",
    "docs/docsite",
    "examples",
    "roles",
    "playbooks",
    "plugins",
    "scripts",
    "extensions/molecule",
)


NOT_DECLARED = (
    ("docs/docsite/rst/guide_changes.rst", "Standard_NC6s_v3"),
    ("scripts/acceptance_proof.py", "STANDARD_DS2_V2"),
)


def retired(texts: t.Iterable[str]) -> list[str]:
    return [text.partition(": ")[0] for text in texts if "etir" in text.partition(": ")[0]]


@pytest.mark.parametrize(("today", "codes"), [(BEFORE, []), (SOON, ["Retiring"]), (AFTER, ["Retired"])])
def test_a_size_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    declared = {**CLUSTER, "size": "Standard_DS3_v2"}
    for options in ({"check": True}, {}, {}):
        # Also of a run that changes nothing.
        warnings = azure.run("aml_compute_cluster", **declared, **options)["warnings"]
        assert retired(warnings) == codes
        assert not codes or ("Standard_DS3_v2" in warnings[0] and "2028-05-01" in warnings[0] and "Dsv5" in warnings[0])
    fleet = [{"name": WORKSPACE, "resource_group": GROUP, "computes": [{"type": "amlcompute", **declared}]}]
    done = azure.run("aml_fleet", workspaces=fleet, full_result=True)
    assert [retired(done["warnings"]), retired(done["targets"][0]["warnings"])] == [codes, codes]
    found = azure.run("aml_preflight_info", computes=[{"type": "amlcompute", **declared}])["findings"]
    assert [(item["code"], item["option"], item["severity"]) for item in found] == [
        (code, "size", "warning") for code in codes
    ]
    on_page = on_the_page(azure, azure.run("aml_fleet", workspaces=fleet, full_result=True, check=True), fleet)
    assert on_page == [(code.lower(), "size", "cpu-c") for code in codes]
    exported = azure.run("aml_export_info")
    assert [text.partition(": ")[2].partition(":")[0] for text in exported["warnings"]] == codes


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2025, 3, 1), []),
        (datetime.date(2025, 6, 1), ["Retiring"]),
        (datetime.date(2026, 3, 31), ["Retired"]),
    ],
)
def test_low_priority_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    declared = {**CLUSTER, "size": "Standard_DS3_v2", "tier": "low_priority"}
    assert retired(azure.run("aml_compute_cluster", **declared)["warnings"]) == codes
    # The existing target has it, whether it is declared or not.
    assert retired(azure.run("aml_compute_cluster", name="cpu-c", max_instances=2)["warnings"]) == codes
    assert retired(azure.run("aml_compute_cluster", name="cpu-c", state="absent")["warnings"]) == []


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2023, 1, 1), []),
        (datetime.date(2023, 3, 1), ["Retiring"]),
        (datetime.date(2024, 2, 29), ["Retired"]),
    ],
)
def test_a_type_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    account = azure.resource("Microsoft.DataLakeAnalytics/accounts", "lake", version="2016-11-01")
    declared = {"name": "lake-a", "type": "datalakeanalytics", "resource_id": account}
    for options in ({"check": True}, {}, {}):
        assert retired(azure.run("aml_attached_compute", **declared, **options)["warnings"]) == codes
    assert channels(azure, declared, "type") == [codes] * 3


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2025, 6, 1), []),
        (datetime.date(2025, 7, 1), ["Retiring"]),
        (datetime.date(2026, 6, 30), ["Retired"]),
    ],
)
def test_an_inference_cluster_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    declared = {"name": "aks-a", "agent_count": 1, "agent_vm_size": "Standard_D4s_v3", "cluster_purpose": "dev_test"}
    warnings = azure.run("aml_inference_cluster", **declared)["warnings"]
    assert retired(warnings) == codes
    assert not codes or ("SDK v1" in warnings[0] and "type kubernetes" in warnings[0])
    assert channels(azure, {**declared, "type": "aks"}, "type") == [codes] * 3


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2023, 1, 1), []),
        (datetime.date(2023, 2, 1), ["Retiring"]),
        (datetime.date(2024, 1, 26), ["Retired"]),
    ],
)
def test_a_runtime_that_only_the_service_knows_at_three_dates(
    azure: Azure, today: datetime.date, codes: list[str]
) -> None:
    azure.today = today
    synapse = azure.resource("Microsoft.Synapse/workspaces", "syn", {"properties": {}}, "2021-06-01")
    pool = f"{synapse}/bigDataPools/pool"
    azure.arm("PUT", pool, {"location": "eastus", "properties": {"sparkVersion": "3.1"}}, "2021-06-01")
    declared = {"name": "spark-a", "type": "synapsespark", "resource_id": pool}
    for _time in range(2):
        assert retired(azure.run("aml_attached_compute", **declared)["warnings"]) == codes
    assert channels(azure, declared, "spark_version") == [codes] * 3


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2025, 9, 1), []),
        (datetime.date(2025, 11, 1), ["Retiring"]),
        (datetime.date(2026, 10, 1), ["Retired"]),
    ],
)
def test_a_tier_of_an_attached_resource_at_three_dates(azure: Azure, today: datetime.date, codes: list[str]) -> None:
    azure.today = today
    bricks = azure.resource("Microsoft.Databricks/workspaces", "dbx", {"sku": {"name": "standard"}}, "2024-05-01")
    declared = {"name": "dbx-a", "type": "databricks", "resource_id": bricks, "access_token": "dapi-planted-1"}
    warnings = azure.run("aml_attached_compute", **declared)["warnings"]
    assert retired(warnings) == codes and (not codes or "tier Premium" in warnings[0])


def channels(azure: Azure, declared: dict[str, t.Any], option: str) -> list[list[str]]:
    """The codes of the warnings about an existing target, of a fleet, the pre-flight and the export; each has each once."""
    fleet = [{"name": WORKSPACE, "resource_group": GROUP, "computes": [declared]}]
    done = azure.run("aml_fleet", workspaces=fleet, full_result=True, check=True)
    assert retired(done["targets"][0]["warnings"]) == retired(done["warnings"])
    findings = azure.run("aml_preflight_info", computes=[declared])["findings"]
    about = [finding["code"] for finding in findings if finding["code"] in ("Retired", "Retiring")]
    assert [finding["option"] for finding in findings if finding["code"] in about] == [option] * len(about)
    exported = [text.partition(": ")[2] for text in azure.run("aml_export_info")["warnings"]]
    assert on_the_page(azure, done, fleet) == [(code.lower(), option, declared["name"]) for code in about]
    return [retired(done["warnings"]), about, retired(exported)]


def on_the_page(azure: Azure, planned: dict[str, t.Any], fleet: list[dict[str, t.Any]]) -> list[tuple[str, str, str]]:
    """The rows of the drift page: status, option and target. What declaration and resource have in common is one row."""
    info = azure.run("aml_fleet_info", workspaces=fleet)
    report = build({"generated": "2026-01-02T00:00:00Z", "name": None, "fleet": planned, "found": info})
    text = markdown(report).partition("## Retirements")[2].partition("##")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| 20")]
    assert all(page(report).count(row[5].replace("\\_", "_")) == 1 for row in rows)
    return [(row[2].partition(":")[0], row[2].replace("\\_", "_").split()[1], row[4].partition("/")[2]) for row in rows]


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2026, 4, 1), []),
        (datetime.date(2026, 11, 30), ["Retiring"]),
        (datetime.date(2027, 5, 31), ["Retired"]),
    ],
)
@pytest.mark.parametrize("declared_in_fleet", [True, False])
def test_the_size_of_a_deployment_at_three_dates(
    azure: Azure, today: datetime.date, codes: list[str], declared_in_fleet: bool
) -> None:
    azure.today = today
    names = {"endpoint_name": "iris", "name": "blue"}
    blue = {**names, "model": "azureml:iris:3", "instance_type": "Standard_HB120rs_v2", "instance_count": 1}
    azure.run("aml_online_endpoint", name="iris")
    for options in ({"check": True}, {}, {}):
        warnings = azure.run("aml_online_deployment", **blue, **options)["warnings"]
        assert retired(warnings) == codes and all("instance_type" in text for text in warnings)
    assert retired(azure.run("aml_online_deployment", **names, instance_count=2)["warnings"]) == codes
    home = {"name": WORKSPACE, "resource_group": GROUP, "online_endpoints": [{"name": "iris"}]}
    fleet = [{**home, "online_deployments": [blue] if declared_in_fleet else []}]
    done = azure.run("aml_fleet", workspaces=fleet, full_result=True, check=True)
    assert retired(done["warnings"]) == (codes if declared_in_fleet else [])
    info = azure.run("aml_fleet_info", workspaces=fleet, online_endpoints=True, online_deployments=True)
    report = build({"generated": "2026-01-02T00:00:00Z", "name": None, "fleet": done, "found": info})
    assert [use["option"] for target in report.to_dict()["targets"] for use in target["retirements"]] == [
        "instance_type" for _code in codes
    ]
    exported = [text.split(": ")[:2] for text in azure.run("aml_export_info")["warnings"]]
    assert exported == [["iris/blue", code] for code in codes]


def test_an_instance_type_of_a_kubernetes_cluster_does_not_retire(azure: Azure) -> None:
    # Its name is the choice of who runs the cluster.
    body = {"properties": {"endpointComputeType": "Kubernetes", "instanceType": "Standard_NC6"}}
    assert ONLINE_DEPLOYMENT.retirement_notices({}, body) == []
    assert ONLINE_DEPLOYMENT.retirement_notices({"type": "kubernetes", "instance_type": "Standard_NC6"}, None) == []
    assert ONLINE_DEPLOYMENT.retirement_notices({"instance_type": "Standard_NC6"}, None) != []


@pytest.mark.parametrize(
    ("today", "codes"),
    [
        (datetime.date(2025, 3, 30), []),
        (datetime.date(2025, 3, 31), ["Retiring"]),
        (datetime.date(2026, 3, 31), ["Retired"]),
    ],
)
def test_the_spark_version_of_a_feature_store_at_three_dates(
    azure: Azure, today: datetime.date, codes: list[str]
) -> None:
    azure.today = today
    settings = {"spark_runtime_version": "3.4"}
    home = azure.get(WORKSPACE_ID)
    body = {name: home["properties"][name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    body["featureStoreSettings"] = {"computeRuntime": {"sparkRuntimeVersion": "3.4"}}
    store = {"location": "eastus", "kind": "featurestore", "identity": {"type": "SystemAssigned"}, "properties": body}
    azure.arm("PUT", WORKSPACE_ID.replace(WORKSPACE, "store"), store)
    done = azure.run("aml_workspace", name="store", feature_store_settings=settings)
    assert retired(done["warnings"]) == codes and not done["changed"]
    exported = azure.run("aml_export_info", workspace="store")
    assert retired(text.partition(": ")[2] for text in exported["warnings"]) == codes


def test_a_fleet_warns_once_of_what_many_targets_use(azure: Azure) -> None:
    computes = [
        {"type": "amlcompute", "name": f"c-{n}x", "size": "Standard_DS3_v2", "tier": "low_priority", "max_instances": 1}
        for n in range(7)
    ]
    done = azure.run("aml_fleet", workspaces=[{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}])
    (text,) = [warning for warning in done["warnings"] if "Retired" in warning]
    assert "7 target(s): ws-test/c-0x" in text and text.endswith("and 2 more.")
    assert [len(retired(target["warnings"])) for target in done["targets"]] == [1] * 7


@pytest.mark.parametrize(
    ("size", "date"),
    [
        ("STANDARD_NC6S_V3", "2025-09-30"),
        ("Standard_NC24rs_v3", "2025-03-31"),
        ("Standard_NC6", "2023-08-31"),
        ("Standard_A4", "2024-08-31"),
        ("Standard_DC2s_v2", "2026-06-30"),
        ("Standard_NV8as_v4", "2026-09-30"),
        ("Standard_NV12s_v3", "2026-09-30"),
        ("Standard_D3_v2", "2028-05-01"),
        ("Standard_DS13-4_v2", "2028-05-01"),
        ("Standard_F4s_v2", "2028-11-15"),
        ("Standard_A4m_v2", "2028-11-15"),
        ("Standard_B2ms", "2028-11-15"),
        ("Standard_H16mr", "2022-08-31"),
        # Promo sizes are retired with those of the same names.
        ("Standard_NC24r_Promo", "2023-08-31"),
        ("Standard_NV6_Promo", "2023-08-31"),
        ("Standard_H16m_Promo", "2022-08-31"),
        ("Standard_DS3_v2_Promo", "2028-05-01"),
        ("Standard_A4m_v2_Promo", "2028-11-15"),
        ("Standard_D4s_v3", None),
        ("Standard_D4s_v5", None),
        ("Standard_E8ds_v5", None),
        ("Standard_NC4as_T4_v3", None),
        ("Standard_NC24ads_A100_v4", None),
        ("Standard_NV6ads_A10_v5", None),
        ("Standard_B2s_v2", None),
        ("Standard_HB120rs_v3", None),
        ("Standard_L8s_v3", None),
        ("Standard_DC4ds_v3", "2029-10-31"),
        ("Standard_HB120rs_v2", "2027-05-31"),
        ("Standard_HB120-16rs_v2", "2027-05-31"),
        ("Standard_HC44rs", "2027-05-31"),
        ("Standard_HC44-32rs", "2027-05-31"),
        ("Standard_NP20s", "2027-05-31"),
        ("Standard_DC4as_cc_v5", "2026-08-01"),
        ("Standard_EC8ads_cc_v5", "2026-08-01"),
        ("Standard_HX176rs", None),
        ("Standard_HB176-24rs_v4", None),
        ("Standard_DC4as_v5", None),
        ("Standard_DC4es_v6", None),
        ("Standard_ND40rs_v2", None),
    ],
)
def test_sizes(size: str, date: str | None) -> None:
    row = retirements.of(retirements.SIZE, size)
    assert (row and row.date.isoformat()) == date


@pytest.mark.parametrize("size", ["Standard_D4s_v5", "Standard_D4ds_v5", "Standard_E4s_v5", "Standard_D4ds_v4"])
def test_what_replaces_a_retiring_size_is_checked_and_created(azure: Azure, size: str) -> None:
    azure.today = BEFORE
    declared = {"name": "cpu-new", "size": size, "max_instances": 1}
    for changed in (True, False):
        done = azure.run("aml_compute_cluster", preflight=True, **declared)
        assert done["changed"] is changed and retired(done["warnings"]) == []


def test_no_example_and_no_default_uses_what_is_retired_or_will_be() -> None:
    files = [
        path
        for place in SHOWN
        for path in ([ROOT / place] if (ROOT / place).is_file() else sorted((ROOT / place).rglob("*")))
    ]
    used = {
        (path.relative_to(ROOT).as_posix(), size)
        for path in files
        if path.is_file() and path.suffix in (".md", ".rst", ".yml", ".yaml", ".py", ".j2", ".sh", "")
        for size in re.findall(r"(?i)(?<![a-z0-9])standard_[a-z]+\d[a-z0-9_-]*", path.read_text(errors="replace"))
    }
    # What replaces old sizes has to name some, and what proves that another guess about the service is noticed declares nothing.
    used = {item for item in used if "modernise" not in item[0] and item not in NOT_DECLARED}
    assert used and [item for item in sorted(used) if retirements.of(retirements.SIZE, item[1])] == []
    declared = re.compile(r"^\W*(tier|vm_priority): low_priority|\btype: (aks|datalakeanalytics)\b", re.MULTILINE)
    texts = [path for path in files if path.suffix in (".yml", ".yaml", ".md", ".rst")]
    # Scenarios of molecule try every type of the role, and argument specs list every choice.
    examples = [path for path in texts if not {"meta", "molecule"} & set(path.parts)]
    assert [path for path in examples if declared.search(path.read_text())] == []
