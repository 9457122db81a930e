# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The execution environment, and AWX's set-up as code (examples/awx): what ansible-builder and AWX would refuse.

Sources: ansible-builder's documentation (a collection's metadata has schema version 1, a definition version 3) and Red Hat's rules for the
metadata of certified collections (lower bounds only, no Ansible, no test dependencies). Of AWX: the argument specs of awx.awx 24.6.1, the
fields of its built-in credential types (awx_plugins/credentials/plugins.py), the regular expression by which it finds playbooks
(awx/main/utils/ansible.py), its rules for schedules (SchedulePreviewSerializer in awx/api/serializers.py), and that a template ignores or refuses what it
does not ask for (JobTemplate._accept_or_ignore_job_kwargs in awx/main/models/jobs.py).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
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

# The argument specs of awx.awx (tests/support/official/README.md), and the built-in types of credentials that the set-up uses with their fields.
SPECS: dict[str, dict[str, t.Any]] = json.loads(
    (ROOT / "tests" / "support" / "official" / "awx-24.6.1.json").read_text(encoding="utf-8")
)["modules"]
CREDENTIAL_TYPES = {
    "Microsoft Azure Resource Manager": {
        "subscription", "username", "password", "client", "secret", "tenant", "cloud_environment",
    },
    "Container Registry": {"host", "username", "password", "verify_ssl"},
    "Source Control": {"username", "password", "ssh_key_data", "ssh_key_unlock"},
    "Machine": {
        "username", "password", "ssh_key_data", "ssh_public_key_data", "ssh_key_unlock", "become_method", "become_username", "become_password",
    },
}  # fmt: skip
# What an option of a module refers to.
REFERENCES = {
    "organization": "organization", "lookup_organization": "organization", "teams": "team", "instance_groups": "instance_group",
    "execution_environment": "execution_environment", "default_environment": "execution_environment", "inventory": "inventory", "project": "project",
    "projects": "project", "source_project": "project", "credential": "credential", "credentials": "credential", "credential_type": "credential_type",
    "job_templates": "job_template", "workflows": "workflow_job_template", "notification_templates_error": "notification_template",
    "notification_templates_approvals": "notification_template", "unified_job_template": "job_template",
}  # fmt: skip
# Of an environment in which all secrets are set.
SECRETS = {
    "AZURE_SUBSCRIPTION_ID": "s", "AZURE_CLIENT_ID": "c", "AZURE_TENANT": "t", "AZURE_SECRET": "x", "AWX_SCM_USERNAME": "git", "AWX_SCM_PASSWORD": "p",
    "AWX_REGISTRY_USERNAME": "r", "AWX_REGISTRY_PASSWORD": "p", "AWX_NODES_KEY_FILE": str(ROOT / "LICENSE"), "AWX_REPORT_URL": "https://store.example.com",
    "AWX_NOTIFICATION_URL": "https://hook.example.com",
}  # fmt: skip
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


@dataclass(frozen=True)
class Call:
    """A call of a module of awx.awx, with the arguments that it gets."""

    task: str
    module: str
    arguments: dict[str, t.Any]


