# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet from files of the Azure ML CLI v2, by resource group and workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.azureml.compute.tests.support.azure import GROUP, Azure

FLEET = "aml_fleet"
CLUSTER = (
    "type: amlcompute\nname: {name}\nsize: Standard_DS2_v2\nmin_instances: 0\nmax_instances: {most}\ntier: {tier}\n"
)
INSTANCE = "$schema: https://azuremlschemas.azureedge.net/latest/computeInstance.schema.json\ntype: computeinstance\nname: ci-one\nsize: Standard_DS2_v2\n"


def put(folder: Path, path: str, text: str) -> None:
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


@pytest.fixture
def folder(azure: Azure, tmp_path: Path) -> Path:
    """Two workspaces that exist, with three files."""
    for name in ("ws-0", "ws-1"):
        azure.make_workspace(name)
    put(tmp_path, f"{GROUP}/ws-0/small.yml", CLUSTER.format(name="small", most=2, tier="dedicated"))
    put(tmp_path, f"{GROUP}/ws-0/ci.yaml", INSTANCE)
    put(tmp_path, f"{GROUP}/ws-1/small.yml", CLUSTER.format(name="small", most=4, tier="low_priority"))
    put(tmp_path, f"{GROUP}/ws-1/notes.txt", "not YAML: [")
    put(tmp_path, ".git/config.yml", "x: y\n")
    return tmp_path


def test_each_file_is_a_target_of_the_workspace_of_its_folder(azure: Azure, folder: Path) -> None:
    done = azure.run(FLEET, folder=str(folder))
    assert done["totals"] == {"targets": 3, "failed": 0, "create": 3}
    assert [(target["workspace"], target["name"]) for target in done["targets"]] == [
        ("ws-0", "ci-one"),
        ("ws-0", "small"),
        ("ws-1", "small"),
    ]
    (found,) = azure.run("aml_compute_info", workspace="ws-1")["computes"]
    assert (found["max_instances"], found["tier"]) == (4, "low_priority")
    assert azure.run(FLEET, folder=str(folder))["changed"] is False


def test_a_folder_beside_workspaces_and_below_defaults(azure: Azure, folder: Path) -> None:
    azure.make_workspace("ws-2")
    more = [
        {
            "name": "ws-2",
            "resource_group": GROUP,
            "computes": [{"type": "amlcompute", "name": "other", "size": "Standard_DS2_v2", "max_instances": 1}],
        }
    ]
    done = azure.run(
        FLEET,
        folder=str(folder),
        workspaces=more,
        defaults={"all": {"tags": {"team": "vision"}}, "amlcompute": {"max_instances": 9}},
    )
    assert done["totals"]["create"] == 4
    (found,) = azure.run("aml_compute_info", workspace="ws-1")["computes"]
    assert found["tags"] == {"team": "vision"} and found["max_instances"] == 4


