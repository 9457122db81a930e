# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks for the day-to-day work: each does what it says, a second run changes nothing, check mode writes nothing.

One workspace for all that only look or stop; what replaces or deletes has one of its own. What the playbooks promise is at the head of each.
"""

from __future__ import annotations

import json
import shutil
import stat
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Player, Run, Simulator

PREFIX = "azureml.compute."
PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
needs_ssh = pytest.mark.skipif(
    shutil.which("ssh-keyscan") is None,
    reason="missing: ssh-keyscan; scripts/system-packages installs OpenSSH's client",
)

# Reads that the service wants as POST.
READS = ("/token", "/listNodes", "/diagnose")


class World:
    """A workspace with a cluster, an instance and an attached data factory, and the vars that declare it."""

    def __init__(self, simulator: Simulator, folder: Path, name: str) -> None:
        self.player = Player(simulator, folder, f"rg-{name}")
        self.folder, self.name = folder, name
        factory = "/subscriptions/{{ lookup('env', 'AZURE_SUBSCRIPTION_ID') }}/resourceGroups/rg-%s/providers/Microsoft.DataFactory/factories/adf-%s"
        key = {"ssh_public_access_enabled": True, "ssh_settings": {"ssh_key_value": "{{ aml_ssh_keys_public_key }}"}}
        self.vars: dict[str, t.Any] = {
            "aml_resource_group": self.player.group,
            "aml_location": "eastus",
            "aml_tags": {"team": "vision"},
            "aml_resources": [
                {"type": "Microsoft.DataFactory/factories", "name": f"adf-{name}", "api_version": "2018-06-01"}
            ],
            "aml_workspace": {"name": f"ws-{name}"},
            "aml_computes": [
                {"name": "copies", "type": "datafactory", "resource_id": factory % (name, name)},
                {"name": f"ci-{name}", "type": "computeinstance", "size": "Standard_DS3_v2", **key},
                {
                    "name": "cpu",
                    "type": "amlcompute",
                    "size": "Standard_DS3_v2",
                    "min_instances": 1,
                    "max_instances": 2,
                },
            ],
        }
        self.vars |= {"aml_ssh_keys_directory": str(folder / "keys"), "aml_ssh_keys_bits": 2048}
        self.vars |= {
            "aml_nodes_ssh_config": str(folder / "ssh" / "config"),
            "aml_nodes_known_hosts": str(folder / "ssh" / "known_hosts"),
        }

    def run(self, playbook: str, *arguments: str, check: bool = False, ok: bool = True, **more: t.Any) -> Run:
        path = self.folder / "vars.yml"
        path.write_text(yaml.safe_dump(self.vars))
        return self.player.playbook(
            PREFIX + playbook, "-e", f"@{path}", "-e", json.dumps(more), *arguments, check=check, ok=ok
        )

    def writes(self, mark: int) -> list[str]:
        return [
            f"{row['method']} {row['path'].rsplit('/', 1)[-1]}"
            for row in self.player.simulator.writes(mark)
            if not row["path"].endswith(READS)
        ]

    def mark(self) -> int:
        return self.player.simulator.mark()

    def state(self) -> dict[str, t.Any]:
        """The workspace's compute targets by name, as the simulator keeps them."""
        rows = self.player.simulator.control("GET", "state")["resources"]
        below = f"/workspaces/{self.vars['aml_workspace']['name']}/computes/".casefold()
        return {row["id"].rsplit("/", 1)[-1]: row["document"] for row in rows if below in row["id"].casefold()}


class Meanwhile:
    """Another writer, who acts once as soon as a playbook has come to a certain point."""

    def __init__(self, reached: t.Callable[[], bool], act: t.Callable[[], t.Any]) -> None:
        self.reached, self.act = reached, act
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self.over.wait(0.05):
            if self.reached():
                self.act()
                return

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        self.thread.join()


