# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run clients that other people wrote against a fresh simulator: azure-cli, the management SDKs for Python and JavaScript,
published templates, azure.azcollection.

    python -m scripts.clients [--write FILE] [--only CLIENT]

installs each in an environment of its own below build/clients, prints a table of client, command and result, and exits with 1 when something is refused that
tests/clients does not list as refused, and when nothing could be run. A client that cannot be installed or fetched here is named, and fails nothing; one that
does not end, or a template that is not the one that is meant, fails.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import typing as t
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import yaml
from azureml_simulator import Simulator

from .command import BIN, ROOT, add_write, publish
from .environment import own_environment

HERE = ROOT / "tests" / "clients"
BUILD = ROOT / "build" / "clients"
AZURE_CLI = "azure-cli==2.91.0"
MANAGEMENT = ("azure-mgmt-machinelearningservices==2.0.0b2", "azure-identity")
PACKAGES = ("@azure/arm-machinelearning@2.1.1", "@azure/identity@4")
JAVASCRIPT = ("javascript", ["npm", "install", "--prefix", ".", "--no-audit", "--no-fund", "--silent", *PACKAGES])
# What has azure.azcollection 3.21.0: the collection runs with ansible-core 2.16 and later, the package that has it wants a later Python. Versions before 3.14
# take no URL for a cloud: https://github.com/ansible-collections/azure/issues/2157
AZCOLLECTION = "ansible==14.5.0"
# azure-ai-ml 1.31, which it requires, imports six and does not require it.
WITH_AZCOLLECTION = ("ansible-core>=2.19,<2.20", "six")
PLAYBOOK = (str(BIN / "ansible-playbook"), "-i", "localhost,", "-c", "local")
SECONDS = 900


@dataclass(frozen=True)
class Row:
    """One command of a client: the error, if it was refused, and what is known to be refused."""

    client: str
    command: str
    error: str = ""
    known: str = ""
    skipped: str = ""

    @property
    def good(self) -> bool:
        return bool(self.skipped) or not self.error or bool(self.known and self.known in self.error)

    def line(self) -> str:
        if self.skipped:
            result = f"not run: {self.skipped}"
        elif not self.error:
            result = "worked" + (f" (listed as refused: {self.known})" if self.known else "")
        else:
            result = ("refused: " if self.good else "**FAILED**: ") + self.error
        return f"| {self.client} | `{self.command}` | {result} |".replace("\n", " ")


class NotInstalledError(Exception):
    """A client cannot be installed here."""


