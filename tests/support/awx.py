# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts jobs as AWX does: the same private data directory, the same three steps of ansible-runner, the same environment.

Source: awx/main/tasks/jobs.py in github.com/ansible/awx (BaseTask.run, RunJob and RunInventoryUpdate: build_env, build_args,
build_extra_vars_file, write_inventory_file), awx/main/constants.py (STANDARD_INVENTORY_UPDATE_ENV) and, for the credential,
``azure_rm`` in src/awx_plugins/credentials/injectors.py of github.com/ansible/awx-plugins. What differs: no container (the worker is
a process whose environment is what an image would have) and no receptor mesh between the steps.
"""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import ansible_runner
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PROJECT = ROOT / "examples" / "awx" / "project"
LOCALHOST = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
INVENTORY_UPDATE = {
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_INVENTORY_EXPORT": "True",
    "ANSIBLE_VERBOSE_TO_STDERR": "True",
    "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
}
# ansible-runner's own note of what it started: it has the whole environment, of every job of every credential (runner.py, Runner.run),
# which is why AWX gives the directory mode 0700 and removes it. Nothing of ours is written there.
RECORD = "command"


class _Unsafe(str):
    """A survey's answer: AWX marks it, so that Ansible never takes it for a template."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Unsafe, lambda dumper, value: dumper.represent_scalar("!unsafe", str(value), style="'"))


@dataclass
class Credential:
    """A credential of AWX's built-in type "Microsoft Azure Resource Manager"."""

    subscription: str
    client: str = ""
    tenant: str = ""
    secret: str = ""
    username: str = ""
    password: str = ""
    cloud_environment: str = ""

    def environment(self) -> dict[str, str]:
        """What awx-plugins' injector azure_rm puts into a job's environment, empty values included."""
        variables = {"AZURE_SUBSCRIPTION_ID": self.subscription}
        if self.client and self.tenant:
            variables |= {"AZURE_CLIENT_ID": self.client, "AZURE_TENANT": self.tenant, "AZURE_SECRET": self.secret}
        else:
            variables |= {"AZURE_AD_USER": self.username, "AZURE_PASSWORD": self.password}
        return {**variables, **({"AZURE_CLOUD_ENVIRONMENT": self.cloud_environment} if self.cloud_environment else {})}


@dataclass
class Job:
    """What AWX would keep of a job, and the directories that it ran in."""

    status: str
    code: int
    folders: list[Path]
    events: list[dict[str, t.Any]] = field(default_factory=list)
    stdout: str = ""

    def results(self, key: str) -> list[dict[str, t.Any]]:
        """The results, of tasks and of loops' items, that have a key (compute, failure), in the order of their events."""
        results = [row["event_data"].get("res") or {} for row in self.events if row["event"].startswith("runner_")]
        return [result for result in results if key in result]

    @property
    def stats(self) -> dict[str, t.Any]:
        (row,) = [row["event_data"] for row in self.events if row["event"] == "playbook_on_stats"]
        return t.cast("dict[str, t.Any]", row)

    def holding(self, secret: str) -> list[str]:
        """The files, of the controller and of the execution node, in which the secret stands."""
        files = [
            path for folder in self.folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
        ]
        return [str(path) for path in files if path.name != RECORD and secret.encode() in path.read_bytes()]


def sliced(inventory: dict[str, t.Any], number: int, count: int) -> dict[str, t.Any]:
    """The inventory of one slice, from 1: every ``count``-th host, and no trace of the others (awx/main/models/inventory.py, get_sliced_hosts)."""
    known = inventory["_meta"]["hostvars"]
    hosts = sorted(known)[number - 1 :: count]
    groups = {
        name: {**group, "hosts": [host for host in group["hosts"] if host in hosts]} if "hosts" in group else group
        for name, group in inventory.items()
        if name != "_meta"
    }
    return {**groups, "_meta": {"hostvars": {name: known[name] for name in hosts}}}


def artifacts(jobs: t.Iterable[Job]) -> dict[str, t.Any]:
    """What the next node of a workflow gets as extra variables (awx/main/models/workflow.py, get_effective_artifacts): key by key, a later job's wins."""
    found: dict[str, t.Any] = {}
    for job in jobs:
        found.update(job.stats.get("artifact_data") or {})
    return found


