# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a replacement must not lose, and must know before it takes the old one away. Each was found by random declarations (test_properties.py)."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.declarations import KEY, aks

RECREATE: dict[str, t.Any] = {"on_immutable_change": "recreate", "force": True}
MOUNT = {"mount_name": "mine", "source": "azureml://datastores/data", "source_type": "uri", "mount_path": "/mnt/mine"}


@pytest.mark.parametrize("script", ["creation_script", "startup_script"])
def test_a_null_is_left_out_of_the_new_document(azure: Azure, script: str) -> None:
    """The service takes no script that is null; it said so when the old instance was gone."""
    name = {"name": "an-instance"}
    azure.run("aml_compute_instance", **name, size="Standard_DS3_v2", setup_scripts={script: {"path": "a.sh"}})
    done = azure.run("aml_compute_instance", **name, setup_scripts={script: None}, description="new", **RECREATE)
    assert done["plan"]["action"] == "replace" and done["compute"]["setup_scripts"][script] is None
    assert done["compute"]["size"].casefold() == "standard_ds3_v2"


def test_mounts_of_others_come_back(azure: Azure) -> None:
    name = {"name": "an-instance"}
    azure.run("aml_compute_instance", **name, size="Standard_DS3_v2", data_mounts=[MOUNT])
    other = {**MOUNT, "mount_name": "other", "mount_path": "/mnt/other"}
    for options in ({"description": "new"}, {"description": "newer", "data_mounts": [other]}):
        done = azure.run("aml_compute_instance", **name, **options, **RECREATE)
        assert done["plan"]["action"] == "replace"
    assert {data_mount["mount_name"] for data_mount in done["compute"]["data_mounts"]} == {"mine", "other"}


@pytest.mark.parametrize("module", ["aml_compute_cluster", "aml_compute_instance"])
def test_who_drops_the_login_closes_the_port(azure: Azure, module: str) -> None:
    cluster = module == "aml_compute_cluster"
    size = {"size": "Standard_DS3_v2", **({"max_instances": 1} if cluster else {})}
    login = {"ssh_key_value": KEY, **({"admin_username": "azureuser"} if cluster else {})}
    azure.run(module, name="a-target", **size, ssh_settings=login, ssh_public_access_enabled=True)
    done = azure.run(module, name="a-target", ssh_settings=None, description="new", **RECREATE)
    properties = azure.compute("a-target")["properties"]
    assert done["plan"]["action"] == "replace" and properties["disableLocalAuth"] is True
    # A cluster that nobody can log in to is reported with an open port all the same: what counts is that none was asked for.
    (put,) = [write.body for write in azure.writes if write.method == "PUT"]
    assert not {"remoteLoginPortPublicAccess", "sshSettings", "userAccountCredentials"} & set(
        put["properties"]["properties"]
    )


def test_an_instance_type_that_is_still_the_default_is_not_replaced_away(azure: Azure) -> None:
    options = {
        "name": "k8s",
        "type": "kubernetes",
        "resource_id": aks(azure, "aks-two"),
        "instance_types": {"gpu": {}},
        "default_instance_type": "gpu",
    }
    azure.run("aml_attached_compute", **options)
    changed = {"name": "k8s", "type": "kubernetes", "instance_types": {"cpu": {}}}
    for more in ({}, {"description": "new", **RECREATE}):
        failed = azure.run("aml_attached_compute", **changed, **more, ok=False)
        assert failed["failure"]["code"] == "UnknownInstanceType" and azure.writes == []
    done = azure.run("aml_attached_compute", **changed, default_instance_type="cpu", description="new", **RECREATE)
    assert done["plan"]["action"] == "replace" and done["compute"]["default_instance_type"] == "cpu"


def test_a_load_balancer_that_stays_counts_for_the_certificate(azure: Azure) -> None:
    own = {"cert": "planted-cert", "key": "planted-key", "cname": "a.example.org"}
    target = {"name": "attached", "resource_id": aks(azure, "aks-one")}
    azure.run("aml_inference_cluster", **target, load_balancer_type="internal_load_balancer", ssl=own)
    failed = azure.run(
        "aml_inference_cluster", **target, ssl={"leaf_domain_label": "label"}, description="new", **RECREATE, ok=False
    )
    assert failed["failure"]["code"] == "CertificateNeedsPublicAddress" and azure.writes == []


