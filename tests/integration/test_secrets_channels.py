# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random secrets x encodings x the channels of a playbook: what is printed at -vvvvv, the log, the files of callbacks, the caches of facts and inventory.

One run carries many secrets: a colleague's instance repeats its variables in tags and in its description, and the service repeats them in an error.
tests/functional/test_secrets_encodings.py has the channels of single modules.
"""

from __future__ import annotations

import json
import stat
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.tests.support.leaks import EXAMPLES, check, draw, echo, marked

from .conftest import ML, Player, local_play, module

WORKSPACE = "ws-secrets"
FILES = {"log": "ansible.log", "junit": "junit", "tree": "tree", "fact cache": "facts", "inventory cache": "inventory"}


def _application(variables: t.Any) -> dict[str, t.Any]:
    endpoints = [{"target": 8787, "published": 8787}]
    return {"name": "app", "image": {"reference": "a/b"}, "endpoints": endpoints, "environment_variables": variables}


def _colleagues_instance(player: Player, secrets: list[str]) -> None:
    service = {
        "name": "app", "image": {"type": "docker", "reference": "a/b"}, "endpoints": [{"target": 8787, "published": 8787, "protocol": "http"}],
        "environmentVariables": {f"ANY_{at}": {"type": "local", "value": secret} for at, secret in enumerate(secrets)},
    }  # fmt: skip
    inner = {"vmSize": "STANDARD_DS3_V2", "customServices": [service]}
    body = {"location": "eastus", "tags": {f"tag-{at}": text for at, text in enumerate(marked(secrets))}}
    body["properties"] = {"computeType": "ComputeInstance", "description": echo(secrets), "properties": inner}
    player.simulator.arm("PUT", f"{player.make_workspace(WORKSPACE)}/computes/colleagues", ML, body)


@pytest.fixture(scope="module")
def secrets() -> list[str]:
    return draw(EXAMPLES, "playbook")


@pytest.fixture(scope="module")
def channels(simulator: t.Any, tmp_path_factory: pytest.TempPathFactory, secrets: list[str]) -> dict[str, str]:
    """The text of each channel after one run of a playbook."""
    folder = tmp_path_factory.mktemp("channels")
    player = Player(simulator, folder, "rg-secrets")
    _colleagues_instance(player, secrets)
    fault = {
        "kind": "status",
        "status": 400,
        "code": "Refused",
        "message": echo(secrets),
        "match": {"method": "PUT", "path": "computes/refused"},
    }
    simulator.control("PUT", "faults", [fault])
    variables = folder / "secrets.yml"
    variables.touch(mode=0o600)
    variables.write_text(json.dumps({"planted": {f"ANY_{at}": secret for at, secret in enumerate(secrets)}}))
    options = {
        "resource_groups": [player.group],
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(folder / "inventory"),
    }
    (folder / "aml_compute.yml").write_text(
        yaml.safe_dump({"plugin": "azureml.compute.aml_compute", "include_stopped": True, **options})
    )
    wanted = {"name": "refused", "size": "Standard_DS3_v2", "custom_applications": [_application("{{ planted }}")]}
    tasks = [
        {
            **module("aml_compute_instance", "refused", workspace=WORKSPACE, retries=0, **wanted),
            "ignore_errors": True,
            "register": "refused",
        },
        {**module("aml_compute_info", "found", workspace=WORKSPACE), "register": "found"},
        {
            "name": "facts",
            "ansible.builtin.set_fact": {"cacheable": True, "refused": "{{ refused }}", "found": "{{ found }}"},
        },
        {
            "name": "hosts",
            "ansible.builtin.debug": {
                "msg": "{{ groups.aml_nodes | map('extract', hostvars) | map(attribute='aml_tags') }}"
            },
        },
    ]
    (folder / "play.yml").write_text(yaml.safe_dump([local_play(player.group, tasks)], sort_keys=False))
    environment = {
        "ANSIBLE_CALLBACKS_ENABLED": "report,ansible.builtin.junit,ansible.builtin.tree",
        "JUNIT_OUTPUT_DIR": str(folder / "junit"),
        "ANSIBLE_CALLBACK_TREE_DIR": str(folder / "tree"),
        "ANSIBLE_LOG_PATH": str(folder / "ansible.log"),
        "ANSIBLE_LOG_VERBOSITY": "5",
        "ANSIBLE_DISPLAY_TRACEBACK": "always",
        "ANSIBLE_INJECT_INVOCATION": "true",
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / "facts"),
    }
    try:
        run = player.playbook(
            "play.yml", "-vvvvv", "--diff", "-i", "aml_compute.yml", "-e", f"@{variables}", env=environment
        )
    finally:
        simulator.control("DELETE", "faults")
    assert [name for name, _result in run.tasks] == ["refused", "found", "facts", "hosts"] and "Traceback" in run.text
    assert stat.S_IMODE(variables.stat().st_mode) == 0o600
    return {"exception at -vvvvv": run.text, **{channel: _read(folder / name) for channel, name in FILES.items()}}


def _read(path: Path) -> str:
    return "\n".join(
        file.read_text() for file in ([path] if path.is_file() else sorted(path.rglob("*"))) if file.is_file()
    )


@pytest.mark.parametrize("channel", ["exception at -vvvvv", *FILES])
def test_no_encoding_of_a_secret_is_in_a_channel(channels: dict[str, str], secrets: list[str], channel: str) -> None:
    check(channel, secrets, [channels[channel]])