def install(name: str, *commands: list[str]) -> None:
    """Run the commands of an installation once; a changed installation runs again. Raises NotInstalledError."""
    stamp = BUILD / name / ".installed"
    wanted = repr(commands)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.parent.mkdir(parents=True, exist_ok=True)
    print(f"Installing {name} into {stamp.parent.relative_to(ROOT)}", file=sys.stderr, flush=True)
    try:
        for command in commands:
            subprocess.run(command, check=True, cwd=stamp.parent, stdout=sys.stderr, timeout=SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotInstalledError(str(error)) from error
    stamp.write_text(wanted)


def install_python(name: str, *packages: str) -> Path:
    """An environment with these packages; returns its directory of programs."""
    folder = BUILD / name
    python = str(folder / "bin" / "python")
    # uv needs seconds for what takes pip minutes; `make setup` does without it where it cannot be installed.
    uv = BIN / "uv"
    tool = [str(uv), "pip", "install", "--python", python] if uv.exists() else [python, "-m", "pip", "install"]
    install(name, [sys.executable, "-m", "venv", str(folder)], [*tool, "-q", *packages])
    return folder / "bin"


def azcollection() -> tuple[Path, Path]:
    """The directory of collections that has azure.azcollection, and that of the programs of an environment that runs it."""
    download = "-m pip download -q --no-deps --python-version 3.14 --only-binary=:all:".split()
    unpack = "import glob, zipfile; zipfile.ZipFile(glob.glob('*.whl')[0]).extractall()"
    install("azcollection-package", [sys.executable, *download, AZCOLLECTION], [sys.executable, "-c", unpack])
    collections = BUILD / "azcollection-package"
    requirements = collections / "ansible_collections" / "azure" / "azcollection" / "requirements.txt"
    return collections, install_python("azcollection", *WITH_AZCOLLECTION, "-r", str(requirements))


class Clients:
    """The clients of one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.environment = own_environment() | simulator.environment
        self.environment |= {"TEMPLATES": str(HERE / "templates"), "HOME": str(simulator.directory)}

    def _run(self, command: list[str], folder: Path = BUILD, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a client; one that does not end is a failure of it."""
        environment = self.environment | variables
        try:
            return subprocess.run(
                command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", f"ERROR: it did not end within {SECONDS} seconds")

    def azure_cli(self) -> t.Iterator[Row]:
        """The commands of azure_cli.yml, each a process of its own."""
        program = str(install_python("azure-cli", AZURE_CLI) / "az")
        quiet = {"AZURE_CORE_COLLECT_TELEMETRY": "false", "AZURE_CORE_OUTPUT": "json", "AZURE_CORE_NO_COLOR": "true"}
        for step in yaml.safe_load((HERE / "azure_cli.yml").read_text()):
            words = [_expanded(word, self.environment) for word in shlex.split(step["run"])]
            done = self._run([program, *words], **quiet)
            error = ""
            if done.returncode:
                error = _first_error(done.stderr) or f"exit status {done.returncode}"
            elif step.get("shows", "") not in done.stdout:
                error = f"the output does not have {step['shows']!r}"
            yield Row("azure-cli", f"az {step['run']}", error, step.get("refused", ""))

    def _group(self, name: str) -> dict[str, str]:
        """A resource group with what a workspace needs; returns the ids."""
        sub = f"/subscriptions/{self.environment['AZURE_SUBSCRIPTION_ID']}"
        group = f"{sub}/resourceGroups/rg-{name}"
        sku = {"family": "A", "name": "standard"}
        made = {
            "storage_account": (
                f"Microsoft.Storage/storageAccounts/st{name}",
                {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"},
            ),
            "key_vault": (f"Microsoft.KeyVault/vaults/kv-{name}", {"properties": {"tenantId": "t", "sku": sku}}),
            "application_insights": (f"Microsoft.Insights/components/ai-{name}", {"kind": "web"}),
        }
        call(self.simulator, "PUT", group, {"location": "eastus"})
        ids = {}
        for key, (path, body) in made.items():
            ids[key] = f"{group}/providers/{path}"
            call(self.simulator, "PUT", ids[key], {"location": "eastus", **body})
        self.simulator.advance(60)
        return ids

    def python(self) -> t.Iterator[Row]:
        """The calls of management.py."""
        program = install_python("python", *MANAGEMENT) / "python"
        ids = self._group("python")
        done = self._run([str(program), str(HERE / "management.py")], DEPENDENTS=json.dumps(ids))
        yield from self._calls("azure-mgmt-machinelearningservices", done, "python")

    def javascript(self) -> t.Iterator[Row]:
        """The calls of management.mjs."""
        install(*JAVASCRIPT)
        ids = self._group("javascript")
        camel = {
            "storage_account": "storageAccount",
            "key_vault": "keyVault",
            "application_insights": "applicationInsights",
        }
        given = json.dumps({camel[key]: value for key, value in ids.items()})
        script = ["node", str(HERE / "management.mjs")]
        trusted = {"NODE_EXTRA_CA_CERTS": str(self.simulator.directory / "ca.pem"), "DEPENDENTS_JS": given}
        done = self._run(script, BUILD / "javascript", **trusted)
        yield from self._calls("@azure/arm-machinelearning", done, "javascript")

    def azcollection(self) -> t.Iterator[Row]:
        """The tasks of azcollection.yml, one after the other in one play, and what they made exported and applied."""
        client = "azure.azcollection"
        ids = self._group("azcollection")
        for name in ("team-workspace", "serving"):
            done = self._run([*PLAYBOOK, "azureml.compute.provision_workspace", "-e", f"@examples/{name}.yml"], ROOT)
            if done.returncode:
                yield Row("azureml.compute", f"examples/{name}.yml", _first_error(done.stdout + done.stderr))
        steps = yaml.safe_load((HERE / "azcollection.yml").read_text())
        tasks = [_task(step, ids) for step in steps]
        results, error = self._played(tasks)
        for step, task, result in zip(steps, tasks, results, strict=False):
            yield Row(client, task["name"], _wrong(result, step.get("shows", "")), step.get("refused", ""))
        if len(results) != len(steps):
            yield Row(client, "(the playbook)", error)
        else:
            yield Row(client, "what it made, exported and applied", self._unchanged("azcollection", "ws-azcollection"))

    def _played(self, tasks: list[dict[str, t.Any]]) -> tuple[list[dict[str, t.Any]], str]:
        """The results of tasks, as far as they ran, and why the others did not."""
        collections, program = azcollection()
        variables = {"ansible_python_interpreter": str(program / "python")}
        path = self.simulator.directory / "azcollection.yml"
        path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}]))
        shown = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
        done = self._run([str(program / "ansible-playbook"), *PLAYBOOK[1:], str(path)], **shown)
        error = _first_error(done.stderr) or f"exit status {done.returncode}"
        try:
            return [task["hosts"]["localhost"] for task in json.loads(done.stdout)["plays"][0]["tasks"]], error
        except (ValueError, LookupError):
            return [], error

    @staticmethod
    def _calls(client: str, done: subprocess.CompletedProcess[str], name: str) -> t.Iterator[Row]:
        refused = (yaml.safe_load((HERE / "refused.yml").read_text()) or {}).get(name) or {}
        entries = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for entry in entries:
            yield Row(client, entry["call"], entry["error"], refused.get(entry["call"], ""))
        if done.returncode or not entries:
            yield Row(client, "(the script)", _first_error(done.stderr) or f"exit status {done.returncode}")

    def _around(self, name: str, ids: dict[str, str]) -> dict[str, str]:
        """What templates add to a workspace, in its resource group; returns the ids, and the principal of the identity."""
        group = ids["storage_account"].partition("/providers/")[0]
        network = {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "default", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        }
        made: dict[str, tuple[str, dict[str, t.Any]]] = {
            "diagnostics": (f"Microsoft.Storage/storageAccounts/stdiag{name}", {"sku": {"name": "Standard_LRS"}}),
            "analytics": (f"Microsoft.OperationalInsights/workspaces/law-{name}", {"properties": {}}),
            "identity": (f"Microsoft.ManagedIdentity/userAssignedIdentities/id-{name}", {}),
            "network": (f"Microsoft.Network/virtualNetworks/vnet-{name}", {"properties": network}),
            "zone": ("Microsoft.Network/privateDnsZones/privatelink.api.azureml.ms", {"location": "global"}),
            "key": (f"Microsoft.KeyVault/vaults/kv-{name}/keys/key1", {"properties": {"kty": "RSA"}}),
        }
        around = {}
        for key, (path, body) in made.items():
            around[key] = f"{group}/providers/{path}"
            call(self.simulator, "PUT", around[key], {"location": "eastus", **body})
        self.simulator.advance(60)
        around["subnet"] = f"{around['network']}/subnets/default"
        around["principal"] = call(self.simulator, "GET", around["identity"])[1]["properties"]["principalId"]
        return around

    def templates(self) -> t.Iterator[Row]:
        """The cases of published.yml, each deployed twice, if the template can be fetched or the environment names a copy."""
        for entry in yaml.safe_load((HERE / "published.yml").read_text()):
            try:
                template = published(entry)
            except NotInstalledError as error:
                yield Row("template", entry["name"], skipped=str(error))
                continue
            except ValueError as error:
                yield Row("template", entry["name"], str(error))
                continue
            ids = self._group(entry["group"])
            ids |= self._around(entry["group"], ids)
            group = ids["storage_account"].partition("/providers/")[0]
            for name, own in entry["cases"].items():
                given = json.loads(_expanded(json.dumps(entry.get("parameters", {}) | own), ids))
                parameters = {key: {"value": value} for key, value in given.items()}
                path = f"{group}/providers/Microsoft.Resources/deployments/{name}"
                body = {"properties": {"mode": "Incremental", "template": template, "parameters": parameters}}
                for time in ("first", "again"):
                    error = deploy(self.simulator, path, body)
                    yield Row("template", f"{entry['name']}: {name}, {time}", error)
                texts = {key: value for key, value in given.items() if isinstance(value, str)}
                workspace = _expanded(entry["workspace"], texts)
                error = self._unchanged(entry["group"], workspace)
                yield Row("template", f"{entry['name']}: {name}, exported and applied", error)

    def _unchanged(self, group: str, workspace: str) -> str:
        """Export a workspace and apply the files, as users do; what is wrong, or an empty text where nothing was changed, with reads alone."""
        folder = BUILD / "exported" / workspace
        shutil.rmtree(folder, ignore_errors=True)
        options = {"aml_resource_group": f"rg-{group}", "workspace": workspace, "aml_export_folder": str(folder)}
        done = self._run([*PLAYBOOK, "azureml.compute.export_workspace", "-e", json.dumps(options)], ROOT)
        if done.returncode:
            return _first_error(done.stdout + done.stderr)
        for name, file in (("provision_workspace", "workspace.yml"), ("fleet", "fleet.yml")):
            mark = len(self.simulator.requests())
            done = self._run([*PLAYBOOK, f"azureml.compute.{name}", "-e", f"@{folder / file}"], ROOT)
            if done.returncode or not re.search(r"\bchanged=0\b", done.stdout):
                return f"{name}: {_first_error(done.stdout + done.stderr)}"
            sent = [row for row in self.simulator.requests()[mark:] if row["path"].startswith("/subscriptions/")]
            writes = [f"{row['method']} {row['path']}" for row in sent if row["method"] != "GET"]
            if writes or not sent:
                return f"{name} sent {writes or 'nothing'}"
        return ""


