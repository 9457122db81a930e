# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in nothing that ``ansible-playbook -vvvv`` prints, logs, leaves behind or starts, and in no log of the simulator.

tests/functional/test_secrets.py has each module and each way to fail; here are the real processes: invocations as Ansible prints them, Ansible's
own log, command lines, temporary files, what libraries write to stderr. AML_IN_PROCESS=false in the environment runs them as modules.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import typing as t
from pathlib import Path

import pytest
import yaml

from .conftest import SPEED, Player, Run, Simulator, local_play, module

MARK = "zQ7Planted"
TARGET = "/subscriptions/{{ lookup('ansible.builtin.env', 'AZURE_SUBSCRIPTION_ID') }}/resourceGroups"
STORAGE = {"type": "Microsoft.Storage/storageAccounts", "api_version": "2023-01-01"}
ACCOUNT = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + f"{MARK}KeyMIIEpAIBAAKCAQEA/+=\n" * 2 + "-----END RSA PRIVATE KEY-----\n"
PLANTED = {
    "password": f'{MARK}Password9x" & <ü>\\{MARK}8y',
    "token": f"{MARK}Token9x",
    "body": f'{MARK}Body9x"y',
    "key": KEY,
    "sign_in": f'{MARK}SignIn9x"~{MARK}',
}


class CommandLines(threading.Thread):
    """Every command line on this machine while it watches.

    A process gets another one soon after its start, or never: each is read so often only, since reading all of them takes as long as the playbook.
    """

    READS = 30

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self.done = threading.Event()

    def run(self) -> None:
        reads: dict[str, int] = {}
        while not self.done.wait(0.01):
            reads = {process: reads.get(process, 0) + 1 for process in os.listdir("/proc") if process.isdigit()}
            for process in [process for process, times in reads.items() if times <= self.READS]:
                try:
                    self.seen.add(Path("/proc", process, "cmdline").read_bytes())
                except OSError:
                    continue

    def __enter__(self) -> CommandLines:
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.done.set()
        self.join()


class Watched:
    """Runs playbooks whose secrets stand in a file of variables, and looks for them in all that is left."""

    def __init__(self, player: Player) -> None:
        self.player, self.folder = player, player.folder
        self.variables = self.folder / "secrets.yml"
        self.variables.touch(mode=0o600)
        self.variables.write_text(yaml.safe_dump({"planted": PLANTED}, allow_unicode=True))
        for name in ("local", "remote"):
            (self.folder / name).mkdir()

    def play(
        self,
        *tasks: dict[str, t.Any],
        arguments: tuple[str, ...] = (),
        ok: bool = True,
        env: dict[str, str] | None = None,
    ) -> Run:
        path = self.folder / "play.yml"
        path.write_text(yaml.safe_dump([local_play(self.player.group, tasks)], sort_keys=False))
        return self.playbook(str(path), *arguments, ok=ok, env=env)

    def playbook(self, name: str, *arguments: str, ok: bool = True, env: dict[str, str] | None = None) -> Run:
        own = {
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
            "ANSIBLE_PIPELINING": "false",
            "ANSIBLE_LOG_PATH": str(self.folder / "ansible.log"),
            "ANSIBLE_LOG_VERBOSITY": "4",
            "ANSIBLE_DISPLAY_TRACEBACK": "always",
            # ansible-core 2.21 leaves the arguments out of a result unless they are asked for.
            "ANSIBLE_INJECT_INVOCATION": "true",
            **(env or {}),
        }
        with CommandLines() as lines:
            run = self.player.playbook(name, "-vvvv", "--diff", "-e", f"@{self.variables}", *arguments, ok=ok, env=own)
        self.clean(run, lines)
        return run

    def clean(self, run: Run, lines: CommandLines) -> None:
        assert '"module_args"' in run.text and "fatal" in run.text or run.tasks, "it must be as verbose as it gets"
        self._clean("output", run.text)
        if os.environ.get("AML_IN_PROCESS") == "false":
            assert any(b"AnsiballZ" in line for line in lines.seen), "the modules' processes must be watched"
        else:
            assert "runs in a fork of Ansible's process" in run.text
        for line in lines.seen:
            self._clean("command line", line.decode(errors="replace"))
        assert (self.folder / "ansible.log").stat().st_size > 1000
        home = Path(self.player.simulator.environment["AML_SIMULATOR_LOG"]).parent
        left = [
            path for path in [*self.folder.rglob("*"), *home.rglob("*")] if path.is_file() and path != self.variables
        ]
        # The simulator is the service: its own store has what was sent.
        for path in [path for path in left if not path.name.startswith("state.sqlite")]:
            self._clean(str(path), path.read_text(errors="replace"))

    def _clean(self, where: str, text: str) -> None:
        at = text.find(MARK)
        assert at < 0, f"{where}: ...{text[max(0, at - 300) : at + 100]}..."
        own = self.player.simulator.environment["AZURE_SECRET"]
        assert own not in text or where.endswith(("client-secret",)), f"{where}: the secret of the sign-in"


@pytest.fixture
def watched(player: Player) -> Watched:
    return Watched(player)


