# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inference cluster's life, created and attached: what changes in place, what does not and why, cores, names, duplicates."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._kinds import sizes
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, SECRET, WORKSPACE_ID, Azure
from azureml_simulator.providers.machine_learning import catalogue

MODULE = "aml_inference_cluster"
AKS_VERSION = "2024-09-01"
TARGET = {"name": "scoring"}
CREATED = {**TARGET, "size": "Standard_DS3_v2", "agent_count": 3, "cluster_purpose": "fast_prod"}
CERT = "-----BEGIN CERTIFICATE-----\nplanted-certificate\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nplanted-tls-key-9W\n-----END PRIVATE KEY-----\n"
OWN = {"cert": CERT, "key": KEY, "cname": "scoring.example.org"}
NETWORK = {
    "vnet_name": "vnet",
    "subnet": "training",
    "service_cidr": "10.1.0.0/16",
    "dns_service_ip": "10.1.0.10",
    "docker_bridge_cidr": "172.17.0.1/16",
}


def make_aks(azure: Azure, name: str = "aks-prod", count: int = 3) -> str:
    pools = [{"name": "agentpool", "count": count, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    body = {"properties": {"dnsPrefix": name, "agentPoolProfiles": pools}}
    return azure.resource("Microsoft.ContainerService/managedClusters", name, body, AKS_VERSION)


def current(azure: Azure, name: str = "scoring") -> dict[str, t.Any]:
    found: dict[str, t.Any] = azure.run("aml_compute_info", name=name)["computes"][0]
    return found


def no_secret(azure: Azure) -> None:
    for secret in ("planted-tls-key-9W", SECRET):
        assert secret not in azure.text


def put_of(azure: Azure) -> dict[str, t.Any]:
    (put,) = [write for write in azure.writes if write.method == "PUT"]
    inner: dict[str, t.Any] = put.body["properties"]
    return inner


@pytest.mark.parametrize("attach", [False, True], ids=["created", "attached"])
def test_the_twelve_steps(azure: Azure, attach: bool) -> None:
    """Create, again, modify, again, remove, again: each in check mode and for real; AKS outlives a removal that does not say more."""
    first = {**TARGET, "resource_id": make_aks(azure), "cluster_purpose": "fast_prod"} if attach else CREATED
    label = {**first, "ssl": {"leaf_domain_label": "scoring"}}
    gone = {**TARGET, "state": "absent"}
    underlying = ""
    for options, action in [
        (first, "create"),
        (first, "none"),
        (label, "update"),
        (label, "none"),
        (gone, "detach"),
        (gone, "none"),
    ]:
        done = azure.run_as_planned(MODULE, action, **options)
        if action == "none" and options is not gone:
            assert [(request.method, request.status) for request in azure.sent] == [("GET", 200)]
            underlying = done["compute"]["resource_id"]
            assert done["compute"]["is_attached"] is attach
    assert azure.compute("scoring")["error"]["code"] == "ResourceNotFound"
    assert azure.get(underlying, AKS_VERSION)["id"] == underlying


def test_what_is_shown_has_the_documented_keys(azure: Azure) -> None:
    import yaml
    from ansible_collections.azureml.compute.plugins.modules import aml_inference_cluster

    documented = yaml.safe_load(aml_inference_cluster.RETURN)["compute"]["contains"]
    done = azure.run(MODULE, **CREATED)["compute"]
    assert set(done) == set(documented)
    # What is retired of it is shown by the information modules only.
    existing = current(azure)
    assert {**done, "retirements": existing["retirements"]} == existing
    assert azure.run("aml_compute_info")["by_kind"]["inference_clusters"] == [existing]


# --- the bodies of the first client (docs/facts.md c.4) ---


def test_what_a_creation_sends(azure: Azure) -> None:
    subnet = azure.subnet()
    azure.run(
        MODULE,
        **CREATED,
        network_settings=NETWORK,
        load_balancer_type="internal_load_balancer",
        load_balancer_subnet="training",
        ssl=OWN,
    )
    inner = {
        "clusterPurpose": "FastProd",
        "agentVmSize": "Standard_DS3_v2",
        "agentCount": 3,
        "aksNetworkingConfiguration": {
            "subnetId": subnet,
            "serviceCidr": "10.1.0.0/16",
            "dnsServiceIP": "10.1.0.10",
            "dockerBridgeCidr": "172.17.0.1/16",
        },
        "loadBalancerType": "InternalLoadBalancer",
        "loadBalancerSubnet": "training",
        "sslConfiguration": {"status": "Enabled", "cert": CERT, "key": KEY, "cname": "scoring.example.org"},
    }
    assert put_of(azure) == {"computeType": "AKS", "properties": inner}
    no_secret(azure)


def test_what_an_attachment_sends(azure: Azure) -> None:
    aks = make_aks(azure)
    azure.run(MODULE, **TARGET, resource_id=aks)
    assert put_of(azure) == {"computeType": "AKS", "resourceId": aks}


# --- what changes in place ---


@pytest.mark.parametrize("attach", [False, True], ids=["created", "attached"])
def test_each_updatable_field_alone(azure: Azure, attach: bool) -> None:
    azure.run(
        MODULE,
        **({**TARGET, "resource_id": make_aks(azure)} if attach else CREATED),
        tags={"team": "vision"},
        description="for people",
    )
    own = {"status": "Enabled", "cert": CERT, "key": KEY, "cname": "scoring.example.org"}
    cases: list[tuple[dict[str, t.Any], set[str], t.Any]] = [
        (
            {"ssl": {"leaf_domain_label": "scoring"}},
            {"ssl.status", "ssl.leaf_domain_label"},
            {"status": "Auto", "leafDomainLabel": "scoring"},
        ),
        ({"ssl": {"overwrite_existing_domain": True}}, {"ssl.overwrite_existing_domain"}, None),
        (
            {"ssl": None},
            {"ssl.status", "ssl.cname", "ssl.leaf_domain_label", "ssl.overwrite_existing_domain"},
            {"status": "Disabled"},
        ),
        ({"ssl": OWN}, {"ssl.status", "ssl.cname", "ssl.cert", "ssl.key"}, own),
        (
            {"ssl": {**OWN, "cname": "new.example.org"}},
            {"ssl.cname", "ssl.cert", "ssl.key"},
            {**own, "cname": "new.example.org"},
        ),
        ({"load_balancer_type": "internal_load_balancer"}, {"load_balancer_type"}, None),
        ({"load_balancer_subnet": "training"}, {"load_balancer_subnet"}, None),
        ({"load_balancer_subnet": None}, {"load_balancer_subnet"}, None),
        ({"load_balancer_type": "public_ip"}, {"load_balancer_type"}, None),
        ({"ssl": {"status": "disabled"}}, {"ssl.status"}, {"status": "Disabled"}),
        ({"tags": {"stage": "test"}}, {"tags"}, None),
        ({"tags": {"stage": None}}, {"tags"}, None),
    ]
    before = current(azure)
    for options, names, tls in cases:
        planned = azure.run(MODULE, check=True, **TARGET, **options)
        assert azure.writes == []
        done = azure.run(MODULE, **TARGET, **options)
        assert planned["plan"] == done["plan"] and {change["field"] for change in done["plan"]["changes"]} == names, (
            options
        )
        body = put_of(azure)
        assert tls is None or body["properties"]["sslConfiguration"] == tls
        no_secret(azure)
        after = current(azure)
        # The front end's address follows the load balancer.
        changed = {key for key in before if before[key] != after[key]} - {"modified_on", "system_services"}
        assert changed == {name.split(".")[0] for name in names}, options
        assert azure.run(MODULE, **TARGET, **options)["changed"] is False
        before = after
    assert before["tags"] == {"team": "vision"} and before["description"] == "for people"


def test_a_certificate_is_sent_again_only_when_asked(azure: Azure) -> None:
    azure.run(MODULE, **CREATED, ssl=OWN)
    renewed = {**OWN, "cert": CERT + "2", "key": KEY + "2"}
    assert azure.run(MODULE, **TARGET, ssl=renewed)["changed"] is False
    for _run in range(2):
        done = azure.run(MODULE, **TARGET, ssl=renewed, update_certificate="always")
        assert done["changed"] and {change["after"] for change in done["plan"]["changes"]} == {"VALUE_NOT_SHOWN"}
        assert put_of(azure)["properties"]["sslConfiguration"]["key"] == KEY + "2"
        no_secret(azure)
    done = azure.run(MODULE, **TARGET, tags={"a": "b"})
    assert any("SecretNotSent" in warning and "update_certificate" in warning for warning in done["warnings"])
    assert put_of(azure)["properties"]["sslConfiguration"] == {"status": "Enabled", "cname": "scoring.example.org"}


UPDATES = [
    ({"leaf_domain_label": "x"}, {"load_balancer_type": "internal_load_balancer"}, "CertificateNeedsPublicAddress"),
    (None, {"load_balancer_subnet": "training"}, "SubnetWithoutLoadBalancer"),
    (OWN, {"ssl": {"cname": "new.example.org"}}, "CertificateIncomplete"),
]


@pytest.mark.parametrize(("before", "options", "code"), UPDATES, ids=[row[2] for row in UPDATES])
def test_an_update_that_does_not_fit_what_is_there(
    azure: Azure, before: t.Any, options: dict[str, t.Any], code: str
) -> None:
    azure.run(MODULE, **CREATED, **({"ssl": before} if before else {}))
    failed = azure.run(MODULE, **TARGET, **options, ok=False)
    assert failed["failure"]["code"] == code and azure.writes == []


def test_certificate_and_key_from_files(azure: Azure, tmp_path: Path) -> None:
    cert, key = tmp_path / "tls.pem", tmp_path / "tls.key"
    cert.write_text(CERT)
    ssl = {"cert_file": str(cert), "key_file": str(key), "cname": "scoring.example.org"}
    failed = azure.run(MODULE, **CREATED, ssl=ssl, ok=False)
    assert failed["failure"]["code"] == "FileNotReadable" and azure.sent == []
    key.write_text(KEY)
    azure.run(MODULE, **CREATED, ssl=ssl)
    assert put_of(azure)["properties"]["sslConfiguration"] == {
        "status": "Enabled",
        "cert": CERT,
        "key": KEY,
        "cname": "scoring.example.org",
    }
    no_secret(azure)


# --- what does not ---

FIXED = [
    ({"size": "Standard_DS4_v2"}, "size", "cannot be changed after creation"),
    ({"agent_count": 4}, "agent_count", "at the AKS resource itself"),
    ({"cluster_purpose": "dev_test"}, "cluster_purpose", "when the cluster is created"),
    ({"location": "westus2"}, "location", "region"),
    ({"description": "other"}, "description", "only at creation"),
    (
        {"network_settings": {**NETWORK, "dns_service_ip": "10.1.0.11"}},
        "network_settings.dns_service_ip",
        "network that it was created with",
    ),
]


@pytest.mark.parametrize(("options", "name", "reason"), FIXED, ids=[row[1] for row in FIXED])
def test_a_fixed_field_says_why_and_is_recreated_when_asked(
    azure: Azure, options: dict[str, t.Any], name: str, reason: str
) -> None:
    azure.subnet()
    made = azure.run(
        MODULE, **CREATED, network_settings=NETWORK, tags={"team": "vision"}, ssl={"leaf_domain_label": "x"}
    )["compute"]
    failed = azure.run(MODULE, **TARGET, **options, ok=False)
    (detail,) = failed["failure"]["details"]
    assert failed["failure"]["code"] == "ImmutableChange" and detail["field"] == name and reason in detail["reason"]
    assert azure.writes == []
    refused = azure.run(MODULE, **TARGET, **options, on_immutable_change="recreate", ok=False)
    assert refused["failure"]["code"] == "DeleteUnderlyingNeeded" and azure.writes == []
    if name == "location":
        return  # The subnet is in the old region.
    done = azure.run(MODULE, **TARGET, **options, on_immutable_change="recreate", delete_underlying=True)
    assert [write.method for write in azure.writes] == ["DELETE", "PUT"] and "resourceId" not in azure.writes[1].body[
        "properties"
    ]
    ours = {
        "size",
        "agent_count",
        "cluster_purpose",
        "location",
        "description",
        "network_settings",
        "load_balancer_type",
        "tags",
    } - {name.split(".")[0]}
    assert {key: done["compute"][key] for key in ours} == {key: made[key] for key in ours}
    assert (
        done["compute"]["ssl"]["leaf_domain_label"] == "x"
        and done["compute"]["network_settings"]["subnet"] == made["network_settings"]["subnet"]
    )
    assert azure.get(made["resource_id"], AKS_VERSION)["error"]["code"] == "ResourceNotFound"
    assert azure.run(MODULE, **TARGET, **options)["changed"] is False


def test_another_aks_is_attached_only_when_asked(azure: Azure) -> None:
    first, other = make_aks(azure), make_aks(azure, "aks-other")
    azure.run(MODULE, **TARGET, resource_id=first, tags={"team": "vision"})
    assert azure.run(MODULE, **TARGET, resource_id=other, ok=False)["failure"]["code"] == "ImmutableChange"
    done = azure.run(MODULE, **TARGET, resource_id=other, on_immutable_change="recreate")
    assert done["compute"]["resource_id"] == other and done["compute"]["tags"] == {"team": "vision"}
    assert azure.get(first, AKS_VERSION)["id"] == first


def test_from_created_to_attached(azure: Azure) -> None:
    made = azure.run(MODULE, **CREATED)["compute"]
    aks = make_aks(azure)
    done = azure.run(MODULE, **TARGET, resource_id=aks, on_immutable_change="recreate", delete_underlying=True)
    assert done["compute"]["resource_id"] == aks and done["compute"]["is_attached"] is True
    assert azure.get(made["resource_id"], AKS_VERSION)["error"]["code"] == "ResourceNotFound"


def test_a_replacement_needs_the_key_that_nobody_tells(azure: Azure) -> None:
    azure.run(MODULE, **CREATED, ssl=OWN)
    options = {**TARGET, "agent_count": 4, "on_immutable_change": "recreate", "delete_underlying": True}
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "SecretNeeded" and azure.writes == []
    azure.run(MODULE, **options, ssl=OWN)
    assert put_of(azure)["properties"]["sslConfiguration"]["key"] == KEY
    no_secret(azure)


# --- removal ---


def test_delete_underlying(azure: Azure) -> None:
    made = azure.run(MODULE, **CREATED)["compute"]["resource_id"]
    planned = azure.run(MODULE, check=True, **TARGET, state="absent", delete_underlying=True)
    done = azure.run(MODULE, **TARGET, state="absent", delete_underlying=True)
    assert done["plan"]["action"] == "delete" and planned["plan"] == done["plan"]
    assert azure.get(made, AKS_VERSION)["error"]["code"] == "ResourceNotFound"

    aks = make_aks(azure)
    azure.run(MODULE, **TARGET, resource_id=aks)
    for check in (True, False):
        failed = azure.run(MODULE, check=check, **TARGET, state="absent", delete_underlying=True, ok=False)
        assert failed["failure"]["code"] == "UnderlyingNotDeletable" and azure.writes == []
    assert azure.get(aks, AKS_VERSION)["id"] == aks


# --- cores, nodes, sizes ---


def test_the_names_of_sizes_tell_their_vcpus() -> None:
    assert {size.name: sizes.vcpus(size.name) for size in catalogue.SIZES} == {
        size.name: size.vcpus for size in catalogue.SIZES
    }
    others = {
        "Standard_E4-2s_v3": 2,
        "STANDARD_DS3_V2": 4,
        "Standard_D4": 8,
        "Standard_GS3": 8,
        "Standard_A3": 4,
        "custom": None,
    }
    assert {name: sizes.vcpus(name) for name in others} == others


@pytest.mark.parametrize("purpose", ["fast_prod", "production", "dense_prod", None])
def test_production_needs_12_vcpus(azure: Azure, purpose: str | None) -> None:
    options = {
        **TARGET,
        "size": "Standard_DS2_v2",
        "agent_count": 5,
        **({"cluster_purpose": purpose} if purpose else {}),
    }
    failed = azure.run(MODULE, **options, ok=False)
    assert failed["failure"]["code"] == "NotEnoughCores" and "agent_count 6" in failed["msg"] and azure.writes == []
    # What was declared in full is refused before any request; the service's default purpose is known only when it is to be created.
    assert (azure.sent == []) is (purpose is not None)
    assert azure.run(MODULE, check=True, **{**options, "agent_count": 6})["changed"]


def test_dev_test_needs_2_vcpus(azure: Azure) -> None:
    options = {**TARGET, "size": "Standard_DS1_v2", "cluster_purpose": "dev_test"}
    failed = azure.run(MODULE, **options, agent_count=1, ok=False)
    assert failed["failure"]["code"] == "NotEnoughCores" and azure.sent == []
    assert azure.run(MODULE, **options, agent_count=2)["changed"]
    assert azure.run(MODULE, **TARGET, agent_count=0, ok=False)["failure"]["code"] == "OutOfRange"


def test_few_nodes_for_production_warn(azure: Azure) -> None:
    done = azure.run(MODULE, check=True, **{**CREATED, "size": "Standard_DS4_v2", "agent_count": 2})
    assert any(warning.startswith("FewNodes") for warning in done["warnings"])
    warnings = azure.run(MODULE, check=True, **CREATED)["warnings"]
    assert [warning.partition(":")[0] for warning in warnings] == ["Retired"]


def test_a_size_whose_name_tells_nothing_is_looked_up_once(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "vcpus", lambda size: None)
    failed = azure.run(MODULE, **{**CREATED, "agent_count": 2}, ok=False)
    assert failed["failure"]["code"] == "NotEnoughCores" and azure.writes == []
    assert [read.path.rsplit("/", 1)[1] for read in azure.reads].count("vmSizes") == 1
    azure.run(MODULE, **CREATED)
    azure.run(MODULE, **CREATED)
    assert not any(request.path.endswith("vmSizes") for request in azure.sent)
    unknown = azure.run(MODULE, check=True, name="other", size="Odd", agent_count=3)
    assert any(warning.startswith("UnknownSize") for warning in unknown["warnings"])


def test_a_creation_that_failed_is_made_anew(azure: Azure) -> None:
    failed = azure.run(MODULE, **{**CREATED, "size": "Standard_DS4_v2", "agent_count": 2}, ok=False)
    assert "At least 3 machine(s)" in str(failed["failure"]) and failed["changed"] is True
    done = azure.run(MODULE, **CREATED)
    assert done["plan"]["action"] == "replace" and done["compute"]["provisioning_state"] == "Succeeded"


# --- names ---


@pytest.mark.parametrize(
    ("name", "attach", "validate", "good"),
    [
        ("a2", False, "lenient", True),
        ("a" * 16, False, "lenient", True),
        ("a" * 17, False, "lenient", False),
        ("a" * 17, True, "lenient", True),
        ("a" * 24, True, "lenient", True),
        ("a" * 25, True, "lenient", False),
        ("a" * 16, True, "strict", True),
        ("a" * 17, True, "strict", False),
        ("a" * 17, False, "off", None),
        ("a", False, "lenient", False),
        ("a-1", False, "lenient", False),
        ("1a", False, "strict", False),
    ],
)
def test_names(azure: Azure, name: str, attach: bool, validate: str, good: bool | None) -> None:
    options = {"resource_id": make_aks(azure)} if attach else {"size": "Standard_DS3_v2", "agent_count": 3}
    done = azure.run(MODULE, name=name, validate_name=validate, **options, ok=None)
    if good is None:
        # Nothing offline: it is the service that refuses it.
        assert done["failure"]["status"] == 400 and [write.method for write in azure.writes] == ["PUT"]
    elif good:
        assert done["changed"] and any(warning.startswith("LongName") for warning in done["warnings"]) is (
            len(name) > 16
        )
    else:
        assert done["failure"]["code"] == "InvalidComputeName" and azure.writes == []


# --- refused before the first request ---

WRONG = [
    (
        {"network_settings": {"subnet": "training", "vnet_name": "vnet"}},
        "NetworkIncomplete",
        "network_settings.service_cidr",
    ),
    (
        {"network_settings": {**NETWORK, "dns_service_ip": "10.2.0.10"}},
        "AddressOutside",
        "network_settings.dns_service_ip",
    ),
    (
        {"network_settings": {**NETWORK, "docker_bridge_cidr": "10.1.0.1/16"}},
        "RangesOverlap",
        "network_settings.docker_bridge_cidr",
    ),
    ({"network_settings": {**NETWORK, "service_cidr": "10.1"}}, "InvalidRange", "network_settings.service_cidr"),
    ({"network_settings": {**NETWORK, "dns_service_ip": "dns"}}, "InvalidAddress", "network_settings.dns_service_ip"),
    ({"ssl": {"cert": CERT, "cname": "x"}}, "CertificateIncomplete", "ssl"),
    ({"ssl": {"cert": CERT, "key": KEY}}, "CertificateIncomplete", "ssl"),
    ({"ssl": {"cname": "x", "leaf_domain_label": "y"}}, "CertificateGivenTwice", "ssl.leaf_domain_label"),
    ({"ssl": {"status": "disabled", "leaf_domain_label": "y"}}, "TlsDisabled", "ssl.status"),
    ({"ssl": {"status": "auto", **OWN}}, "TlsContradiction", "ssl.status"),
    ({"ssl": {"status": "auto"}}, "DomainLabelMissing", "ssl.leaf_domain_label"),
    (
        {"ssl": {"leaf_domain_label": "y"}, "load_balancer_type": "internal_load_balancer"},
        "CertificateNeedsPublicAddress",
        "ssl.leaf_domain_label",
    ),
    (
        {"load_balancer_type": "public_ip", "load_balancer_subnet": "x"},
        "SubnetWithoutLoadBalancer",
        "load_balancer_subnet",
    ),
    ({"resource_id": f"{GROUP_ID}/providers/Microsoft.Compute/virtualMachines/x"}, "WrongResourceType", "resource_id"),
]


@pytest.mark.parametrize(
    ("options", "code", "option"), WRONG, ids=[f"{row[1]}-{index}" for index, row in enumerate(WRONG)]
)
def test_refused_offline(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    failed = azure.run(MODULE, **TARGET, **options, ok=False)
    assert azure.sent == []
    assert (code, option) in [(detail["code"], detail["option"]) for detail in failed["failure"]["details"]]
    no_secret(azure)


@pytest.mark.parametrize(
    ("options", "code", "option"),
    [
        ({}, "RequiredForCreation", "size"),
        ({"size": "Standard_DS3_v2"}, "RequiredForCreation", "agent_count"),
        (
            {"size": "Standard_DS3_v2", "agent_count": 3, "ssl": {"status": "enabled", "cname": "x"}},
            "CertificateIncomplete",
            "ssl.cert",
        ),
    ],
)
def test_a_creation_needs(azure: Azure, options: dict[str, t.Any], code: str, option: str) -> None:
    failed = azure.run(MODULE, **TARGET, **options, ok=False)
    assert (
        failed["failure"]["code"] == code and failed["failure"]["details"][0]["option"] == option and azure.writes == []
    )


def test_options_of_a_creation_are_refused_for_an_attachment(azure: Azure) -> None:
    failed = azure.run(MODULE, **TARGET, resource_id=make_aks(azure), agent_count=3, size="Standard_DS3_v2", ok=False)
    assert (
        failed["failure"]["code"] == "OnlyWhenCreated" and "agent_count, size" in failed["msg"] and azure.writes == []
    )


# --- attached twice ---


def test_the_same_aks_twice_is_refused_with_the_place(azure: Azure) -> None:
    aks = make_aks(azure)
    azure.run(MODULE, name="first", resource_id=aks)
    for check in (True, False):
        failed = azure.run(
            MODULE,
            check=check,
            name="second",
            resource_id=aks.upper().replace("/SUBSCRIPTIONS", "/subscriptions"),
            ok=False,
        )
        assert (
            failed["failure"]["code"] == "AlreadyAttached"
            and f"{WORKSPACE_ID}/computes/first" in failed["msg"]
            and azure.writes == []
        )


def test_an_aks_that_the_service_created_counts_too(azure: Azure) -> None:
    made = azure.run(MODULE, **CREATED)["compute"]["resource_id"]
    assert azure.run(MODULE, name="second", resource_id=made, ok=False)["failure"]["code"] == "AlreadyAttached"


def test_another_workspace_has_it(azure: Azure) -> None:
    other = azure.make_workspace("ws-other", "rg-other")
    aks = make_aks(azure)
    azure.run(MODULE, name="first", resource_id=aks, workspace="ws-other", resource_group="rg-other")
    failed = azure.run(MODULE, name="second", resource_id=aks, check_other_workspaces=True, ok=False)
    assert (
        failed["failure"]["code"] == "AlreadyAttached"
        and f"{other}/computes/first" in failed["msg"]
        and azure.writes == []
    )


def test_beside_kubernetes_it_warns(azure: Azure) -> None:
    aks = make_aks(azure)
    azure.run("aml_attached_compute", name="k8s", type="kubernetes", resource_id=aks)
    done = azure.run(MODULE, **TARGET, resource_id=aks)
    assert any("AttachedAgain" in warning and "k8s" in warning for warning in done["warnings"])


def test_a_missing_aks_is_told_before_the_attachment(azure: Azure) -> None:
    failed = azure.run(
        MODULE,
        **TARGET,
        resource_id=f"{GROUP_ID}/providers/Microsoft.ContainerService/managedClusters/nowhere",
        ok=False,
    )
    assert (
        failed["failure"]["code"] == "TargetNotFound"
        and "Cluster Admin" in failed["failure"]["hint"]
        and azure.writes == []
    )


def test_another_region_than_the_workspaces(azure: Azure) -> None:
    done = azure.run(MODULE, **CREATED, location="West US 2")
    assert (
        done["compute"]["location"] == "westus2"
        and azure.run(MODULE, **CREATED, location="westus2")["changed"] is False
    )
