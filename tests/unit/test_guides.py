# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of shell and of YAML in README and guides: each is checked here, is run by ../integration/test_documentation.py, or has a reason why not.

Plays and tasks are run there. Here are the parts: variables by the specifications of the roles, options by those of the modules and of the inventory
plugin, and commands by what they name: playbooks, variables, files of the collection, targets of make.
"""

from __future__ import annotations

import itertools
import json
import re
import shlex
import textwrap
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.azureml.compute.plugins.filter.unknown_variables import unknown_variables
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import workspace_target
from ansible_collections.azureml.compute.plugins.module_utils._fleet.document import read_document
from ansible_collections.azureml.compute.plugins.module_utils._jobs.aml_fleet import FLEET_SPEC
from ansible_collections.azureml.compute.plugins.module_utils._module import validation
from ansible_collections.azureml.compute.scripts.role_options import with_fragments
from azureml_simulator import cli

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
RST = re.compile(r"^( *)\.\. code-block:: (\S+)\n\n((?:\1 {3}.*\n|\n)+)", re.MULTILINE)
MARKDOWN = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


class Block(t.NamedTuple):
    """A block of a page: its language, and its text without indentation."""

    page: str
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0][:60]}"


def blocks() -> list[Block]:
    found = [Block("README.md", *match) for match in MARKDOWN.findall((ROOT / "README.md").read_text())]
    for guide in GUIDES:
        found += [
            Block(guide.name, name, textwrap.dedent(text).strip())
            for _indent, name, text in RST.findall(guide.read_text())
        ]
    return found


BLOCKS = blocks()
YAML = [block for block in BLOCKS if block.language == "yaml"]
SHELL = [block for block in BLOCKS if block.language == "bash"]
# The languages of blocks that nothing can run, and why.
OTHER_LANGUAGES = {
    "text": "output",
    "console": "output",
    "ini": "settings of Ansible",
    "terraform": "what users of Terraform have",
}


def test_no_block_is_in_a_language_that_nothing_checks() -> None:
    assert len(YAML) > 25 and len(SHELL) > 20
    assert {block.language for block in BLOCKS} == {"yaml", "bash", *OTHER_LANGUAGES}


# --- YAML ---


def role_options() -> dict[str, t.Any]:
    """The variables of all roles; those that several have are the same."""
    options: dict[str, t.Any] = {}
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        options.update(yaml.safe_load(path.read_text())["argument_specs"]["main"]["options"])
    return options


def inventory_options() -> set[str]:
    text = (ROOT / "plugins" / "inventory" / "aml_compute.py").read_text()
    own = set(with_fragments(yaml.safe_load(text.split('DOCUMENTATION = r"""')[1].split('"""')[0])))
    # Those of the fragments constructed and inventory_cache of ansible-core.
    return own | {"keyed_groups", "compose", "groups", "cache", "cache_plugin", "cache_connection", "cache_timeout"}


@pytest.mark.parametrize("block", YAML, ids=[block.name for block in YAML])
def test_yaml(block: Block) -> None:
    content = yaml.safe_load(block.text)
    if isinstance(content, list) and ({"hosts", "import_playbook"} & set(content[0])):
        # Over an inventory: tests/integration/test_inventory.py and test_provision_workspace.py have such plays.
        assert all(
            play.get("hosts", "localhost") in ("localhost", "all") or "aml_" in play["hosts"] for play in content
        )
    elif isinstance(content, list) and any(
        key.startswith(("azureml.compute.", "ansible.builtin.")) for key in content[0]
    ):
        assert block.page != "README.md", "a use case is a whole playbook"
    elif isinstance(content, list):
        check_workspace({"computes": content})
    elif set(content) <= set(FLEET_SPEC["workspaces"]["options"]):
        check_workspace(content)
    elif not any(name.startswith("aml_") for name in content):
        assert set(content) <= inventory_options()
    else:
        check_variables(content)


def check_workspace(part: dict[str, t.Any]) -> None:
    """A part of a fleet's document: as the module reads it."""
    scope = workspace_target("00000000-0000-0000-0000-000000000001", "ml-prod", "")
    group = f"/subscriptions/{scope.subscription_id}/resourceGroups/{scope.resource_group}"
    logs = f"{group}/providers/Microsoft.OperationalInsights/workspaces/logs"
    text = re.sub(r"\{\{.*?\}\}", logs, json.dumps(part))
    assert read_document(
        [{"name": "ws-prod", **json.loads(text)}], {}, scope, lambda _secrets: None, validation.validate
    )