@pytest.mark.parametrize("other", [None, "public_ip"])
def test_the_subnet_of_an_internal_load_balancer_goes_with_it(azure: Azure, other: str | None) -> None:
    """The service refuses the one without the other (docs/facts.md c.2): a replacement would be refused when the old one is gone."""
    target = {"name": "made-aks", "size": "Standard_DS3_v2", "agent_count": 3, "cluster_purpose": "dev_test"}
    internal = {"load_balancer_type": "internal_load_balancer", "load_balancer_subnet": "inner"}
    for more in ({}, {"description": "new", **RECREATE, "delete_underlying": True}):
        azure.run("aml_inference_cluster", **target, **internal)
        planned = azure.run("aml_inference_cluster", **target, load_balancer_type=other, **more, check=True)
        done = azure.run("aml_inference_cluster", **target, load_balancer_type=other, **more)
        assert planned["plan"] == done["plan"] and done["plan"]["action"] == ("replace" if more else "update")
        assert (done["compute"]["load_balancer_type"], done["compute"]["load_balancer_subnet"]) == ("public_ip", None)


def test_check_mode_shows_the_replacement(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="a-cluster", size="Standard_DS3_v2", max_instances=1, tags={"team": "vision"})
    planned = azure.run("aml_compute_cluster", name="a-cluster", size="Standard_DS2_v2", **RECREATE, check=True)
    done = azure.run("aml_compute_cluster", name="a-cluster", size="Standard_DS2_v2", **RECREATE)
    assert planned["compute"]["created_on"] is None, "that of the old one"
    for key in ("id", "name", "type", "location", "max_instances", "tags", "ssh_public_access_enabled"):
        assert planned["compute"][key] == done["compute"][key], key
    assert planned["compute"]["size"].casefold() == done["compute"]["size"].casefold()


@pytest.mark.parametrize("state", ["present", "stopped"])
def test_the_result_has_the_options_that_check_mode_shows(azure: Azure, state: str) -> None:
    """Also those of preview versions, after whatever requests the state takes."""
    azure.run("aml_compute_instance", name="an-instance", size="Standard_DS3_v2")
    options = {"name": "an-instance", "description": "new", "state": state, **RECREATE}
    planned = azure.run("aml_compute_instance", check=True, **options)
    done = azure.run("aml_compute_instance", **options)
    assert done["plan"]["action"] == "replace"
    assert planned["compute"]["enable_root_access"] is done["compute"]["enable_root_access"] is True


def test_mounts_are_foreseen(azure: Azure) -> None:
    options = {"name": "an-instance", "size": "Standard_DS3_v2", "data_mounts": [MOUNT]}
    planned = azure.run("aml_compute_instance", **options, check=True)
    assert [data_mount["mount_name"] for data_mount in planned["compute"]["data_mounts"]] == ["mine"]


def test_a_null_of_an_option_with_choices_is_taken(azure: Azure) -> None:
    """To AnsibleModule a null is none of the choices; to a kind it may say that there is to be none."""
    target = {"name": "attached", "resource_id": aks(azure, "aks-one")}
    azure.run("aml_inference_cluster", **target, load_balancer_type="internal_load_balancer")
    done = azure.run("aml_inference_cluster", name="attached", load_balancer_type=None)
    assert done["changed"] and done["compute"]["load_balancer_type"] == "public_ip"
    failed = azure.run("aml_compute_cluster", name="a-cluster", tier=None, ok=False)
    assert failed["failure"]["code"] == "NullNotAllowed" and azure.sent == []


def test_an_id_is_sent_without_a_slash_at_its_end(azure: Azure) -> None:
    identity, subnet = azure.identity("id-one"), azure.subnet()
    azure.run(
        "aml_compute_cluster", name="a-cluster", size="Standard_DS3_v2", max_instances=1, network_settings={"subnet": f"{subnet}/"},
        identity={"type": "user_assigned", "user_assigned_identities": [f"{identity}/"]},
    )  # fmt: skip
    (put,) = azure.writes
    assert put.body["properties"]["properties"]["subnet"] == {"id": subnet}
    assert list(put.body["identity"]["userAssignedIdentities"]) == [identity]


def test_a_firewall_needs_a_network_with_rules(azure: Azure) -> None:
    failed = azure.run("aml_workspace", name="ws-test", managed_network={"firewall_sku": "basic"}, ok=False)
    assert failed["failure"]["code"] == "FirewallWithoutRules" and azure.writes == []
    azure.run("aml_workspace", name="ws-test", managed_network={"isolation_mode": "allow_only_approved_outbound"})
    assert azure.run("aml_workspace", name="ws-test", managed_network={"firewall_sku": "basic"})["changed"]