def call(simulator: Simulator, method: str, path: str, body: t.Any = None) -> tuple[int, t.Any]:
    """A request to Resource Manager with the service principal's token: status and body."""
    from azure.identity import ClientSecretCredential

    environment = simulator.environment
    credential = ClientSecretCredential(
        environment["AZURE_TENANT_ID"],
        environment["AZURE_CLIENT_ID"],
        environment["AZURE_CLIENT_SECRET"],
        authority=simulator.url,
        disable_instance_discovery=True,
        connection_verify=environment["SSL_CERT_FILE"],
    )
    token = credential.get_token(f"{simulator.url}/.default").token
    import requests

    answer = requests.request(
        method,
        f"{simulator.url}{path}?api-version=2021-04-01" if "api-version" not in path else f"{simulator.url}{path}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        verify=environment["SSL_CERT_FILE"],
        timeout=60,
    )
    return answer.status_code, answer.json() if answer.content else None


def deploy(simulator: Simulator, path: str, body: t.Any) -> str:
    """Deploy a template; the error, or an empty text."""
    status, answer = call(simulator, "PUT", path, body)
    if status >= 400:
        return str(answer["error"]["message"])
    for _time in range(30):
        simulator.advance(60)
        _status, answer = call(simulator, "GET", path)
        state = answer["properties"]["provisioningState"]
        if state == "Succeeded":
            return ""
        if state in ("Failed", "Canceled"):
            return _innermost(answer["properties"].get("error") or {"message": state})
    return "the deployment does not end"


