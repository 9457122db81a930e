# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""aml_kubernetes_extension and aml_kubernetes_extension_info against the simulator. Facts: docs/facts.md n."""

from __future__ import annotations

import base64
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.functional.test_second_writer import Gap
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, Azure

MODULE, INFO = "aml_kubernetes_extension", "aml_kubernetes_extension_info"
AKS, ARC = "Microsoft.ContainerService/managedClusters", "Microsoft.Kubernetes/connectedClusters"
VERSION = "2025-03-01"
TRAINING = {"enable_training": True}
SERVING = {
    "enable_inference": True,
    "allow_insecure_connections": True,
    "inference_router_service_type": "load_balancer",
}
CERT = "-----BEGIN CERTIFICATE-----\nplanted-certificate\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nplanted-key\n-----END PRIVATE KEY-----\n"


def cluster(azure: Azure, nodes: int = 3, name: str = "aks-ml", **pool: t.Any) -> str:
    pools = [{"name": "pool1", "mode": "System", "count": nodes, "vmSize": "Standard_D4ds_v5", **pool}]
    return azure.resource(AKS, name, {"properties": {"agentPoolProfiles": pools}}, "2024-09-01")


def path(cluster_id: str) -> str:
    return f"{cluster_id}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"


def run(azure: Azure, cluster_id: str, **options: t.Any) -> dict[str, t.Any]:
    return azure.run(MODULE, cluster_id=cluster_id, name="azureml", **options)


def planned_then_done(azure: Azure, cluster_id: str, action: str, **options: t.Any) -> dict[str, t.Any]:
    """Check mode plans what the run does, and writes nothing; a second run changes nothing, with one token and one GET."""
    planned = run(azure, cluster_id, check=True, **options)
    assert azure.writes == []
    done = run(azure, cluster_id, **options)
    for key in ("plan", "diff", "changed"):
        assert planned[key] == done[key]
    assert done["plan"]["action"] == action
    again = run(azure, cluster_id, **options)
    assert (again["changed"], again["extension"]) == (False, done["extension"])
    assert [request.method for request in azure.sent] == ["GET"] and azure.tokens <= 1
    return done


def settings(azure: Azure, cluster_id: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", azure.get(path(cluster_id), VERSION)["properties"]["configurationSettings"])


def protected(azure: Azure, cluster_id: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", azure.app.store.private(path(cluster_id))["protected"])


def test_an_extension_is_installed_as_azure_cli_does(azure: Azure) -> None:
    aks = cluster(azure)
    done = planned_then_done(azure, aks, "create", **TRAINING, **SERVING)["extension"]
    assert (done["health"], done["current_version"], done["release_train"]) == ("healthy", "1.1.73", "stable")
    assert (done["cluster_id"], done["release_namespace"]) == (aks, "azureml") and done["principal_id"]
    kept = settings(azure, aks)
    assert (kept["cluster_name"], kept["domain"], kept["relayserver.enabled"]) == (
        aks,
        "eastus.cloudapp.azure.com",
        "false",
    )
    assert (kept["enableTraining"], kept["scoringFe.serviceType.nodePort"]) == ("True", "False")


def test_only_what_was_declared_changes(azure: Azure) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING, **SERVING, node_selector={"agentpool": "pool1"}, configuration_settings={"a": "b"})
    before = settings(azure, aks)
    changes = {"install_prom_op": False, "node_selector": {"agentpool": "pool2"}, "configuration_settings": {"c": True}}
    done = planned_then_done(azure, aks, "update", **changes, release_train="preview")
    [patch] = [request for request in azure.sent if request.method != "GET"] or [None]
    after = settings(azure, aks)
    changed = {"installPromOp": "False", "nodeSelector.agentpool": "pool2", "c": "True"}
    assert patch is None and after == {**before, **changed}
    assert done["extension"]["configuration_settings"]["a"] == "b"
    assert any("RunningWorkAffected" in text and "node_selector" in text for text in done["warnings"])


def test_an_update_sends_a_patch_of_what_differs(azure: Azure) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING)
    run(azure, aks, **TRAINING, install_volcano=False)
    assert [(sent.method, sent.body) for sent in azure.writes] == [
        ("PATCH", {"properties": {"configurationSettings": {"installVolcano": "False"}}})
    ]


