# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment, and AWX's set-up as code (examples/awx): what ansible-builder and AWX would refuse.

Sources: ansible-builder's documentation (a collection's metadata has schema version 1, a definition version 3) and Red Hat's rules for the
metadata of certified collections (lower bounds only, no Ansible, no test dependencies). Of AWX: the argument specs of awx.awx 24.6.1, the
fields of "Microsoft Azure Resource Manager" (awx_plugins/credentials/plugins.py), the regular expression by which it finds playbooks
(awx/main/utils/ansible.py), and its rules for schedules (SchedulePreviewSerializer in awx/api/serializers.py).
"""

from __future__ import annotations

import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._auth.options import ENVIRONMENT

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
AWX = ROOT / "examples" / "awx"
PROJECT = AWX / "project"
BUILT = ("meta", "playbooks", "plugins", "roles")
DEVELOPMENT = {
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "ruff",
    "molecule",
    "ansible-lint",
    "ansible-builder",
    "ansible-runner",
    "aiohttp",
    "asyncssh",
}

# The options that the set-up uses, of awx.awx 24.6.1: without that collection here, they are what a task is held against.
OPTIONS = {
    "organization": {"name"},
    "execution_environment": {"name", "organization", "image", "pull"},
    "credential": {"name", "organization", "credential_type", "inputs", "update_secrets"},
    "credential_type": {"name", "kind", "inputs", "injectors"},
    "project": {
        "name",
        "organization",
        "scm_type",
        "scm_url",
        "scm_branch",
        "scm_update_on_launch",
        "default_environment",
        "wait",
    },
    "inventory": {"name", "organization"},
    "host": {"name", "inventory", "variables"},
    "inventory_source": {
        "name",
        "inventory",
        "organization",
        "source",
        "source_project",
        "source_path",
        "credential",
        "execution_environment",
        "overwrite",
        "overwrite_vars",
        "update_on_launch",
        "update_cache_timeout",
    },
    "job_template": {
        "name",
        "organization",
        "job_type",
        "inventory",
        "project",
        "playbook",
        "credentials",
        "execution_environment",
        "diff_mode",
        "survey_enabled",
        "survey_spec",
        "extra_vars",
        "job_slice_count",
        "forks",
    },
    "workflow_job_template": {"name", "organization", "workflow_nodes"},
    "schedule": {"name", "unified_job_template", "organization", "rrule", "extra_data"},
}
BUILT_IN_FIELDS = {"subscription", "username", "password", "client", "secret", "tenant", "cloud_environment"}
PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|include|import_playbook):\s*?.*?$", re.MULTILINE)

Task = dict[str, t.Any]


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's tag for text that is no template."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(t.cast("yaml.ScalarNode", node)))


def run(*command: str) -> str:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def requirements(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def play(name: str) -> Task:
    (found,) = yaml.load((AWX / name).read_text(), Loader=_Loader)
    return t.cast("Task", found)


def tasks(module: str) -> list[Task]:
    """The arguments of each task of one module in the set-up."""
    return [task[f"awx.awx.{module}"] for task in play("setup.yml")["tasks"] if f"awx.awx.{module}" in task]


def questions(template: Task) -> list[str]:
    """The variables that a job template's survey asks for; ``which`` is the question that several of them have."""
    which = play("setup.yml")["vars"]["which"]
    spec = template.get("survey_spec", {}).get("spec", [])
    return [which["variable"] if question == "{{ which }}" else question["variable"] for question in spec]


def test_the_image_has_what_the_collection_needs() -> None:
    needed = requirements(ROOT / "meta" / "ee-requirements.txt")
    assert sorted(needed) == sorted(
        line for line in requirements(ROOT / "requirements.txt") if not line.startswith("ansible-core")
    )
    assert all(re.fullmatch(r"[a-z0-9-]+>=[0-9.]+", line) for line in needed), "lower bounds only"
    assert set(needed) <= set(requirements(ROOT / "tests" / "unit" / "requirements.txt")), (
        "ansible-test units installs nothing else"
    )
    names = {line.partition(">=")[0] for line in needed}
    assert not names & DEVELOPMENT
    assert not [name for name in names if name.startswith("ansible")], "the image has its own Ansible"