@dataclass
class Controller:
    """AWX, as far as a job can see it."""

    folder: Path
    # The image's file system: what an execution environment has at /.
    image: Path
    # The setting "Extra environment variables" (AWX_TASK_ENV).
    task_env: dict[str, str]
    project: Path = PROJECT
    numbers: t.Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run_slices(
        self,
        playbook: str,
        credential: Credential,
        answers: dict[str, str],
        inventory: dict[str, t.Any],
        count: int,
        **more: t.Any,
    ) -> list[Job]:
        """A job template with ``job_slice_count``: one job for each slice, side by side."""
        slices = [sliced(inventory, number, count) for number in range(1, count + 1)]
        with ThreadPoolExecutor(count) as pool:
            return list(
                pool.map(lambda inventory: self.run(playbook, credential, answers, inventory=inventory, **more), slices)
            )

    def run(
        self,
        playbook: str,
        credential: Credential,
        answers: dict[str, str],
        *,
        check: bool = False,
        inventory: dict[str, t.Any] | None = None,
        inherited: dict[str, t.Any] | None = None,
    ) -> Job:
        """A job of a job template (job_type run or check) with a survey; ``inventory`` as an update of an inventory source made it.

        ``inherited`` are the artifacts of the nodes before it in a workflow.
        """
        private, ident = self._private_data()
        self._write(private / "env" / "cmdline", shlex.join([*(["--check"] if check else []), "-u", "root", "--diff"]))
        known = {"awx_job_id": ident, "awx_job_launch_type": "manual", "awx_inventory_id": 1}
        variables = {**{name: _Unsafe(answer) for name, answer in answers.items()}, **known, **(inherited or {})}
        self._write(private / "env" / "extravars", yaml.dump(variables, Dumper=_Dumper))
        hosts = inventory or {"all": {"hosts": ["localhost"]}, "_meta": {"hostvars": {"localhost": LOCALHOST}}}
        script = f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(hosts)!r})\n"
        self._write(private / "inventory" / "hosts", script, mode=0o700)
        environment = {"JOB_ID": str(ident), "INVENTORY_ID": "1", "ANSIBLE_RETRY_FILES_ENABLED": "False"}
        return self._stream(private, ident, {**environment, **credential.environment()}, playbook=playbook)

    def update_inventory(self, source: str, credential: Credential) -> tuple[Job, dict[str, t.Any] | None]:
        """An update of an inventory source from a project, and what AWX would import."""
        private, ident = self._private_data()
        node = self._node(ident)
        output = Path("artifacts") / str(ident) / "output.json"
        path = node / "project" / source
        command = ["ansible-inventory", "--list", "--export", "-i", str(path)]
        command += ["--output", str(node / output), "--playbook-dir", str(path.parent)]
        self._write(private / "args", " ".join(command))
        environment = {"INVENTORY_SOURCE_ID": "1", "INVENTORY_UPDATE_ID": str(ident), **INVENTORY_UPDATE}
        job = self._stream(private, ident, {**environment, **credential.environment()})
        found = private / output
        return job, json.loads(found.read_text()) if found.exists() else None

    def _private_data(self) -> tuple[Path, int]:
        ident = next(self.numbers)
        private = self.folder / f"awx_{ident}"
        for name in ("env", "inventory", "cp"):
            (private / name).mkdir(mode=0o700, parents=True)
        shutil.copytree(self.project, private / "project", symlinks=True)
        return private, ident

    def _node(self, ident: int) -> Path:
        """Where an execution node unpacks the private data directory; /runner in a container."""
        return self.folder / f"runner_{ident}"

    @staticmethod
    def _write(path: Path, text: str, mode: int = 0o600) -> None:
        path.touch(mode=mode)
        path.write_text(text)

    def _stream(self, private: Path, ident: int, environment: dict[str, str], **params: t.Any) -> Job:
        """transmit on the controller, worker on the node, process on the controller."""
        settings = {"job_timeout": 120, "suppress_ansible_output": True, "suppress_output_file": False}
        self._write(private / "env" / "settings", json.dumps(settings))
        node = self._node(ident)
        collections = [node / "requirements_collections", self.image / "usr/share/ansible/collections"]
        paths = os.pathsep.join(map(str, collections))
        envvars = {
            **self.task_env,
            "AWX_PRIVATE_DATA_DIR": str(private),
            "ANSIBLE_COLLECTIONS_PATH": paths,
            **environment,
        }
        sent, answer = self.folder / f"sent_{ident}", self.folder / f"answer_{ident}"
        with sent.open("wb") as stream:
            ansible_runner.interface.run(
                streamer="transmit",
                _output=stream,
                private_data_dir=str(private),
                ident=str(ident),
                envvars=envvars,
                suppress_env_files=True,
                fact_cache_type="",
                **params,
            )
        with sent.open("rb") as stdin, answer.open("wb") as stdout:
            command = [str(BIN / "ansible-runner"), "worker", f"--private-data-dir={node}"]
            subprocess.run(
                command,
                stdin=stdin,
                stdout=stdout,
                env=self._image_environment(),
                cwd=self.image,
                timeout=180,
                check=False,
            )
        with answer.open("rb") as stream:
            done = ansible_runner.interface.run(
                streamer="process",
                quiet=True,
                _input=stream,
                private_data_dir=str(private),
                ident=str(ident),
            )
        # The streams carry the credential (receptor encrypts them): they are no artifact.
        sent.unlink()
        answer.unlink()
        return self._read(done.status, private / "artifacts" / str(ident), [private, node])

    @staticmethod
    def _read(status: str, artifacts: Path, folders: list[Path]) -> Job:
        events = [json.loads(path.read_text()) for path in (artifacts / "job_events").glob("*.json")]
        texts = [path.read_text() for path in (artifacts / "stdout", artifacts / "stderr") if path.exists()]
        code = int((artifacts / "rc").read_text())
        return Job(status, code, folders, sorted(events, key=lambda row: row["counter"]), "".join(texts))

    def _image_environment(self) -> dict[str, str]:
        """What a container has: no variable of the caller's, and no collection but the image's."""
        home = self.image / "home" / "runner"
        home.mkdir(parents=True, exist_ok=True)
        return {
            "PATH": f"{BIN}:/usr/bin:/bin",
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        }
