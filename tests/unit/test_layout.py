# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of plugins/module_utils: packages import only what stands below them, and the page that shows them is current (scripts/architecture.py)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.scripts import architecture

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The plugins in a folder of their own, to be broken."""
    shutil.copytree(ROOT / "plugins", tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def add(copy: Path, file: str, line: str) -> None:
    path = copy / "plugins" / "module_utils" / file
    path.write_text(f"{path.read_text()}\n{line}\n")


def test_packages_keep_the_order() -> None:
    assert architecture.faults() == []


def test_the_figures_of_the_layout() -> None:
    packages = architecture.packages()
    assert max(architecture.floors(packages).values()) <= 9
    assert len(list((ROOT / "plugins" / "module_utils").glob("*.py"))) <= 2
    assert {name for name, package in packages.items() if package.may_import_ansible} == {"_module"}
    assert all(
        (ROOT / "plugins" / "module_utils" / name / "__init__.py").read_bytes() == b""
        for name in packages
        if name not in architecture.ENTRIES
    )


def test_each_module_has_a_job_of_its_name() -> None:
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    jobs = set(architecture.packages()["_jobs"].files)
    assert modules - jobs == set()
    assert {name for name in jobs - modules if name.startswith(("aml_", "arm_"))} == set()


@pytest.mark.parametrize(
    ("file", "line", "fault"),
    [
        ("_core/errors.py", "from .._engine.plan import Plan", "_core may not import _engine"),
        ("_engine/plan.py", "from .._kinds import cluster", "_engine may not import _kinds"),
        ("_arm/client.py", "def late():\n    from .._kinds.cluster import CLUSTER", "_arm may not import _kinds"),
        (
            "_kinds/aks.py",
            "from ansible_collections.azureml.compute.plugins.module_utils._arm import client",
            "_kinds may not import _arm",
        ),
        (
            "_engine/rules.py",
            "import ansible_collections.azureml.compute.plugins.module_utils._fleet.cost",
            "_engine may not import _fleet",
        ),
        ("_fleet/executor.py", "from ansible.module_utils.basic import AnsibleModule", "_fleet may not import Ansible"),
        ("_reconcilers/attached.py", "from .. import _jobs", "_reconcilers may not import _jobs"),
    ],
)
def test_an_import_that_is_turned_round_is_found(copy: Path, file: str, line: str, fault: str) -> None:
    assert architecture.faults(copy) == architecture.faults()
    add(copy, file, line)
    assert any(
        item.startswith(f"plugins/module_utils/{file}:") and item.endswith(fault) for item in architecture.faults(copy)
    ), architecture.faults(copy)


def test_a_circle_is_found_also_where_both_imports_are_allowed(copy: Path) -> None:
    path = copy / "plugins" / "module_utils" / "_engine" / "reconciler.py"
    path.write_text(path.read_text().replace("It may import ``_core``.", "It may import ``_core`` and ``_kinds``."))
    add(copy, "_engine/reconciler.py", "from .._kinds import cluster")
    assert [fault for fault in architecture.faults(copy) if fault.startswith("a circle of imports: ")]


def test_flat_files_and_packages_that_say_nothing_are_found(copy: Path) -> None:
    for name in ("one", "two", "three"):
        (copy / "plugins" / "module_utils" / f"{name}.py").touch()
    package = copy / "plugins" / "module_utils" / "_new"
    package.mkdir()
    (package / "part.py").write_text('"""Something."""\n')
    faults = architecture.faults(copy)
    assert "module_utils has 3 files outside packages, more than 2: one.py, three.py, two.py" in faults
    assert "no file of _new says in its docstring what the package is for and what it may import" in faults


def test_the_page_is_current() -> None:
    assert architecture.page() == (ROOT / architecture.PAGE).read_text(), "run 'make architecture'"