def test_ansible_builder_reads_the_metadata(tmp_path: Path) -> None:
    place = tmp_path / "ansible_collections" / "azureml"
    place.mkdir(parents=True)
    (place / "compute").symlink_to(ROOT)
    found = yaml.safe_load(run("ansible-builder", "introspect", str(tmp_path)))
    assert [line.partition(" ")[0] for line in found["python"]] == requirements(ROOT / "meta" / "ee-requirements.txt")
    assert any(line.startswith("openssh-client [platform:dpkg]") for line in found["system"]), (
        "aml_ssh_keys needs ssh-keygen"
    )
    assert any(line.startswith("openssh-clients [platform:rpm]") for line in found["system"])


def test_ansible_builder_makes_a_context_with_the_whole_collection(tmp_path: Path) -> None:
    run("ansible-builder", "create", "-f", str(ROOT / "execution-environment.yml"), "-c", str(tmp_path))
    (container,) = [path for name in ("Containerfile", "Dockerfile") if (path := tmp_path / name).exists()]
    assert "ansible-galaxy collection install" in container.read_text()
    built = tmp_path / "_build" / "collection"
    source = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())["collections"]
    assert source == [{"name": "/build/collection", "type": "dir"}], "the folder _build is /build in the image"

    def files(base: Path) -> set[str]:
        found = {path.relative_to(base) for folder in BUILT for path in (base / folder).rglob("*") if path.is_file()}
        return {str(path) for path in found if "__pycache__" not in path.parts}

    assert files(built) == files(ROOT)
    assert {"galaxy.yml", "README.md", "LICENSE"} <= {path.name for path in built.iterdir()}


def pinned() -> dict[str, tuple[str, list[str]]]:
    """The packages of the lock file: version and hashes."""
    text = (ROOT / "execution-environment.lock.txt").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split()
            name, equals, version = requirement.partition("==")
            assert equals and version, line
            found[name] = (version, hashes)
    return found


