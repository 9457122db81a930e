# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that options name: what is no plain text of a sensible size is refused before the first request, and nothing waits for a pipe."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import files
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.planted import AKS, ATTACHED, MARK, pem

CLUSTER = "type: amlcompute\nname: small\nsize: Standard_DS2_v2\nmax_instances: 2\n"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(files.LARGEST + 1)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def circle(path: Path) -> None:
    path.symlink_to(path)


def binary(path: Path) -> None:
    path.write_bytes(b"\xff\xfe" + os.urandom(32))


def closed(path: Path) -> None:
    path.symlink_to("/proc/1/mem")


MADE: dict[t.Callable[[Path], t.Any], str] = {
    pipe: "it is not a regular file",
    Path.mkdir: "it is not a regular file",
    huge: "it is larger than",
    dangling: "No such file",
    circle: "Too many levels of symbolic links",
    binary: "it is not text",
    closed: "",
}


def tasks(path: str) -> dict[str, tuple[str, dict[str, t.Any]]]:
    """Each option that names a file which is read, in a task that would get as far as to read it."""
    machine = {
        "name": "machine",
        "type": "virtualmachine",
        "ssh_settings": {"admin_username": "me", "ssh_private_key_file": path},
    }
    scoring = {"name": "scoring", "resource_id": "/subscriptions/x"}
    ssl = {"cert": "x", "cname": "a.example.org"}
    return {
        "ssh_private_key_file": (ATTACHED, machine),
        "key_file": (AKS, {**scoring, "ssl": {**ssl, "key_file": path}}),
        "cert_file": (AKS, {**scoring, "ssl": {"cname": "a.example.org", "key": "a-private-key", "cert_file": path}}),
        "fleet": ("aml_fleet", {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": [machine]}]}),
    }


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_a_file_that_is_none_is_refused(azure: Azure, make: t.Callable[[Path], t.Any], tmp_path: Path) -> None:
    make(tmp_path / "key")
    for name, (module, options) in tasks(str(tmp_path / "key")).items():
        failed = azure.run(module, **options, ok=False)
        assert MADE[make] in failed["msg"] and "cannot be read" in failed["msg"], name
        assert "file" in failed["msg"] and azure.sent == [], name


def test_a_link_that_a_user_names_is_followed(azure: Azure, tmp_path: Path) -> None:
    """Kubernetes mounts secrets as links."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "key").write_text(pem("Linked"))
    (tmp_path / "key").symlink_to("..data/key")
    module, options = tasks(str(tmp_path / "key"))["ssh_private_key_file"]
    azure.run(module, **{**options, "address": "203.0.113.5"})
    assert any(MARK in str(write.body) for write in azure.writes)


# --- the folder of a fleet ---


@pytest.fixture
def folder(azure: Azure, tmp_path: Path) -> Path:
    place = tmp_path / "fleet" / GROUP / WORKSPACE
    place.mkdir(parents=True)
    (place / "small.yml").write_text(CLUSTER)
    return tmp_path / "fleet"


def refused(azure: Azure, folder: Path, *words: str) -> None:
    failed = azure.run("aml_fleet", folder=str(folder), ok=False)
    assert azure.sent == [] and all(word in failed["msg"] for word in words), failed["msg"]
    assert MARK not in azure.text


@pytest.mark.parametrize("make", MADE, ids=lambda make: make.__name__)
def test_a_declaration_that_is_no_file_is_refused(azure: Azure, folder: Path, make: t.Callable[[Path], t.Any]) -> None:
    make(folder / GROUP / WORKSPACE / "other.yml")
    if make is circle:
        # Python 3.13 resolves a circle, older ones do not.
        refused(azure, folder, "other.yml")
    else:
        refused(
            azure,
            folder,
            f"{GROUP}/{WORKSPACE}/other.yml",
            "link that leads outside the folder" if make is closed else MADE[make],
        )


def test_a_link_out_of_the_folder_shows_nothing_of_what_it_points_to(
    azure: Azure, folder: Path, tmp_path: Path
) -> None:
    """Who may add a file to a fleet's repository does not read the job's files by that, in messages about their YAML."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "id.yml").write_text(f"{MARK}: [not YAML\n")
    (folder / GROUP / WORKSPACE / "other.yml").symlink_to(tmp_path / "secret" / "id.yml")
    refused(azure, folder, "other.yml", "link that leads outside the folder")
    (folder / GROUP / WORKSPACE / "other.yml").unlink()
    (folder / GROUP / "ws-else").symlink_to(tmp_path / "secret")
    refused(azure, folder, f"{GROUP}/ws-else/id.yml", "link that leads outside the folder")


def test_a_link_within_the_folder_is_a_file(azure: Azure, folder: Path) -> None:
    azure.make_workspace("ws-b")
    (folder / GROUP / "ws-b").symlink_to(WORKSPACE)
    done = azure.run("aml_fleet", folder=str(folder))
    assert [target["workspace"] for target in done["targets"]] == ["ws-b", WORKSPACE]


def test_the_folder_itself_may_be_a_link(azure: Azure, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(folder)
    assert azure.run("aml_fleet", folder=str(tmp_path / "current"))["totals"]["create"] == 1