def _innermost(error: dict[str, t.Any]) -> str:
    while error.get("details"):
        error = error["details"][0]
    return f"{error.get('code', '')}: {error.get('message', '')}"


def published(entry: dict[str, t.Any]) -> t.Any:
    """The template of an entry: the copy that the environment names, or the fetched one. Raises as `fetch`."""
    variable = entry.get("variable", "")
    copy = os.environ.get(variable)
    if copy:
        return json.loads(Path(copy).expanduser().read_text(encoding="utf-8-sig"))
    try:
        return fetch(entry["url"], entry.get("sha256"))
    except NotInstalledError as error:
        hint = f"; {variable}=FILE uses a copy" if variable else ""
        raise NotInstalledError(f"{error}{hint}") from error


def fetch(url: str, sha256: str | None) -> t.Any:
    """A published template, kept below build/clients/published. Raises NotInstalledError, and ValueError where it is not the one that is meant."""
    kept = BUILD / "published" / hashlib.sha256(url.encode()).hexdigest()
    if not kept.exists():
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                text = answer.read()
        except OSError as error:
            raise NotInstalledError(f"{url} cannot be fetched here ({getattr(error, 'reason', error)})") from error
        template = _meant(url, text, sha256)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(text)
        return template
    return _meant(url, kept.read_bytes(), sha256)