def test_an_update_leaves_settings_that_were_not_declared_to_other_writers(azure: Azure) -> None:
    """The PATCH merges settings: one that went along as it was read would overwrite what another writer has set since."""
    aks = cluster(azure)
    run(azure, aks, **TRAINING, node_selector={"pool": "a", "zone": "1"}, configuration_settings={"a": "b", "c": "d"})
    path = f"{aks}/providers/Microsoft.KubernetesConfiguration/extensions/azureml"
    theirs = {"properties": {"configurationSettings": {"a": "theirs", "nodeSelector.zone": "2"}}}
    with Gap(azure, path, lambda: azure.arm("PATCH", path, theirs, "2025-03-01", wait=60), None) as gap:
        run(azure, aks, node_selector={"pool": "other"}, configuration_settings={"c": "mine"})
    assert gap.acted
    assert [write.body["properties"]["configurationSettings"] for write in azure.writes] == [
        {"nodeSelector.pool": "other", "c": "mine"}
    ]
    now = settings(azure, aks)
    assert (now["a"], now["nodeSelector.zone"], now["c"], now["nodeSelector.pool"]) == ("theirs", "2", "mine", "other")


def test_settings_whose_last_write_failed_are_written_again(azure: Azure) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING, configuration_settings={"c": "d"})
    handle = azure.app.handle

    def failing(request: t.Any) -> t.Any:
        answer = handle(request)
        if request.method == "GET" and request.path.endswith("/extensions/azureml") and azure.writes == []:
            answer.body = {**answer.body, "properties": {**answer.body["properties"], "provisioningState": "Failed"}}
        return answer

    azure.app.handle = failing  # type: ignore[method-assign]
    done = run(azure, aks, configuration_settings={"c": "d"})
    [patch] = azure.writes
    assert done["changed"] and patch.body["properties"]["configurationSettings"]["c"] == "d"


def test_certificates_are_sent_and_never_shown(azure: Azure, tmp_path: Path) -> None:
    aks = cluster(azure)
    files = {"cert_file": tmp_path / "a.pem", "key_file": tmp_path / "a.key"}
    for (_option, file), text in zip(files.items(), (CERT, KEY), strict=True):
        file.write_text(text)
    given = {"cname": "a.example.org", **{option: str(file) for option, file in files.items()}}
    options = {"enable_inference": True, "inference_router_service_type": "cluster_ip", "ssl": given}
    options["configuration_protected_settings"] = {"other": "planted-setting"}
    done = planned_then_done(
        azure,
        aks,
        "create",
        **options,
    )
    assert not any(text in f"{done}{azure.text}" for text in ("planted-key", "planted-setting"))
    assert done["extension"]["protected_options"] == ["configuration_protected_settings.other", "ssl.cert", "ssl.key"]
    sent = protected(azure, aks)
    assert base64.b64decode(sent["scoringFe.sslKey"]).decode() == KEY and sent["other"] == "planted-setting"
    # Another host name takes all protected settings with it, because a write replaces them.
    given["cname"] = "b.example.org"
    run(azure, aks, **options)
    assert protected(azure, aks) == sent
    only = {"ssl": {"cert": CERT, "key": KEY}, "update_password": "always"}
    warned = run(azure, aks, **only)
    assert warned["changed"] and any("configuration_protected_settings.other" in text for text in warned["warnings"])
    assert "other" not in protected(azure, aks)


def test_a_small_cluster_gets_one_router(azure: Azure) -> None:
    aks = cluster(azure, nodes=1)
    done = run(azure, aks, **SERVING)
    assert done["extension"]["inference_router_ha"] is False and "SmallCluster" in str(done["warnings"])
    other = cluster(azure, nodes=2, name="aks-two")
    for mode in (True, False):
        refused = azure.run(
            MODULE, ok=False, check=mode, cluster_id=other, name="azureml", **SERVING, inference_router_ha=True
        )
        assert refused["failure"]["code"] == "TooFewNodes" and azure.writes == []


def test_an_arc_cluster_needs_a_relay_for_jobs(azure: Azure) -> None:
    arc = azure.resource(ARC, "arc", {}, "2024-01-01")
    assert "RelayNotDeclared" in str(run(azure, arc, check=True, **TRAINING)["warnings"])
    relay = {"relayserver.relayConnectionString": "planted-relay"}
    done = planned_then_done(azure, arc, "create", **TRAINING, configuration_protected_settings=relay)
    assert "RelayNotDeclared" not in str(done["warnings"]) and "planted" not in str(done)
    assert settings(azure, arc)["relayserver.enabled"] == "true"