@pytest.fixture(scope="module")
def world(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(simulator, tmp_path_factory.mktemp("world"), "shared")
    first = made.run("provision_workspace")
    assert first["aml_workspace : Diagnose the workspace"]["passed"]
    assert set(made.state()) == {"copies", "ci-shared", "cpu"}
    return made


@needs_ssh
def test_provision_again_changes_nothing(world: World) -> None:
    mark = world.mark()
    again = world.run("provision_workspace")
    assert again.changed == 0, [name for name, result in again.tasks if result.get("changed")]
    assert world.writes(mark) == []
    table = "\n".join(again["Show the compute targets and how to connect"]["msg"])
    assert "ci-shared" in table and f"ssh  -F  {world.folder / 'ssh' / 'config'}  ws-shared-ci-shared" in table


@needs_ssh
def test_configure_nodes(world: World) -> None:
    wanted = yaml.safe_load((ROOT / "examples" / "nodes.yml").read_text())
    planned = world.run("configure_nodes", check=True, **wanted)
    changes = [name for name, result in planned.tasks if result.get("changed")]
    assert changes == ["Create directories", "Create directories", "Copy files"], "each item of a loop counts"
    first = world.run("configure_nodes", **wanted)
    assert first["Create directories"]["changed"] and first["Copy files"]["changed"]
    assert world.run("configure_nodes", **wanted).changed == 0


def test_export_is_a_vars_file(world: World) -> None:
    folder = world.folder / "exported"
    assert world.run("export_workspace", aml_export_folder=str(folder)).changed == 2
    mark = world.mark()
    # A relative path is one of the directory in which the command was started, and the absolute path is printed.
    again = world.run("export_workspace", aml_export_folder=folder.name)
    assert again.changed == 0 and str(folder) in again.text
    assert world.player.playbook(f"{PREFIX}provision_workspace", "-e", f"@{folder / 'workspace.yml'}").changed == 0
    assert world.writes(mark) == []
    assert (folder / "cli" / "cpu.yml").exists()
    for name in ("workspace.yml", "fleet.yml"):
        comments = [line for line in (folder / name).read_text().splitlines() if line.startswith("# ")]
        assert len(comments) == len(set(comments)) > 0, "what the file does not contain"
    modes = {path.relative_to(folder): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {path: 0o700 if (folder / path).is_dir() else 0o600 for path in modes}


def test_stop_idle(world: World) -> None:
    mark = world.mark()
    assert world.run("stop_idle", check=True).changed == 2 and world.writes(mark) == []
    kept = world.run("stop_idle", aml_keep="cpu, ws-shared/ci-shared, ws-other/nothing")
    assert kept.changed == 0 and world.writes(mark) == []
    assert "ci-shared" in kept["Show the targets that were not changed"]["msg"]

    # What changed after it was listed is neither stopped nor removed.
    tasks = str(PLAYBOOKS / "tasks")
    listed = {
        "name": "ci-shared",
        "created_on": "2020-01-01T00:00:00Z",
        "last_operation": {"name": "Start", "time": "2020-01-01T00:00:00Z"},
    }
    stale = {
        "aml_stop_instance": listed,
        "aml_rotate_instance": listed,
        "aml_stop_states": ["Running"],
        "aml_workspace": {"name": "ws-shared"},
    }
    included = [
        {"ansible.builtin.include_tasks": f"{tasks}/{item}_instance.yml", "vars": stale} for item in ("stop", "rotate")
    ]
    defaults = {"resource_group": "rg-shared", "workspace": "ws-shared"}
    again = world.player.play({"block": included, "module_defaults": {"group/azureml.compute.all": defaults}})
    assert world.writes(mark) == [] and "Running" in again["Report an instance that has changed"]["msg"]
    assert again["Keep an instance that has changed"]["ansible_facts"] == {"aml_rotate_changed": ["ci-shared"]}

    assert world.run("stop_idle").changed == 2
    assert world.writes(mark) == ["POST stop", "PATCH cpu"]
    there = world.state()
    assert there["ci-shared"]["properties"]["properties"]["state"] == "Stopped"
    assert there["cpu"]["properties"]["properties"]["scaleSettings"]["minNodeCount"] == 0
    assert world.run("stop_idle").changed == 0


def test_a_wrong_option_is_named(world: World) -> None:
    good = world.vars["aml_computes"]
    try:
        world.vars["aml_computes"] = [{"name": "cpu", "type": "amlcompute", "sise": "Standard_DS3_v2"}]
        mark = world.mark()
        refused = world.run("provision_workspace", ok=False)
        assert refused.code != 0
        assert refused.text.count("Unsupported parameters: aml_computes.sise. Did you mean aml_computes.size?") == 2
        # The result of Ansible's own check has the specification of the whole role, 20 KB.
        assert "argument_spec_data" not in refused.text
        world.vars["aml_computes"] = [{"name": "cpu", "type": "amlcompute", "namespace": "default"}]
        refused = world.run("provision_workspace", ok=False)
        assert refused.code != 0 and "namespace" in refused.text and "InvalidOption" in refused.text
        assert world.writes(mark) == []
    finally:
        world.vars["aml_computes"] = good


@pytest.fixture
def fleet(simulator: Simulator, tmp_path: Path) -> Player:
    return Player(simulator, tmp_path, "rg-fleet")


def test_a_fleet(fleet: Player) -> None:
    hosts = {f"ws-fleet-{number}": {"aml_workspace": {"name": f"ws-fleet-{number}"}} for number in (1, 2)}
    cluster = {"name": "cpu", "type": "amlcompute", "size": "Standard_DS3_v2", "max_instances": 2}
    shared = {"aml_resource_group": "rg-fleet", "aml_location": "eastus", "aml_computes": [cluster]}
    static = fleet.folder / "fleet.yml"
    static.write_text(yaml.safe_dump({"aml_workspaces": {"hosts": hosts, "vars": shared}}))
    run = (f"{PREFIX}provision_fleet", "-i", str(static))
    # The other workspace is there, which saves what azure-ai-ml takes to create it.
    fleet.make_workspace("ws-fleet-2")
    mark = fleet.simulator.mark()
    first = fleet.playbook(*run)
    fleets = [result for name, result in first.tasks if name == "aml_compute : Manage compute targets"]
    assert [[target["name"] for target in fleet["targets"]] for fleet in fleets] == [["cpu"], ["cpu"]]
    made = {
        row["path"].split("/workspaces/")[1].split("/")[0]
        for row in fleet.simulator.writes(mark)
        if row["path"].endswith("/computes/cpu")
    }
    assert made == set(hosts)
    mark = fleet.simulator.mark()
    assert fleet.playbook(*run).changed == 0
    assert [row for row in fleet.simulator.writes(mark) if not row["path"].endswith(READS)] == []

    found = fleet.folder / "found.aml_compute.yml"
    found.write_text(
        yaml.safe_dump({"plugin": f"{PREFIX}aml_compute", "hosts": "workspaces", "resource_groups": ["rg-fleet"]})
    )
    clusters = json.dumps({"aml_computes": [{"name": "cpu", "type": "amlcompute", "max_instances": 3}]})
    grown = fleet.playbook(f"{PREFIX}provision_fleet", "-i", str(found), "-e", clusters)
    assert [name for name, result in grown.tasks if result.get("changed")] == [
        "aml_compute : Manage compute targets"
    ] * 2
    both = (f"{PREFIX}stop_idle", f"{PREFIX}export_workspace")
    done = fleet.playbook(*both, "-i", str(found), "-e", "aml_hosts=aml_workspaces aml_export_folder=all")
    assert [name for name, _result in done.tasks].count("List compute targets") == 2
    files = {path.relative_to(fleet.folder / "all").as_posix() for path in (fleet.folder / "all").rglob("*.yml")}
    assert files == {"fleet.yml", *(f"{name}/workspace.yml" for name in hosts)}, (
        "no file of another workspace is overwritten"
    )
    document = yaml.safe_load((fleet.folder / "all" / "fleet.yml").read_text())["aml_fleet_workspaces"]
    assert {workspace["name"] for workspace in document} == set(hosts)
    assert {name for name, result in done.tasks if result.get("changed")} == {
        "Export the workspace",
        "Write the fleet document",
    }


@needs_ssh
def test_rotate_keys(world: World) -> None:
    # What is at work is not replaced.
    world.run("stop_idle")
    world.vars["aml_computes"][2] |= {
        "min_instances": 0,
        "ssh_settings": {"admin_username": "azureuser", "ssh_key_value": "{{ aml_ssh_keys_public_key }}"},
    }
    before = world.state()

    mark = world.mark()
    kept = world.run("rotate_keys", aml_ssh_keys_rotate=True)
    assert world.writes(mark) == ["POST resyncKeys"]
    assert (
        "Clusters: cpu" in kept["Show which targets keep an old key"]["msg"]
        and "ci-shared" in kept["Show which targets keep an old key"]["msg"]
    )

    mark = world.mark()
    world.run("rotate_keys", aml_rotate_replace=["cpu", "ci-shared"], aml_rotate_workspace_keys=False)
    assert world.writes(mark) == ["DELETE cpu", "PUT cpu", "DELETE ci-shared", "PUT ci-shared"]
    after = world.state()
    for name, path in (
        ("cpu", ("userAccountCredentials", "adminUserSshPublicKey")),
        ("ci-shared", ("sshSettings", "adminPublicKey")),
    ):
        old, new = ((rows[name]["properties"]["properties"][path[0]] or {}).get(path[1]) for rows in (before, after))
        assert new and new != old, name


@pytest.mark.slow
def test_modernise(simulator: Simulator, tmp_path: Path) -> None:
    """A plan that changes nothing; an interruption between deletion and creation; and the run that continues, and changes nothing without a name."""
    workspace = simulator.make_workspace("rg-old", "ws-old")
    inner = {
        "vmSize": "Standard_D4s_v3",
        "vmPriority": "LowPriority",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2},
    }
    for name in ("spot-a", "spot-b"):
        body = {
            "location": "eastus",
            "tags": {"team": "a"},
            "properties": {"computeType": "AmlCompute", "properties": inner},
        }
        simulator.arm("PUT", f"{workspace}/computes/{name}", body=body)
    served = {"clusterPurpose": "DevTest", "agentCount": 1, "agentVmSize": "Standard_D4s_v3"}
    body = {"location": "eastus", "properties": {"computeType": "AKS", "properties": served}}
    simulator.arm("PUT", f"{workspace}/computes/scoring", body=body)
    world = World(simulator, tmp_path, "old")
    options = {"aml_modernise_folder": str(tmp_path / "kept")}
    mark = world.mark()
    # What cannot be read of endpoints does not keep clusters from their successors.
    refusal = {"kind": "status", "status": 403, "match": {"method": "GET", "path": "/onlineEndpoints"}, "count": 9}
    simulator.control("PUT", "faults", [refusal])
    planned = world.run("modernise", check=True, **options)
    simulator.control("PUT", "faults", [])
    plan = "\n".join(planned["Show the plan"]["msg"])
    assert "The online deployments could not be read" in plan
    assert "spot-a (amlcompute): tier low_priority retired 2026-03-31" in plan and "COST PER MONTH" in plan
    assert "scoring: AKS cluster scoring-k8s with 1 x Standard_D4s_v3 next to it" in plan
    assert planned.changed == 1 and "2 replace planned" in str(planned["Show the result"]["msg"])
    assert (
        "nothing-such" in world.run("modernise", ok=False, aml_modernise_confirm="spot-a,nothing-such", **options).text
    )
    assert world.writes(mark) == [] and not (tmp_path / "kept").exists()

    refusal = {"kind": "status", "status": 400, "match": {"method": "PUT", "path": "/computes/spot-a"}, "count": 9}
    simulator.control("PUT", "faults", [refusal])
    world.run("modernise", ok=False, aml_modernise_confirm="spot-a", **options)
    simulator.control("PUT", "faults", [])
    kept = list((tmp_path / "kept").iterdir())
    assert {path.suffix for path in kept} == {".json", ".plan"}, "the declarations, and the plan that was confirmed"
    assert set(world.state()) == {"spot-b", "scoring"} and all(
        stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept
    )

    done = world.run("modernise", aml_modernise_confirm="scoring", **options)
    assert "An interrupted run has deleted, and this run creates: spot-a" in done["Show the plan"]["msg"]
    # The cluster of the interrupted run; of the inference cluster's successor, the cluster, its extension, three roles and the attachment.
    assert done.changed == 7 and list((tmp_path / "kept").iterdir()) == []
    new, other = (world.state()[name]["properties"]["properties"]["vmPriority"] for name in ("spot-a", "spot-b"))
    assert (new, other) == ("Dedicated", "LowPriority") and world.state()["spot-a"]["tags"] == {"team": "a"}

    (tmp_path / "kept").chmod(0o775)
    shared = world.run("modernise", ok=False, aml_modernise_confirm="spot-b", **options)
    assert "Others can read or write" in shared.text
    assert set(world.state()) == {"spot-a", "spot-b", "scoring", "scoring-k8s"}
    (tmp_path / "kept").chmod(0o700)
    for path in (tmp_path / "kept").iterdir():
        path.unlink()

    # Another writer after the plan was shown: what the playbook then writes to the folder comes before its next request.
    scaled = {**inner, "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 7}}
    body = {"location": "eastus", "properties": {"computeType": "AmlCompute", "properties": scaled}}
    meanwhile = Meanwhile(
        lambda: any((tmp_path / "kept").iterdir()),
        lambda: simulator.arm("PUT", f"{workspace}/computes/spot-b", body=body),
    )
    with meanwhile:
        refused = world.run("modernise", ok=False, aml_modernise_confirm="spot-b", **options)
    assert "spot-b" in refused.text and ("after the plan was shown" in refused.text or "PlanChanged" in refused.text)
    left = world.state()["spot-b"]["properties"]["properties"]
    assert (left["vmPriority"], left["scaleSettings"]["maxNodeCount"]) == ("LowPriority", 7)
    world.run("modernise", **options)
    assert list((tmp_path / "kept").iterdir()) == [], (
        "its declaration would create the target again after someone has deleted it"
    )


@pytest.mark.slow
def test_acceptance_deletes_what_it_created(simulator: Simulator, tmp_path: Path) -> None:
    player = Player(simulator, tmp_path, "rg-acceptance")
    simulator.make_group(player.group)
    given = {"aml_resource_group": player.group, "aml_acceptance_steps": ["cluster", "datastore"]}
    mark = simulator.mark()
    player.playbook(f"{PREFIX}acceptance", "-e", json.dumps(given))
    assert simulator.writes(mark) == [], "without a confirmation it shows the steps alone"
    player.playbook(f"{PREFIX}acceptance", "-e", json.dumps({**given, "aml_acceptance_confirm": player.group}))
    sent = [row for row in simulator.writes(mark) if "/acc-c-" in row["path"] or "/datastores/acc_" in row["path"]]
    assert [row["method"] for row in sent] == ["PUT", "PUT", "DELETE"]
    left = [row["id"] for row in simulator.control("GET", "state")["resources"] if player.group in row["id"]]
    assert [name for name in left if "/providers/" in name and "/deployments/" not in name] == []


def test_teardown(world: World) -> None:
    """The last one: nothing is left of the world."""
    workspace = (
        world.player.simulator.group_id("rg-shared")
        + "/providers/Microsoft.MachineLearningServices/workspaces/ws-shared"
    )
    storage = world.player.simulator.arm("GET", workspace)["properties"]["storageAccount"]
    world.player.simulator.arm(
        "PUT",
        f"{workspace}/providers/Microsoft.Insights/diagnosticSettings/archive",
        "2021-05-01-preview",
        {"properties": {"storageAccountId": storage, "logs": [{"categoryGroup": "allLogs", "enabled": True}]}},
    )
    mark = world.mark()
    refused = world.run("teardown", ok=False, aml_teardown_confirm="ws-shared")
    assert refused.code != 0 and "Nothing was deleted" in refused.text and world.writes(mark) == []
    assert "run the same command again with -e aml_teardown_confirm=ws-shared," in refused.text
    assert world.run("teardown", check=True).changed == 5 and world.writes(mark) == []

    # A compute target that is created after the confirmation stops it.
    late = {"location": "eastus", "properties": {"computeType": "DataFactory"}}
    meanwhile = Meanwhile(
        lambda: "DELETE copies" in world.writes(mark),
        lambda: world.player.simulator.arm("PUT", f"{workspace}/computes/late", body=late),
    )
    names = "ws-shared, ci-shared, cpu"
    with meanwhile:
        stopped = world.run("teardown", ok=False, aml_teardown_confirm=names)
    assert (
        "UnexpectedComputes" in stopped.text
        and "does not name: late" in stopped.text
        and set(world.state()) == {"late"}
    )

    done = world.run("teardown", aml_teardown_confirm="ws-shared")
    deleted = [write for write in world.writes(mark) if write.startswith("DELETE")]
    names = ["copies", "ci-shared", "cpu", "archive", "late", "ws-shared"]
    assert deleted == [f"DELETE {name}" for name in names]
    left = "\n".join(done["Show the remaining resources"]["msg"])
    assert "storageAccounts" in left and "soft-deleted" in left
    assert world.run("teardown", aml_teardown_confirm="ws-shared").changed == 0