def check_variables(variables: dict[str, t.Any]) -> None:
    options = role_options()
    own = {name: value for name, value in variables.items() if name.startswith("aml_")}
    assert unknown_variables(own) == []
    for name, value in own.items():
        if name in options and not (isinstance(value, str) and "{{" in value):
            result = ArgumentSpecValidator({name: options[name]}).validate({name: value})
            assert result.error_messages == []


# --- shell ---

# The commands of other programs, and why they are not run here.
OTHER_COMMANDS = {
    "ansible-builder": "tests/unit/test_execution_environment.py builds the context of the image",
    "podman": "there is no registry",
    "git": "a repository of the user",
    "rm": "of a copy of an example",
    "$EDITOR": "by hand",
    "python3": "tests/integration/test_release.py installs the tarball in an environment of its own",
    ".": "as python3",
    "pip": "as python3",
    "export": "credentials of the user",
    "ansible": "tests/integration/test_inventory.py has the inventory",
    "ansible-inventory": "as ansible",
}
# Files that the reader has by then, from a block of the page or from an earlier command.
FILES = {
    "fleet.yml", "workspace.yml", "site.yml", "private_workspace.yml", "deploy.yml", "ws-prod/workspace.yml", "workspaces.aml_compute.yml",
}  # fmt: skip
PLAYBOOKS = {f"azureml.compute.{path.stem}" for path in ROOT.glob("playbooks/*.yml")}


def commands(block: Block) -> t.Iterator[list[str]]:
    """The commands of a block, without comments and variables of the environment, those behind && too."""
    for line in re.split(r"\n|&&", block.text.replace("\\\n", " ")):
        words = shlex.split(line, comments=True)
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words:
            yield words


@pytest.mark.parametrize("block", SHELL, ids=[block.name for block in SHELL])
def test_shell(block: Block) -> None:
    for command, *arguments in commands(block):
        if command == "ansible-playbook":
            check_playbook(arguments)
        elif command in CHECKS:
            CHECKS[command](arguments)
        else:
            assert command in OTHER_COMMANDS, f"{block.name}: nothing checks {command}"


def check_playbook(arguments: list[str]) -> None:
    name, *others = arguments
    assert name in PLAYBOOKS or name in FILES or (ROOT / name).is_file(), name
    for option, value in itertools.pairwise([*others, ""]):
        if option == "-i":
            assert value in FILES, value
        elif option == "-e" and value.startswith("@"):
            assert value[1:] in FILES or (ROOT / value[1:]).is_file(), value
        elif option == "-e":
            assert unknown_variables(json.loads(value) if value.startswith("{") else [value.partition("=")[0]]) == []
        else:
            assert option in ("--check", "--diff", "--forks") or not option.startswith("-"), option


def check_make(arguments: list[str]) -> None:
    target = next(word for word in arguments if not word.startswith("-"))
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def check_simulator(arguments: list[str]) -> None:
    assert cli._parser().parse_args(arguments)


def check_galaxy(arguments: list[str]) -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    if arguments == ["collection", "build"]:
        # ansible-galaxy needs distlib to read the list of files.
        assert "manifest" in yaml.safe_load((ROOT / "galaxy.yml").read_text())
        assert "pip install distlib && ansible-galaxy collection build" in (ROOT / "README.md").read_text()
        return
    assert arguments in (
        ["collection", "install", f"azureml-compute-{version}.tar.gz"], ["collection", "install", "awx.awx"],
    )  # fmt: skip


def check_copy(arguments: list[str]) -> None:
    *_options, source, _target = arguments
    place = source.partition("ansible_collections/azureml/compute/")[2] or source
    assert (ROOT / place).exists(), source


def check_eval(arguments: list[str]) -> None:
    (text,) = arguments
    inner = re.fullmatch(r"\$\((.*)\)", text)
    assert inner is not None
    command, *others = shlex.split(inner.group(1))
    CHECKS[command](others)


CHECKS: dict[str, t.Callable[[list[str]], None]] = {
    "make": check_make,
    "azureml-simulator": check_simulator,
    "ansible-galaxy": check_galaxy,
    "cp": check_copy,
    "eval": check_eval,
    "cd": lambda _arguments: None,
}