def test_node_selectors_that_no_pool_has(azure: Azure) -> None:
    aks = cluster(azure, nodeLabels={"team": "ml"})
    for selector, warned in (({"team": "ml"}, False), ({"agentpool": "pool1"}, False), ({"team": "web"}, True)):
        done = run(azure, aks, check=True, **TRAINING, node_selector=selector)
        assert ("NodeSelectorUnmatched" in str(done["warnings"])) is warned


def test_instance_types_that_no_node_can_run(azure: Azure) -> None:
    aks = cluster(azure, nodeLabels={"team": "ml"})
    small = {"resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": 64}}}
    types = {
        "small": small,
        "own": {**small, "node_selector": {"team": "ml", "kubernetes.azure.com/mode": "system"}},
        "large": {"resources": {"requests": {"cpu": 8}}},
        "elsewhere": {"node_selector": {"team": "web"}},
    }
    options = {"name": "aks", "type": "kubernetes", "resource_id": aks, "instance_types": types}
    warned = str(azure.run("aml_attached_compute", check=True, **options, default_instance_type="small")["warnings"])
    assert "InstanceTypeTooLarge: instance type 'large' requests 8 vCPUs" in warned and "'elsewhere'" in warned
    assert "'small'" not in warned and "'own'" not in warned


def test_a_failed_health_check_is_explained_and_repeated(azure: Azure) -> None:
    aks = cluster(azure)
    azure.run("aml_inference_cluster", name="old-aks", resource_id=aks)
    failed = azure.run(MODULE, ok=False, cluster_id=aks, name="azureml", **SERVING)
    assert (failed["failure"]["code"], failed["changed"]) == ("ExtensionOperationFailed", True)
    assert "arcml-healthcheck" in failed["failure"]["hint"] and "E45005" in failed["failure"]["hint"]
    assert azure.run(INFO, cluster_id=aks)["extensions"][0]["health"] == "failed"
    azure.run("aml_inference_cluster", name="old-aks", state="absent")
    again = planned_then_done(azure, aks, "update", **SERVING)
    assert again["plan"]["reason"] == "it is as declared, but its last write failed"


def test_an_unhealthy_extension_is_reported(azure: Azure) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING)
    doc = azure.app.store.get(path(aks))
    assert doc is not None
    doc["properties"]["statuses"] = [{"code": "Unhealthy", "level": "Error", "message": "gateway is not ready"}]
    azure.app.store.put(path(aks), doc)
    done = run(azure, aks, **TRAINING)
    assert done["extension"]["health"] == "unhealthy" and "gateway is not ready" in str(done["warnings"])


def test_what_is_immutable_and_what_is_replaced(azure: Azure) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING, configuration_settings={"a": "b"}, configuration_protected_settings={"c": "planted"})
    for mode in (True, False):
        refused = azure.run(MODULE, ok=False, check=mode, cluster_id=aks, name="azureml", release_namespace="other")
        assert refused["failure"]["code"] == "ImmutableChange" and azure.writes == []
    options = {"release_namespace": "other", "on_immutable_change": "recreate"}
    refused = azure.run(MODULE, ok=False, cluster_id=aks, name="azureml", **options)
    assert refused["failure"]["code"] == "SecretNeeded" and azure.writes == []
    done = run(azure, aks, **options, configuration_protected_settings={"c": "planted"})["extension"]
    assert (done["release_namespace"], done["enable_training"]) == ("other", True)
    assert done["configuration_settings"]["a"] == "b" and protected(azure, aks) == {"c": "planted"}


def test_a_replacement_at_an_older_version_leaves_out_what_that_lacks(azure: Azure) -> None:
    """Or the creation would fail after the deletion."""
    aks = cluster(azure)
    run(azure, aks, **TRAINING, auto_upgrade_mode="patch")
    older = {"api_version": "2024-11-01", "release_namespace": "other", "on_immutable_change": "recreate"}
    done = run(azure, aks, **older)
    assert done["plan"]["action"] == "replace" and done["extension"]["release_namespace"] == "other"