def test_what_was_exported_is_what_is_declared(
    azure: Azure, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    azure.run(FLEET, folder=str(folder))
    copy = tmp_path_factory.mktemp("exported")
    for workspace in ("ws-0", "ws-1"):
        for name, text in azure.run("aml_export_info", workspace=workspace)["cli_yaml"].items():
            if "workspace" not in name:
                put(copy, f"{GROUP}/{workspace}/{name}", text)
    again = azure.run(FLEET, folder=str(copy))
    assert again["totals"] == {"targets": 3, "failed": 0, "none": 3}, [target["changes"] for target in again["targets"]]


BAD = [
    (f"{GROUP}/ws-0/bad.yml", "type: amlcompute\nname: bad\ncolour: red\n", "InvalidDefinition", "ws-0/bad.yml"),
    (f"{GROUP}/ws-0/bad.yml", "type: abacus\nname: bad\n", "WrongDefinitionType", "abacus"),
    (f"{GROUP}/ws-0/bad.yml", "type: [\n", "InvalidDefinition", "not valid YAML"),
    (
        f"{GROUP}/ws-0/bad.yml",
        "type: amlcompute\nname: bad\nmax_instances: 1\nmax_instances: 100\n",
        "InvalidDefinition",
        "in line 3 and in line 4",
    ),
    (
        f"{GROUP}/ws-0/twice.yml",
        CLUSTER.format(name="small", most=2, tier="dedicated"),
        "DeclaredTwice",
        "small.yml, rg-test/ws-0/twice.yml) is declared twice",
    ),
    (f"{GROUP}/high.yml", INSTANCE, "FileInNoWorkspace", "high.yml"),
]

_CLI = "https://azuremlschemas.azureedge.net/latest"
# Files of an export, and others, that declare no target of a fleet; what the message says behind the path.
OTHERS = {
    "a workspace": (f"$schema: {_CLI}/workspace.schema.json\nname: ws-0\n", "it declares a workspace"),
    "a project": (f"$schema: {_CLI}/project.schema.json\nname: ws-0\n", "it declares a workspace"),
    "a workspace without schema": ("name: ws-0\nkey_vault: /subscriptions/x\n", "it declares a workspace"),
    "a registry": (f"$schema: {_CLI}/registry.schema.json\nname: models\n", "it declares a registry"),
    "variables": ("aml_workspace: {name: ws-0}\naml_clusters: []\n", "it has variables of playbooks"),
}


@pytest.mark.parametrize("path", ["workspace.yml", f"{GROUP}/workspace.yml", f"{GROUP}/ws-0/workspace.yml"])
@pytest.mark.parametrize("case", OTHERS)
def test_what_a_fleet_does_not_manage_is_to_be_removed(azure: Azure, folder: Path, path: str, case: str) -> None:
    text, message = OTHERS[case]
    put(folder, path, text)
    failed = azure.run(FLEET, folder=str(folder), ok=False)
    assert f"{path}: {message}, and " in failed["msg"] and "Remove it from the folder: " in failed["msg"]
    assert failed["failure"]["code"] == "FileWithoutTarget" and azure.sent == []
    if "it declares" in message:
        assert (
            f"{path}: {message}" in failed["msg"]
            and " takes it (option definition). Nothing was sent." in failed["msg"]
        )


def test_the_workspace_of_an_export_is_to_be_removed(azure: Azure, tmp_path: Path) -> None:
    azure.make_workspace("ws-0")
    azure.run("aml_export_info", workspace="ws-0", export_folder=str(tmp_path / "exported"), write_cli_yaml=True)
    for number, name in enumerate(("workspace.yml", "cli/workspace.yml")):
        put(tmp_path, f"fleet/{GROUP}/ws-0/{number}.yml", (tmp_path / "exported" / name).read_text())
    failed = azure.run(FLEET, folder=str(tmp_path / "fleet"), ok=False)
    assert "0.yml: it has variables of playbooks" in failed["msg"]
    assert "1.yml: it declares a workspace" in failed["msg"]


# Files that are valid YAML and of a wrong form, or with wrong values, and what the message says behind the path.
_HEAD = "type: amlcompute\nname: bad-one\nsize: Standard_DS2_v2\n"
WRONG = {
    "a list": ("- type: amlcompute\n", "the file must have a mapping of options, and has a list."),
    "a text": ("hello\n", "the file must have a mapping of options, and has text."),
    "nothing": ("# later\n", "the file must have a mapping of options, and is empty."),
    "two documents": ("type: amlcompute\n---\nname: bad\n", "expected a single document"),
    "a wrong type": (f"{_HEAD}max_instances: many\n", "max_instances: Not a valid integer."),
    "a list for a mapping": (f"{_HEAD}tags: [a]\n", "tags: Not a valid mapping type."),
    "a mapping for text": ("type: amlcompute\nname: {a: b}\n", "name: Not a valid string."),
    "another type": ("type: abacus\nname: bad\n", "type is 'abacus', but a file of a fleet has one of amlcompute"),
    "a list for the type": ("type: [a]\nname: bad\n", "type is ['a'], but a file of a fleet has one of"),
    "a name": ("type: amlcompute\nname: -x\nsize: Standard_DS2_v2\n", "name '-x' is not a valid compute name"),
    "a rule": (f"{_HEAD}min_instances: 4\nmax_instances: 2\n", "min_instances (4) must not be above max_instances"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_of_a_wrong_form_is_named_by_its_path(azure: Azure, tmp_path: Path, case: str) -> None:
    text, message = WRONG[case]
    put(tmp_path, f"{GROUP}/ws-0/bad.yml", text)
    failed = azure.run(FLEET, folder=str(tmp_path), ok=False)
    assert f"{GROUP}/ws-0/bad.yml" in failed["msg"] and message in failed["msg"] and azure.sent == []
    assert "definition" not in failed["msg"] and "NoneType" not in failed["msg"]


@pytest.mark.parametrize(("path", "text", "code", "named"), BAD, ids=["field", "type", "yaml", "key", "twice", "place"])
def test_a_wrong_file_is_named_before_the_first_request(
    azure: Azure, folder: Path, path: str, text: str, code: str, named: str
) -> None:
    put(folder, path, text)
    failed = azure.run(FLEET, folder=str(folder), ok=False)
    assert failed["failure"]["code"] == code and named in failed["msg"] and azure.sent == []


def test_every_wrong_file_is_told(azure: Azure, folder: Path) -> None:
    for number in range(3):
        put(folder, f"{GROUP}/ws-0/bad{number}.yml", "type: abacus\nname: bad\n")
    failed = azure.run(FLEET, folder=str(folder), ok=False)
    assert all(f"bad{number}.yml" in str(failed["failure"]) for number in range(3))


def test_a_password_in_a_file_is_shown_nowhere(azure: Azure, folder: Path) -> None:
    secret = "Never-seen-7"
    text = (
        CLUSTER.format(name="lock", most=1, tier="dedicated")
        + f"ssh_settings:\n  admin_username: mlops\n  admin_password: {secret}\n"
    )
    put(folder, f"{GROUP}/ws-0/lock.yml", text)
    azure.run(FLEET, folder=str(folder))
    assert secret not in azure.text
    assert any(secret in str(request.body) for request in azure.sent)


@pytest.mark.parametrize("options", [{}, {"workspaces": None}, {"folder": "/nonexistent/fleet"}])
def test_something_must_be_declared(azure: Azure, options: dict[str, str]) -> None:
    failed = azure.run(FLEET, ok=False, **options)
    assert failed["failure"]["code"] in ("WorkspacesMissing", "FolderMissing") and azure.sent == []