def calls(name: str, environment: dict[str, str] | None = None) -> list[Call]:
    """The calls of a set-up playbook with its variables, in their order."""
    own = {variable: value for variable, value in os.environ.items() if not variable.startswith(("AWX_", "AZURE_"))}
    command = [sys.executable, str(ROOT / "tests" / "support" / "awx_calls.py"), str(AWX / name), str(AWX / "vars.yml")]
    done = subprocess.run(
        command, env={**own, **(environment or {})}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return [Call(**row) for row in json.loads(done.stdout)]


@pytest.fixture(scope="module", params=["with all secrets", "without optional secrets"])
def setup(request: pytest.FixtureRequest) -> list[Call]:
    """The calls of setup.yml in the two environments."""
    optional = request.param == "with all secrets"
    return calls(
        "setup.yml", {name: value for name, value in SECRETS.items() if optional or not name.startswith("AWX_")}
    )


def test_without_a_credential_nothing_is_set_up() -> None:
    """Each job would fail for lack of it, and an empty credential in AWX does not say so."""
    with pytest.raises(AssertionError, match="^AZURE_TENANT, AZURE_SECRET not set in the environment"):
        calls("setup.yml", {"AZURE_SUBSCRIPTION_ID": "s", "AZURE_CLIENT_ID": "c"})


def named(setup: list[Call], module: str) -> dict[str, dict[str, t.Any]]:
    """The arguments of each call of a module, by the name of what it makes."""
    return {call.arguments["name"]: call.arguments for call in setup if call.module == module}


def questions(template: dict[str, t.Any]) -> list[str]:
    """The variables that a template's survey asks for."""
    return [question["variable"] for question in template.get("survey_spec", {}).get("spec", [])]


def accepts(template: dict[str, t.Any], launch: dict[str, t.Any]) -> list[str]:
    """What a launch (a schedule, a node of a workflow) sets and the template does not ask for: AWX ignores it, or refuses the launch."""
    refused = (
        []
        if template.get("ask_variables_on_launch")
        else sorted(set(launch.get("extra_data", {})) - set(questions(template)))
    )
    return refused + [
        option
        for option in ("job_type", "limit", "inventory")
        if option in launch and not template.get(f"ask_{option}_on_launch")
    ]


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
        re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", item) for _version, hashes in packages.values() for item in hashes
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


def refused_by(call: Call) -> list[str]:
    """What awx.awx would refuse in the arguments of a call."""
    result = ArgumentSpecValidator(SPECS[call.module]).validate(call.arguments)
    return [f"{call.task}: {message}" for message in result.error_messages]


def test_awx_has_each_option_and_accepts_its_value(setup: list[Call]) -> None:
    assert len(setup) > 25
    assert [message for call in setup for message in refused_by(call)] == []


def test_awx_has_each_option_of_a_credential_type() -> None:
    made = calls("credential_types.yml")
    assert len(made) == 3
    assert [message for call in made for message in refused_by(call)] == []


def test_a_wrong_option_is_noticed() -> None:
    """The vendored specs have names, values and suboptions."""
    wrong = {"name": "n", "job_type": "scan", "colour": "red"}
    assert len(refused_by(Call("", "job_template", wrong))) == 2
    node = {"identifier": "a", "unified_job_template": {"name": "n", "kind": "job_template"}}
    (refused,) = refused_by(Call("", "workflow_job_template", {"name": "n", "workflow_nodes": [node]}))
    assert "workflow_nodes.unified_job_template.kind" in refused


def test_what_the_set_up_refers_to_was_made_before(setup: list[Call]) -> None:
    made = {("credential_type", name) for name in CREDENTIAL_TYPES}
    made |= {("credential_type", call.arguments["name"]) for call in calls("credential_types.yml")}
    for call in setup:
        for option, value in call.arguments.items():
            for name in value if isinstance(value, list) else [value]:
                if option in REFERENCES:
                    assert (REFERENCES[option], name) in made, f"{call.task}: {option}"
        for node in call.arguments.get("workflow_nodes", []):
            template = node["unified_job_template"]
            assert template["type"] == "workflow_approval" or ("job_template", template["name"]) in made, call.task
        if "name" in call.arguments:
            made.add((call.module, call.arguments["name"]))


def test_a_credential_has_the_fields_of_its_type(setup: list[Call]) -> None:
    fields = {**CREDENTIAL_TYPES, **{
        call.arguments["name"]: {field["id"] for field in call.arguments["inputs"]["fields"]} for call in calls("credential_types.yml")
    }}  # fmt: skip
    made = named(setup, "credential")
    assert "Azure ML" in made
    for name, arguments in made.items():
        assert set(arguments["inputs"]) <= fields[arguments["credential_type"]], name
        assert all(arguments["inputs"].values()), f"{name} has an empty field"


def test_workflows_lead_from_node_to_node(setup: list[Call]) -> None:
    workflows = named(setup, "workflow_job_template")
    assert len(workflows) == 2
    for workflow in workflows.values():
        nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
        reached = {next(iter(nodes))}
        for node in nodes.values():
            following = [way["identifier"] for ways in node.get("related", {}).values() for way in ways]
            assert set(following) <= set(nodes)
            reached |= set(following)
            template = named(setup, "job_template").get(node["unified_job_template"]["name"])
            if template:
                launch = {**node, "extra_data": {**node.get("extra_data", {}), **dict.fromkeys(questions(workflow))}}
                assert accepts(template, launch) == [], f"{template['name']} in {workflow['name']}"
        assert reached == set(nodes)
    kinds = [
        node["unified_job_template"]["type"] for node in workflows["Azure ML: fleet with approval"]["workflow_nodes"]
    ]
    assert kinds == ["job_template", "workflow_approval", "job_template"]


def test_the_vars_file_has_each_variable_of_the_set_up() -> None:
    used = set(re.findall(r"\bawx_\w+", (AWX / "setup.yml").read_text()))
    assert used == set(yaml.safe_load((AWX / "vars.yml").read_text()))


def test_templates_ask_for_variables_that_their_playbooks_read(setup: list[Call]) -> None:
    variables = yaml.safe_load((AWX / "vars.yml").read_text())
    assert all((PROJECT / "workspaces" / f"{name}.yml").exists() for name in variables["awx_declarations"])
    assert all((PROJECT / "fleets" / f"{name}.yml").exists() for name in variables["awx_fleets"])
    templates = named(setup, "job_template")
    assert {template["playbook"] for template in templates.values()} == {path.name for path in PROJECT.glob("*.yml")}
    for template in templates.values():
        playbook = PROJECT / template["playbook"]
        assert PLAYBOOK.search(playbook.read_text()), "AWX would not offer this file as a playbook"
        # The project's playbook, and the one of the collection that it imports, with its files of tasks and the role of the fleet.
        imported = re.findall(r"import_playbook: azureml\.compute\.(\w+)", playbook.read_text())
        text = playbook.read_text() + "".join((ROOT / "playbooks" / f"{name}.yml").read_text() for name in imported)
        text += "".join((ROOT / "playbooks" / path).read_text() for path in set(re.findall(r"tasks/\w+\.yml", text)))
        if "fleet" in imported:
            text += "".join(path.read_text() for path in sorted((ROOT / "roles" / "aml_fleet").glob("*/main.yml")))
        for variable in {*questions(template), *template.get("extra_vars", {})}:
            assert re.search(r"(when: |{{[^}]*)\b" + variable + r"\b", text), (
                f"{variable} of {template['name']} is read nowhere"
            )


def test_schedules_set_what_their_templates_ask_for(setup: list[Call]) -> None:
    templates, schedules = named(setup, "job_template"), named(setup, "schedule")
    assert len(schedules) == 3
    for schedule in schedules.values():
        assert schedule["enabled"] is False, "what stops or compares everything starts only when someone wants it"
        template = templates[schedule["unified_job_template"]]
        assert accepts(template, schedule) == [], schedule["name"]
        assert set(questions(template)) <= set(schedule["extra_data"]), "a required question without an answer"
        rule = schedule["rrule"]
        assert re.fullmatch(r"DTSTART;TZID=[\w/]+:\d{8}T\d{6} RRULE:FREQ=(DAILY|WEEKLY);INTERVAL=\d+", rule), rule


def test_inventory_sources_read_files_of_the_project(setup: list[Call]) -> None:
    sources = named(setup, "inventory_source")
    assert len(sources) == 2
    for name, source in sources.items():
        content = yaml.safe_load((PROJECT / source["source_path"]).read_text())
        assert content == {"plugin": "azureml.compute.aml_compute", "hosts": name.rpartition(" ")[2]}, (
            "no credential stands in the file"
        )


def test_credentials_set_what_sign_in_reads() -> None:
    known = {name for names in ENVIRONMENT.values() for name in names}
    for task in play("credential_types.yml")["tasks"]:
        made = task["awx.awx.credential_type"]
        read_by_project = {"AML_REPORT_URL"} if "AML_REPORT_URL" in (PROJECT / "drift.yml").read_text() else set()
        assert set(made["injectors"]["env"]) <= known | read_by_project
        fields = {field["id"] for field in made["inputs"]["fields"]}
        assert set(made["inputs"]["required"]) <= fields
        used = re.findall(r"{{ (\w+) }}", str(made["injectors"]))
        assert set(used) == fields, "a field that goes nowhere, or a value that comes from nowhere"