@pytest.fixture
def workspace(player: Player) -> None:
    player.make_workspace("ws-a")


def cluster(title: str, name: str, **options: t.Any) -> dict[str, t.Any]:
    settings = {"admin_username": "azureuser", "admin_password": "{{ planted.password }}"}
    task = module(
        "aml_compute_cluster",
        title,
        workspace="ws-a",
        name=name,
        size="Standard_DS3_v2",
        max_instances=1,
        ssh_settings=settings,
        retries=0,
        **options,
    )
    return {**task, "ignore_errors": True}


DEFINITION = """
name: defined
type: amlcompute
size: Standard_DS3_v2
max_instances: 1
ssh_settings:
  admin_username: azureuser
  admin_password: {{ planted.password | to_json }}
"""


def tasks(group: str) -> list[dict[str, t.Any]]:
    """Each kind of secret, in tasks that succeed."""
    bricks, machine = (
        f"{TARGET}/{group}/providers/Microsoft.Databricks/workspaces/dbx",
        f"{TARGET}/{group}/providers/Microsoft.Compute/virtualMachines/vm",
    )
    attached = {"workspace": "ws-a", "state": "present"}
    login = {"admin_username": "me", "ssh_private_key": "{{ planted.key }}"}
    properties = {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}
    return [
        cluster("cluster", "one"),
        module("aml_compute_cluster", "definition", workspace="ws-a", definition=DEFINITION),
        module(
            "arm_resource", "bricks", id=bricks, api_version="2024-05-01", body={"location": "eastus", "properties": {}}
        ),
        module(
            "arm_resource",
            "machine",
            id=machine,
            api_version="2024-07-01",
            body={"location": "eastus", "properties": properties},
        ),
        module(
            "aml_attached_compute",
            "token",
            **attached,
            name="dbx-a",
            type="databricks",
            resource_id=bricks,
            access_token="{{ planted.token }}",
        ),
        module(
            "aml_attached_compute",
            "key",
            **attached,
            name="vm-a",
            type="virtualmachine",
            resource_id=machine,
            ssh_settings=login,
        ),
        module(
            "arm_resource",
            "body",
            **STORAGE,
            name="acc1",
            body=ACCOUNT,
            secret_body={"properties": {"x": {"password": "{{ planted.body }}"}}},
        ),
        module(
            "arm_resource",
            "text",
            **STORAGE,
            name="acc2",
            body=ACCOUNT,
            secret_body='{"properties": {"password": {{ planted.body | to_json }}}}',
        ),
    ]


def test_check_mode_success_and_no_change(watched: Watched, group_task: dict[str, t.Any]) -> None:
    watched.play(group_task, module("aml_workspace", name="ws-a", location="eastus"))
    made = tasks(watched.player.group)
    # In check mode, what is attached must be there.
    watched.play(*made[2:4])
    planned = watched.play(*made, arguments=("--check",))
    done = watched.play(*made)
    again = watched.play(*made)
    assert (planned.changed, done.changed, again.changed) == (6, 6, 0)
    shown = done["cluster"]["invocation"]["module_args"]
    assert shown["ssh_settings"]["admin_username"] == "azureuser" and shown["ssh_settings"][
        "admin_password"
    ].startswith("VALUE_SPECIFIED")
    assert done["cluster"]["auth"]["tenant"] == watched.player.simulator.environment["AZURE_TENANT"]


@pytest.mark.usefixtures("workspace")
def test_failures_whose_text_holds_the_secret(watched: Watched) -> None:
    word = PLANTED["password"]
    message = f"Refused: {word} {json.dumps(word)} {word!r}"
    faults: list[dict[str, t.Any]] = [
        {
            "kind": "status",
            "status": status,
            "message": message,
            "match": {"method": "PUT", "path": f"computes/echo{status}"},
            "count": 9,
        }
        for status in (400, 403, 409, 500)
    ]
    faults.append({"kind": "failed_operation", "message": message, "match": {"path": "computes/echo-operation"}})
    watched.player.simulator.control("PUT", "faults", faults)
    made = [cluster(f"echo{status}", f"echo{status}") for status in (400, 403, 409, 500)]
    made += [
        cluster("operation", "echo-operation"),
        cluster("timeout", "slow", wait_timeout=0),
        cluster("rule", "ruled", min_instances=9),
        cluster("argument", "argued", state="nonsense"),
    ]
    # Slow enough that a cluster is not there at the first look.
    watched.player.simulator.control("PUT", "config", {"clock": {"speed": 4}})
    run = watched.play(*made)
    watched.player.simulator.control("PUT", "config", {"clock": {"speed": SPEED}})
    watched.player.simulator.control("DELETE", "faults")
    assert len(run.tasks) == len(made) and all(
        "msg" in result and "compute" not in result for _name, result in run.tasks
    )
    assert [run[f"echo{status}"]["failure"]["status"] for status in (400, 403, 409, 500)] == [400, 403, 409, 500]
    assert (
        run["timeout"]["failure"]["code"] == "WaitTimeout" and run["rule"]["failure"]["code"] == "MinimumAboveMaximum"
    )


