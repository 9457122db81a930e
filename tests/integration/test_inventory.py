# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as people use it: ansible-inventory and ansible, a short file, the environment of the simulator, and ssh to its nodes.

Sources: docs/docsite/rst/guide_inventory.rst, whose first file is used as it stands there; "Inventory plugins" of Ansible's developer guide on the cache.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import BIN, ROOT, Player, Simulator
from .test_ssh import MISSING, SSH_ARGUMENTS, make_key

WORKSPACE = "ws-inventory"
NASTY = "{{ lookup('pipe', 'touch PWNED') }}"


class Inventory:
    """A folder with an inventory file, and the commands that people run in it."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        self.file = folder / "aml_compute.yml"
        # For commands that log in to nodes.
        self.ssh = {
            "ANSIBLE_SSH_ARGS": SSH_ARGUMENTS,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
        }

    def write(self, **options: t.Any) -> Inventory:
        self.file.write_text(yaml.safe_dump({"plugin": "azureml.compute.aml_compute", **options}))
        return self

    def run(
        self, command: str, *arguments: str, ok: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = self.simulator.commands.run(
            [str(BIN / command), "-i", str(self.file), *arguments],
            environment,
            self.folder,
            timeout=120,
        )
        assert not ok or (done.returncode == 0 and "WARNING" not in done.stderr), done.stdout + done.stderr
        return done

    def list(self, *arguments: str) -> dict[str, t.Any]:
        found: dict[str, t.Any] = json.loads(self.run("ansible-inventory", "--list", *arguments).stdout)
        return found


@pytest.fixture
def inventory(simulator: Simulator, tmp_path: Path) -> Inventory:
    return Inventory(simulator, tmp_path)


@pytest.fixture(scope="module")
def world(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Two nodes of a cluster that let in a key, and the key; made once, with a tag that would be a template if somebody believed it."""
    folder = tmp_path_factory.mktemp("world")
    key = folder / "id_rsa"
    player = Player(simulator, folder, "rg-inventory")
    inner = {
        "vmSize": "STANDARD_DS3_V2",
        "scaleSettings": {"minNodeCount": 2, "maxNodeCount": 2},
        "remoteLoginPortPublicAccess": "Enabled",
        "userAccountCredentials": {"adminUserName": "mlops", "adminUserSshPublicKey": make_key(key)},
    }
    workspace = player.make_workspace(WORKSPACE, tags={"stage": "prod", "evil": NASTY})
    cluster: dict[str, t.Any] = {"location": "eastus", "tags": {"team": "vision", "evil": NASTY}}
    cluster["properties"] = {"computeType": "AmlCompute", "properties": inner}
    simulator.arm("PUT", f"{workspace}/computes/cpu-cluster", body=cluster)
    return key, player.group


@pytest.fixture
def mine(inventory: Inventory, world: tuple[Path, str]) -> t.Callable[..., Inventory]:
    """An inventory of that world alone: other tests use the same simulator."""
    key, group = world
    return lambda **options: inventory.write(private_key_file=str(key), resource_groups=[group], **options)


def first_file_of_the_guide() -> str:
    text = (ROOT / "docs" / "docsite" / "rst" / "guide_inventory.rst").read_text()
    found = re.search(r"\.\. code-block:: yaml\n\n((?: {3}.*\n)+)", text)
    assert found is not None
    return textwrap.dedent(found[1])


@pytest.mark.skipif(
    bool(MISSING), reason=f"missing: {', '.join(MISSING)}; scripts/system-packages installs OpenSSH's client"
)
def test_the_first_file_of_the_guide_and_ping(inventory: Inventory, world: tuple[Path, str]) -> None:
    key, group = world
    home = inventory.folder / "home"
    (home / ".ssh").mkdir(parents=True)
    text = first_file_of_the_guide()
    assert len(text.strip().splitlines()) == 3
    configured = yaml.safe_load(text)
    shutil.copy(key, home / ".ssh" / Path(configured["private_key_file"]).name)
    inventory.file.write_text(text.replace(configured["resource_groups"][0], group))
    graph = inventory.run("ansible-inventory", "--graph").stdout
    assert (
        graph.count(f"|--{WORKSPACE}-cpu-cluster-") >= 2
        and "@workspace_ws_inventory" in graph
        and "@size_standard_ds3_v2" in graph
    )
    done = inventory.run("ansible", "all", "-m", "ansible.builtin.ping", HOME=str(home), **inventory.ssh)
    assert done.stdout.count('"ping": "pong"') == 2, done.stdout