def test_every_package_of_the_image_has_a_version_and_hashes() -> None:
    packages = pinned()
    assert len(packages) > 20
    assert [name for name, (_version, hashes) in packages.items() if not hashes] == []
    assert all(
        re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for _version, hashes in packages.values() for one in hashes
    )

    def numbers(version: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", version)]

    wanted = [
        *requirements(ROOT / "requirements.txt"),
        *(line for line in requirements(ROOT / "execution-environment.in.txt") if not line.startswith("-r")),
    ]
    for line in wanted:
        name, _sign, lowest = re.fullmatch(r"([a-z-]+)(>=|==)?(.*)", line).groups()  # type: ignore[union-attr]
        assert name in packages, f"{name} is not pinned: run 'make lock'"
        assert not lowest or numbers(packages[name][0]) >= numbers(lowest), f"{line}: run 'make lock'"


def test_the_image_downloads_packages_once_and_by_their_hashes(tmp_path: Path) -> None:
    run("ansible-builder", "create", "-f", str(ROOT / "execution-environment.yml"), "-c", str(tmp_path))
    (container,) = [path for name in ("Containerfile", "Dockerfile") if (path := tmp_path / name).exists()]
    text = container.read_text()
    (references,) = re.findall(r'^ARG ANSIBLE_INSTALL_REFS="(.+)"$', text, re.MULTILINE)
    assert references.split() == [
        "--require-hashes",
        "--only-binary=:all:",
        "-r",
        "/opt/builder/execution-environment.lock.txt",
    ]
    assert (tmp_path / "_build" / "lock" / "execution-environment.lock.txt").read_text() == (
        ROOT / "execution-environment.lock.txt"
    ).read_text()
    online, offline, after = re.split(r"^ENV PIP_NO_INDEX=[10]$", text, flags=re.MULTILINE)
    assert re.findall(r"^RUN .*pip install.*$", online, re.MULTILINE) == [
        "RUN $PYCMD -m pip install --no-cache-dir $ANSIBLE_INSTALL_REFS"
    ]
    assert "\nCOPY _build/lock/execution-environment.lock.txt /opt/builder/execution-environment.lock.txt\n" in online
    assert "pip" not in after
    # Later steps find what they need, since it is pinned: ansible-builder's own, and the requirements of the collection.
    named = {
        re.split(r"[=<>]", word.strip("'"))[0]
        for line in re.findall(r"pip install --no-cache-dir (.+)$", offline, re.MULTILINE)
        for word in line.split()
    }
    assert named >= {"bindep", "dumb-init"} and named <= set(pinned())
    assert {line.partition(">=")[0] for line in requirements(ROOT / "meta" / "ee-requirements.txt")} <= set(pinned())


@pytest.mark.parametrize("name", ["setup.yml", "credential_types.yml"])
def test_the_set_up_names_options_that_awx_has(name: str) -> None:
    for task in play(name)["tasks"]:
        (module,) = [key for key in task if "." in key]
        used = set(task[module])
        assert used <= OPTIONS[module.removeprefix("awx.awx.")], task["name"]


@pytest.mark.parametrize("name", ["setup.yml", "credential_types.yml"])
def test_the_set_up_passes_ansible_s_own_check(name: str) -> None:
    if not (BIN / "ansible-doc").exists():
        pytest.skip(f"missing: {BIN / 'ansible-doc'}; ansible-test's environment has ansible-core in another place")
    installed = subprocess.run(
        [str(BIN / "ansible-doc"), "-l", "awx.awx"], capture_output=True, text=True, timeout=60, check=False
    )
    if "awx.awx.job_template" not in installed.stdout:
        pytest.skip("the collection awx.awx is not installed: its options are those listed above")
    run("ansible-playbook", "--syntax-check", str(AWX / name), "-e", f"@{AWX / 'vars.yml'}")


def test_the_vars_file_has_each_variable_of_the_set_up() -> None:
    used = set(re.findall(r"\bawx_\w+", (AWX / "setup.yml").read_text()))
    assert used == set(yaml.safe_load((AWX / "vars.yml").read_text()))


def test_templates_ask_for_variables_that_their_playbooks_read() -> None:
    declared = yaml.safe_load((AWX / "vars.yml").read_text())["awx_declarations"]
    assert all((PROJECT / "workspaces" / f"{name}.yml").exists() for name in declared)
    templates = tasks("job_template")
    assert {template["job_type"] for template in templates} == {"run", "check"}
    for template in templates:
        playbook = PROJECT / template["playbook"]
        assert PLAYBOOK.search(playbook.read_text()), "AWX would not offer this file as a playbook"
        # The project's playbook, and the one of the collection that it imports.
        imported = re.findall(r"import_playbook: azureml\.compute\.(\w+)", playbook.read_text())
        text = playbook.read_text() + "".join((ROOT / "playbooks" / f"{name}.yml").read_text() for name in imported)
        for variable in {*questions(template), *template.get("extra_vars", {})}:
            assert re.search(r"(when: |{{[^}]*)\b" + variable + r"\b", text), (
                f"{variable} of {template['name']} is read nowhere"
            )


def test_schedules_answer_the_surveys() -> None:
    (schedule,) = [task for task in play("setup.yml")["tasks"] if "awx.awx.schedule" in task]
    templates = {template["name"]: template for template in tasks("job_template")}
    for item in schedule["loop"]:
        assert set(item["answers"]) == set(questions(templates[item["template"]])), (
            "a required question without an answer"
        )
        rule = schedule["awx.awx.schedule"]["rrule"].replace("{{ awx_timezone }}", "Europe/Berlin")
        rule = rule.replace("{{ item.time }}", item["time"]).replace("{{ item.every }}", item["every"])
        assert re.fullmatch(r"DTSTART;TZID=[\w/]+:\d{8}T\d{6} RRULE:FREQ=(DAILY|WEEKLY);INTERVAL=\d+", rule), rule


def test_inventory_sources_read_files_of_the_project() -> None:
    (source,) = [task for task in play("setup.yml")["tasks"] if "awx.awx.inventory_source" in task]
    for kind in source["loop"]:
        content = yaml.safe_load(
            (PROJECT / source["awx.awx.inventory_source"]["source_path"].replace("{{ item }}", kind)).read_text()
        )
        assert content == {"plugin": "azureml.compute.aml_compute", "hosts": kind}, "no credential stands in the file"


def test_credentials_set_what_sign_in_reads() -> None:
    assert set(play("setup.yml")["vars"]["azure"]) <= BUILT_IN_FIELDS
    known = {name for names in ENVIRONMENT.values() for name in names}
    for task in play("credential_types.yml")["tasks"]:
        made = task["awx.awx.credential_type"]
        assert set(made["injectors"]["env"]) <= known
        fields = {field["id"] for field in made["inputs"]["fields"]}
        assert set(made["inputs"]["required"]) <= fields
        used = re.findall(r"{{ (\w+) }}", str(made["injectors"]))
        assert set(used) == fields, "a field that goes nowhere, or a value that comes from nowhere"