def test_other_extensions_and_missing_clusters(azure: Azure) -> None:
    aks = cluster(azure)
    doc = {"id": path(aks), "name": "azureml", "type": "Microsoft.KubernetesConfiguration/extensions"}
    azure.app.store.put(
        path(aks), {**doc, "properties": {"extensionType": "microsoft.flux", "provisioningState": "Succeeded"}}
    )
    for options in (TRAINING, {"state": "absent"}):
        refused = azure.run(MODULE, ok=False, cluster_id=aks, name="azureml", **options)
        assert refused["failure"]["code"] == "OtherExtensionType" and azure.writes == []
    assert azure.run(INFO, cluster_id=aks)["extensions"] == []
    nowhere = f"{GROUP_ID}/providers/{AKS}/nowhere"
    missing = azure.run(MODULE, ok=False, cluster_id=nowhere, name="azureml", **TRAINING)
    assert missing["failure"]["code"] == "ParentResourceNotFound" and azure.writes == []
    assert run(azure, nowhere, check=True, **TRAINING)["plan"]["action"] == "create"
    assert not run(azure, nowhere, state="absent")["changed"]


def test_removal(azure: Azure) -> None:
    aks = cluster(azure)
    made = run(azure, aks, **TRAINING)["extension"]
    for options in ({}, {"name": "azureml"}):
        assert azure.run(INFO, cluster_id=aks, **options)["extensions"] == [made]
    done = run(azure, aks, state="absent")
    assert done["changed"] and done["extension"] is None
    assert not run(azure, aks, state="absent")["changed"]
    assert azure.run(INFO, cluster_id=aks)["extensions"] == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "ExtensionIncomplete"),
        ({"enable_inference": True, "allow_insecure_connections": True}, "ExtensionIncomplete"),
        ({**SERVING, "allow_insecure_connections": False}, "ExtensionIncomplete"),
        ({**SERVING, "allow_insecure_connections": False, "ssl": {"secret_name": "tls"}}, "ExtensionIncomplete"),
        (
            {**SERVING, "inference_router_service_type": "node_port", "internal_load_balancer_provider": "azure"},
            "ExtensionIncomplete",
        ),
        ({**TRAINING, "version": "1.1.73"}, "ExtensionIncomplete"),
        ({**TRAINING, "api_version": "2024-11-01", "auto_upgrade_mode": "patch"}, "ApiVersionLacksOption"),
        ({**TRAINING, "ssl": {"cert": CERT}}, "CertificateIncomplete"),
        ({**TRAINING, "configuration_settings": {"enableInference": "true"}}, "InvalidSetting"),
    ],
)
def test_what_cannot_be_installed_is_refused(azure: Azure, options: dict[str, t.Any], code: str) -> None:
    aks = cluster(azure)
    for mode in (True, False):
        refused = azure.run(MODULE, ok=False, check=mode, cluster_id=aks, name="azureml", **options)
        assert refused["failure"]["code"] == code and azure.writes == []


@pytest.mark.parametrize(
    "changes",
    [{"enable_training": False}, {"enable_inference": True, "allow_insecure_connections": True}, {"version": "1.1.73"}],
    ids=["neither", "no router", "version"],
)
def test_an_update_that_leaves_half_an_extension_is_refused(azure: Azure, changes: dict[str, t.Any]) -> None:
    aks = cluster(azure)
    run(azure, aks, **TRAINING)
    for mode in (True, False):
        refused = azure.run(MODULE, ok=False, check=mode, cluster_id=aks, name="azureml", **changes)
        assert refused["failure"]["code"] == "ExtensionIncomplete" and azure.writes == []


def test_what_others_installed_is_checked_only_where_the_task_declares_some_of_it(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation with a certificate, whose protected settings the service does not show at all."""
    aks = cluster(azure)
    certificate = {"cname": "scoring.example.org", "cert": CERT, "key": KEY}
    run(azure, aks, **TRAINING, **{**SERVING, "allow_insecure_connections": False}, ssl=certificate)
    handle = azure.app.handle

    def without_protected(request: t.Any) -> t.Any:
        answer = handle(request)
        if answer.status < 300 and request.path == path(aks) and answer.body:
            answer.body = {**answer.body, "properties": {**answer.body["properties"], "configurationProtectedSettings": None}}  # fmt: skip
        return answer

    monkeypatch.setattr(azure.app, "handle", without_protected)
    for options in ({"install_volcano": False}, {"enable_training": False}, {"release_train": "preview"}):
        planned_then_done(azure, aks, "update", **options)
    assert protected(azure, aks)
    for options, named in (
        ({"ssl": {"cname": "other.example.org"}}, "needs a certificate"),
        ({"inference_router_service_type": "node_port", "internal_load_balancer_provider": "azure"}, "has no meaning"),
        ({"version": "1.1.73"}, "auto_upgrade_minor_version=false"),
    ):
        for check in (True, False):
            failed = run(azure, aks, check=check, ok=False, **options)
            assert named in failed["msg"] and azure.writes == []
