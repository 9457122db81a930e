# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands share (scripts/environment.py): the caller's settings of Azure and of Ansible are removed in one place."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.scripts import environment

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "AZURE_SECRET": "a b", "AZUREML_CURRENT_CLOUD": "c", "ARM_CLIENT_SECRET": "d", "ANSIBLE_CONFIG": "/e", "ANSIBLE_AZURE_PROFILE": "f",
    "AML_SIMULATOR_URL": "g",
}  # fmt: skip
KEPT = {"PATH": "/bin", "SSL_CERT_FILE": "/h", "AML_TEST_WORKERS": "3", "AZURITE": "i", "ARMOR": "j"}


@pytest.fixture(autouse=True)
def callers_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.os, "environ", {**SETTINGS, **KEPT})


def test_only_settings_of_azure_and_of_ansible_are_removed() -> None:
    assert environment.own_environment().items() >= KEPT.items()
    assert not environment.own_environment().keys() & SETTINGS.keys()
    assert set(environment.foreign_names()) == set(SETTINGS)


def test_a_shell_removes_them_too() -> None:
    line = environment.shell_line()
    done = subprocess.run(
        ["/bin/bash", "-c", f"{line}; export -p"],
        env=SETTINGS | KEPT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    exported = set(re.findall(r"^declare -x (\w+)", done.stdout, re.MULTILINE))
    assert not exported & set(SETTINGS) and set(KEPT) <= exported


def test_no_other_file_lists_them() -> None:
    """A second list would soon be another one."""
    made = ROOT / "tests" / "output"  # Copies that make mutants and ansible-test leave there.
    tests = [path for path in (ROOT / "tests").rglob("*.py") if not path.is_relative_to(made)]
    files = [*(ROOT / "scripts").rglob("*"), *tests, ROOT / "noxfile.py"]
    listed = re.compile(
        r"startswith\(\s*\(?\s*[\"'](?:AZURE|ARM_|ANSIBLE|AML_SIMULATOR)|grep -E '\^\((?:AZURE|ARM_)|=\s*\(\s*[\"']AZURE_[\"'],"
    )
    found = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if path.is_file() and path.suffix in ("", ".py") and listed.search(path.read_text("utf-8"))
    }
    assert found == {"tests/simulator/azureml_simulator/variables.py"}


def test_clients_read_resource_groups_that_the_examples_name() -> None:
    """`make clients` takes minutes, and is the only one that would notice the new name of an example's resource group."""
    text = (ROOT / "tests" / "clients" / "azcollection.yml").read_text()
    examples = [yaml.safe_load(path.read_text()) for path in (ROOT / "examples").glob("*.yml")]
    made = {one["aml_resource_group"] for one in examples if isinstance(one, dict) and "aml_resource_group" in one}
    read = set(re.findall(r"resource_group: ([\w-]+)", text)) - {"rg-azcollection"}
    assert read and read <= made