def _meant(url: str, text: bytes, sha256: str | None) -> t.Any:
    if sha256 and hashlib.sha256(text).hexdigest() != sha256:
        raise ValueError(f"{url} has another checksum than published.yml says")
    return json.loads(text)


def _task(step: dict[str, t.Any], ids: t.Mapping[str, str]) -> dict[str, t.Any]:
    """A task of azcollection.yml, after which the others run, whatever its result."""
    module, options = next((name, value) for name, value in step.items() if name.startswith("azure_rm_"))
    given = json.loads(_expanded(json.dumps(options), ids))
    title = f"{module}: {options.get('name', 'all')}"
    return {f"azure.azcollection.{module}": given, "name": title, "ignore_errors": True}


def _wrong(result: dict[str, t.Any], shows: str) -> str:
    """What is wrong with the result of a task, or an empty text."""
    if result.get("failed"):
        return str(result.get("msg"))
    return "" if shows in json.dumps(result) else f"the result does not have {shows!r}"


def _expanded(text: str, values: t.Mapping[str, str]) -> str:
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${name}", values[name])
    return text


def _first_error(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(("ERROR", "Error"))]
    return (named or lines or [""])[0 if named else -1].removeprefix("ERROR: ")[:300]


def run(names: t.Sequence[str]) -> t.Iterator[Row]:
    """The rows of each client, on one simulator."""
    with Simulator(in_thread=True) as simulator:
        simulator.config({"clock": {"speed": 300}})
        clients = Clients(simulator)
        for name in names:
            try:
                yield from getattr(clients, name)()
            except NotInstalledError as error:
                yield Row(name, "(installation)", skipped=str(error))


NAMES = ("azure_cli", "python", "javascript", "templates", "azcollection")


def summary(rows: t.Sequence[Row]) -> tuple[str, int]:
    """The counts, and the exit status: 1 where a row failed, and where nothing ran."""
    failed = sum(not row.good for row in rows)
    ran = sum(not row.skipped for row in rows)
    refused = sum(bool(row.error) and row.good for row in rows)
    worked = ran - refused - failed
    counts = f"{worked} worked, {refused} refused as listed, {failed} failed, {len(rows) - ran} not run."
    return counts, int(failed > 0 or ran == 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=NAMES, action="append", help="one client; more than once for several")
    add_write(parser)
    options = parser.parse_args()
    os.umask(0o077)
    rows = []
    for row in run(options.only or NAMES):
        print(row.line(), file=sys.stderr, flush=True)
        rows.append(row)
    counts, status = summary(rows)
    head = ["", "| client | command | result |", "|---|---|---|"]
    publish([counts, *head, *(row.line() for row in rows)], options.write)
    return status


if __name__ == "__main__":
    sys.exit(main())