@pytest.mark.parametrize("source", ["option", "environment"])
def test_a_refused_sign_in(watched: Watched, source: str) -> None:
    """azure-identity logs a refusal as it came; nothing of it reaches stderr."""
    word = PLANTED["sign_in"]
    said = json.dumps(
        {"error": "invalid_client", "error_description": f"AADSTS7000215: Invalid: {word}", "error_codes": [7000215]}
    )
    fault = {
        "kind": "content_type",
        "content_type": "application/json",
        "body": said,
        "match": {"path": "oauth2/v2.0/token"},
        "count": 9,
    }
    watched.player.simulator.control("PUT", "faults", [fault])
    given = {
        name: f"{{{{ lookup('ansible.builtin.env', '{variable}') }}}}"
        for name, variable in {
            "client_id": "AZURE_CLIENT_ID",
            "tenant": "AZURE_TENANT",
            "subscription_id": "AZURE_SUBSCRIPTION_ID",
        }.items()
    }
    own = {**given, "secret": "{{ planted.sign_in }}"} if source == "option" else {}
    task = module("aml_compute_info", "look", workspace="ws-a", **own)
    env = {"AZURE_SECRET": word, "AZURE_CLIENT_SECRET": word} if source == "environment" else {}
    run = watched.play(task, ok=False, env=env)
    watched.player.simulator.control("DELETE", "faults")
    assert run["look"]["failure"]["code"] == "AADSTS7000215" and "Invalid: ***" in run["look"]["msg"]
    assert "get_token_info failed" not in run.text


@pytest.mark.usefixtures("workspace")
def test_the_role_and_the_playbook_that_loop_over_secrets(watched: Watched) -> None:
    """Ansible prints the items of a loop at -v, and of a failed one always; it registers them too."""
    group = f"/subscriptions/{watched.player.simulator.environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{watched.player.group}"
    bricks = f"{group}/providers/Microsoft.Databricks/workspaces/dbx"
    application = {"name": "app", "image": {"reference": "x/y:z"}, "endpoints": [{"target": 8787, "published": 8787}]}
    application["environment_variables"] = {"APP_PASSWORD": "{{ planted.password }}", "MODE": "chosen-mode-7"}
    login = {"admin_username": "azureuser", "admin_password": "{{ planted.password }}"}
    # The last fails: what it attaches is not there.
    computes = [
        {"name": "clu-a", "type": "amlcompute", "size": "Standard_DS3_v2", "max_instances": 1, "ssh_settings": login},
        {"name": "box-a", "type": "computeinstance", "size": "Standard_DS3_v2", "custom_applications": [application]},
        {"name": "dbx-a", "type": "databricks", "resource_id": bricks, "access_token": "{{ planted.token }}"},
        {"name": "dbx-b", "type": "databricks", "resource_id": f"{bricks}-none", "access_token": "{{ planted.token }}"},
    ]
    variables = {
        "aml_resource_group": watched.player.group,
        "aml_workspace": {"name": "ws-a"},
        "aml_computes": computes,
        "aml_show_variables": ["MODE"],
    }
    (watched.folder / "computes.yml").write_text(
        yaml.safe_dump({**variables, "aml_compute_preflight_fail_on": "never"})
    )
    given = ("-e", f"@{watched.folder / 'computes.yml'}")
    made = module(
        "arm_resource", "bricks", id=bricks, api_version="2024-05-01", body={"location": "eastus", "properties": {}}
    )
    role = {"name": "role", "ansible.builtin.include_role": {"name": "azureml.compute.aml_compute"}}
    told = {"name": "told", "ansible.builtin.debug": {"var": "ansible_failed_result"}}
    info = module("aml_compute_info", "info", workspace="ws-a", name="box-a", show_variables=["MODE"])
    run = watched.play(made, {"name": "try", "block": [role], "rescue": [told]}, info, arguments=given)
    result = run["aml_compute : Manage compute targets"]
    failures = {target["name"]: target["failure"] and target["failure"]["code"] for target in result["targets"]}
    assert failures == {"dbx-b": "TargetNotFound"}
    shown = run["info"]["computes"][0]["custom_applications"][0]["environment_variables"]
    assert shown["MODE"] == "chosen-mode-7" and shown["APP_PASSWORD"].startswith("VALUE_NOT_SHOWN")
    variables["aml_computes"] = computes[:3]
    (watched.folder / "computes.yml").write_text(yaml.safe_dump({**variables, "aml_rotate_workspace_keys": False}))
    rotated = watched.playbook("azureml.compute.rotate_keys", *given)
    assert rotated["Update credentials of attached compute"]["changed"]


def test_files_of_the_simulator_are_its_owners_alone(simulator: Simulator) -> None:
    home = Path(simulator.environment["AML_SIMULATOR_LOG"]).parent
    private = [
        "state.sqlite",
        "requests.jsonl",
        "serve.log",
        "client-secret",
        "control-token",
        "token-key.pem",
        "ca-key.pem",
        "server-key.pem",
    ]
    assert {name: stat.S_IMODE(os.stat(home / name).st_mode) for name in private} == dict.fromkeys(private, 0o600)