def test_values_of_the_service_are_no_templates(mine: t.Callable[..., Inventory]) -> None:
    composed = {"copied": "aml_tags.evil", "longer": "'x' ~ aml_tags.evil"}
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": "kept"}
    inventory = mine(compose=composed, keyed_groups=[{"prefix": "evil", "key": "aml_tags.evil"}], strict=True, **cache)
    for _read_then_cached in range(2):
        hostvars = inventory.list()["_meta"]["hostvars"]
        assert len(hostvars) == 2
        for variables in hostvars.values():
            assert (
                variables["aml_tags"]["evil"]
                == variables["copied"]
                == variables["aml_workspace_tags"]["evil"]
                == {"__ansible_unsafe": NASTY}
            )
        shown = inventory.run(
            "ansible", "all", "-c", "local", "-m", "ansible.builtin.debug", "-a", "msg={{ longer }}"
        ).stdout
        assert shown.count(f'"msg": "x{NASTY}"') == 2, shown
    assert not (inventory.folder / "PWNED").exists()


def test_a_cache_hit_sends_nothing(mine: t.Callable[..., Inventory], simulator: Simulator) -> None:
    inventory = mine(cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection="kept")
    first = inventory.list()
    mark = simulator.mark()
    assert inventory.list() == first and first["_meta"]["hostvars"]
    inventory.write(**{**yaml.safe_load(inventory.file.read_text()), "tags": {"team": "speech"}})
    assert not inventory.list()["_meta"]["hostvars"], "what to choose is not part of what is kept"
    assert simulator.requests(mark) == []
    inventory.write(**{**yaml.safe_load(inventory.file.read_text()), "types": ["computeinstance"]})
    inventory.list()
    assert simulator.requests(mark), "what to read is another question"
    mark = simulator.mark()
    inventory.list("--flush-cache")
    assert simulator.requests(mark)


def test_an_error_fails_the_inventory_or_is_named(mine: t.Callable[..., Inventory], simulator: Simulator) -> None:
    strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"}
    fault = {
        "kind": "status",
        "status": 403,
        "code": "AuthorizationFailed",
        "message": "No.",
        "match": {"path": "listNodes"},
        "count": 9,
    }
    simulator.control("PUT", "faults", [fault])
    try:
        failed = mine().run("ansible-inventory", "--list", ok=False, **strict)
        went_on = mine(fail_on_error=False).run("ansible-inventory", "--list", ok=False, **strict)
    finally:
        simulator.control("DELETE", "faults")
    said = " ".join(failed.stderr.split())
    assert failed.returncode != 0 and "workspace ws-inventory" in said and "AuthorizationFailed" in said
    assert went_on.returncode == 0 and json.loads(went_on.stdout)["_meta"]["hostvars"] == {}
    assert "Hosts are missing from the inventory. workspace ws-inventory" in " ".join(went_on.stderr.split())


def test_throttling_is_waited_out(mine: t.Callable[..., Inventory], simulator: Simulator) -> None:
    simulator.control(
        "PUT",
        "faults",
        [{"kind": "status", "status": 429, "retry_after": 1, "match": {"path": "listNodes"}, "count": 1}],
    )
    mark = simulator.mark()
    assert len(mine().list()["aml_reachable"]["hosts"]) == 2
    assert [row["status"] for row in simulator.requests(mark) if row["path"].endswith("/listNodes")] == [429, 200]


def test_workspaces_are_hosts_of_their_own_that_modules_run_for(
    mine: t.Callable[..., Inventory], simulator: Simulator
) -> None:
    mark = simulator.mark()
    inventory = mine(hosts="workspaces", subscriptions=["all"], workspace_tags={"STAGE": "prod"})
    assert inventory.list()["aml_workspaces"]["hosts"] == [WORKSPACE]
    assert not [row for row in simulator.requests(mark) if "/computes" in row["path"]]
    arguments = "resource_group={{ resource_group }} workspace={{ workspace }} name=cpu-cluster"
    done = inventory.run("ansible", "aml_workspaces", "-m", "azureml.compute.aml_compute_info", "-a", arguments)
    assert "SUCCESS" in done.stdout and '"name": "cpu-cluster"' in done.stdout


def test_a_wrong_name_and_a_wrong_secret(mine: t.Callable[..., Inventory]) -> None:
    failed = mine(workspaces=["ws-invntory"]).run("ansible-inventory", "--list", ok=False).stderr
    assert "workspace ws-invntory: WorkspaceNotFound: The workspace does not exist" in " ".join(failed.split())
    environment = mine().simulator.environment
    identity = {
        name: environment[variable]
        for name, variable in {"client_id": "AZURE_CLIENT_ID", "tenant": "AZURE_TENANT"}.items()
    }
    refused = mine(secret="{{ 'not' ~ '-the-secret' }}", **identity).run(
        "ansible-inventory", "--list", "-vvv", ok=False
    )
    assert "AADSTS" in refused.stderr and "task options (client secret)" in refused.stderr
    assert "not-the-secret" not in refused.stdout + refused.stderr
