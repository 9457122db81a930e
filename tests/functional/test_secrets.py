# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in no output: planted wherever a module takes one, and looked for in all that it prints and logs, however it ends.

Each secret has a marker of letters and digits, which no escaping changes: a piece of a secret in any spelling is found. What the service
says back is ordered from the simulator (faults). And the opposite: what is no secret is not censored.
"""
from __future__ import annotations

import base64
import html
import json
import typing as t
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from ansible.module_utils._internal import _traceback
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.azureml.compute.plugins.module_utils import _reconcile
from ansible_collections.azureml.compute.plugins.module_utils._errors import AmlError

from . import conftest
from .conftest import Azure
from .test_cluster import KEY as PUBLIC_KEY

Options = dict[str, t.Any]
CLUSTER, INSTANCE, ATTACHED, AKS, RESOURCE = (
    "aml_compute_cluster", "aml_compute_instance", "aml_attached_compute", "aml_inference_cluster", "arm_resource",
)
TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
MARK = "zQ7Planted"


def secret(name: str) -> str:
    """A password that every escaping changes."""
    return f'{MARK}{name}9x" & <ü> 100%\\{MARK}{name}8y/+='


def pem(name: str) -> str:
    """A private key in the form of one; each of its lines is secret."""
    lines = "\n".join(f"{MARK}{name}Line{number}MIIEpAIBAAKCAQEA/+=" for number in range(3))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n"


@dataclass
class Case:
    """A module with a secret among its options, what is written, and an option of it that breaks a rule."""

    module: str
    options: Options
    path: str
    secrets: list[str]
    broken: Options


def _target(azure: Azure, kind: str) -> str:
    types = {
        "virtualmachine": ("Microsoft.Compute/virtualMachines", "2024-07-01"),
        "databricks": ("Microsoft.Databricks/workspaces", "2024-05-01"),
        "aks": ("Microsoft.ContainerService/managedClusters", "2024-09-01"),
    }
    pools = [{"name": "agentpool", "count": 3, "vmSize": "Standard_DS3_v2", "mode": "System"}]
    properties = {"virtualmachine": {"hardwareProfile": {"vmSize": "Standard_DS3_v2"}}, "aks": {"dnsPrefix": "aks", "agentPoolProfiles": pools}}
    return azure.resource(types[kind][0], f"target-{kind}", {"properties": properties.get(kind, {})}, types[kind][1])


def _cluster(azure: Azure, folder: Path) -> Case:
    word = secret("ClusterPassword")
    settings = {"admin_username": "azureuser", "admin_password": word, "ssh_key_value": PUBLIC_KEY}
    options = {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1, "ssh_settings": settings}
    return Case(CLUSTER, options, "computes/target-a", [word], {"min_instances": 9})


def _definition(azure: Azure, folder: Path) -> Case:
    word = secret("DefinitionPassword")
    text = f"""
name: target-a
type: amlcompute
size: Standard_DS3_v2
max_instances: 1
ssh_settings:
  admin_username: azureuser
  admin_password: {json.dumps(word)}
"""
    return Case(CLUSTER, {"definition": text}, "computes/target-a", [word], {"min_instances": 9})


def _definition_mapping(azure: Azure, folder: Path) -> Case:
    word = secret("MappingPassword")
    settings = {"admin_username": "azureuser", "admin_password": word, "ssh_port": 22}
    definition = {"name": "target-a", "type": "virtualmachine", "resource_id": _target(azure, "virtualmachine"), "ssh_settings": settings}
    return Case(ATTACHED, {"definition": definition}, "computes/target-a", [word], {"name": "a-name-!"})


def _environment_variables(azure: Azure, folder: Path) -> Case:
    word = secret("License")
    application = {
        "name": "app",
        "image": {"reference": "rocker/rstudio:latest"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": {"APP_PASSWORD": word, "ROOT": "true"},
    }
    options = {"name": "target-a", "size": "Standard_DS3_v2", "custom_applications": [application]}
    return Case(INSTANCE, options, "computes/target-a", [word], {"name": "1"})


def _machine(azure: Azure, folder: Path, **settings: t.Any) -> Options:
    return {"name": "target-a", "type": "virtualmachine", "resource_id": _target(azure, "virtualmachine"), "ssh_settings": settings}


def _ssh_password(azure: Azure, folder: Path) -> Case:
    word = secret("MachinePassword")
    return Case(ATTACHED, _machine(azure, folder, admin_username="me", admin_password=word), "computes/target-a", [word], {"name": "a-name-!"})


def _ssh_key(azure: Azure, folder: Path) -> Case:
    key = pem("MachineKey")
    return Case(ATTACHED, _machine(azure, folder, admin_username="me", ssh_private_key=key), "computes/target-a", [key], {"name": "a-name-!"})


def _ssh_key_file(azure: Azure, folder: Path) -> Case:
    key = pem("MachineKeyFile")
    (folder / "id").write_text(key)
    options = _machine(azure, folder, admin_username="me", ssh_private_key_file=str(folder / "id"))
    return Case(ATTACHED, options, "computes/target-a", [key], {"name": "a-name-!"})


def _databricks(azure: Azure, folder: Path) -> Case:
    word = secret("DatabricksToken")
    options = {"name": "target-a", "type": "databricks", "resource_id": _target(azure, "databricks"), "access_token": word}
    return Case(ATTACHED, options, "computes/target-a", [word], {"name": "a-name-!"})


def _tls(azure: Azure, folder: Path, **key: str) -> Options:
    ssl = {"cert": "-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n", "cname": "scoring.example.org", **key}
    return {"name": "target-a", "resource_id": _target(azure, "aks"), "cluster_purpose": "fast_prod", "ssl": ssl}


def _tls_key(azure: Azure, folder: Path) -> Case:
    return Case(AKS, _tls(azure, folder, key=pem("TlsKey")), "computes/target-a", [pem("TlsKey")], {"name": "1"})


def _tls_key_file(azure: Azure, folder: Path) -> Case:
    (folder / "key").write_text(pem("TlsKeyFile"))
    return Case(AKS, _tls(azure, folder, key_file=str(folder / "key")), "computes/target-a", [pem("TlsKeyFile")], {"name": "1"})


def _resource(folder: Path, body: t.Any, *secrets: str) -> Case:
    options = {"type": "Microsoft.Storage/storageAccounts", "name": "targeta", "api_version": "2023-01-01", "secret_body": body}
    options["body"] = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    return Case(RESOURCE, options, "storageAccounts/targeta", list(secrets), {"id": "nonsense", "type": None, "name": None})


def _secret_body(azure: Azure, folder: Path) -> Case:
    one, two = secret("BodyOne"), secret("BodyTwo")
    return _resource(folder, {"properties": {"adminPassword": one, "profiles": [{"nested": {"connectionString": two}}]}}, one, two)


def _secret_body_text(azure: Azure, folder: Path) -> Case:
    word = secret("BodyText")
    return _resource(folder, json.dumps({"properties": {"adminPassword": word}}), word)


CASES: dict[str, t.Callable[[Azure, Path], Case]] = {
    "cluster": _cluster,
    "definition-text": _definition,
    "definition-mapping": _definition_mapping,
    "environment-variables": _environment_variables,
    "ssh-password": _ssh_password,
    "ssh-key": _ssh_key,
    "ssh-key-file": _ssh_key_file,
    "databricks": _databricks,
    "tls-key": _tls_key,
    "tls-key-file": _tls_key_file,
    "secret-body": _secret_body,
    "secret-body-text": _secret_body_text,
}


class Watched:
    """The modules, with all that leaves them: what they print to both streams, and the system's log."""

    def __init__(self, azure: Azure, logged: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        self.azure, self.logged, self.capsys = azure, logged, capsys

    def run(self, case: Case, *, ok: bool | None = True, check: bool = False, **options: t.Any) -> Options:
        self.logged.clear()
        merged = {**case.options, **options}
        given = {name: value for name, value in merged.items() if value is not None}
        try:
            done = self.azure.run(case.module, ok=ok, check=check, _ansible_diff=True, _ansible_verbosity=4, **given)
        finally:
            self.clean()
        assert self.logged, "the system's log must be watched"
        return done

    def clean(self) -> None:
        streams = self.capsys.readouterr()
        for where, text in (("result", self.azure.text), ("log", "\n".join(self.logged)), ("stdout", streams.out), ("stderr", streams.err)):
            at = text.find(MARK)
            assert at < 0, f"{where}: ...{text[max(0, at - 200) : at + 60]}..."
            assert conftest.SECRET not in text, where


@pytest.fixture
def watched(azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Watched:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: logged.append(f"{msg} {log_args}"))
    return Watched(azure, logged, capsys)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, azure: Azure, tmp_path: Path) -> Case:
    return CASES[request.param](azure, tmp_path)


def echo(secrets: list[str]) -> str:
    """A service's message with the secrets, as texts of services have them: as they are, in JSON, in an address, in a page, in base64."""
    spellings: list[str] = []
    for one in secrets:
        spellings += [one, one.strip(), " ".join(one.split()), json.dumps(one), json.dumps(one, ensure_ascii=False), json.dumps({"inner": json.dumps(one)})]
        spellings += [quote(one), quote(one, safe=""), quote_plus(one), html.escape(one), repr(one), base64.b64encode(one.encode()).decode()]
    return "Refused: " + " | ".join(spellings)


def test_success_check_mode_and_no_change(watched: Watched, case: Case) -> None:
    planned = watched.run(case, check=True)
    assert planned["changed"]
    done = watched.run(case)
    assert done["changed"] and any(one.body and MARK in json.dumps(one.body) for one in watched.azure.writes), "it was sent"
    assert watched.run(case)["changed"] is False
    assert watched.run(case, state="absent")["changed"]


def test_a_refused_rule(watched: Watched, case: Case) -> None:
    assert watched.run(case, ok=False, **case.broken)["failure"]["code"] != "InternalError"
    assert watched.azure.sent == []


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_a_refusal_that_says_the_secret_back(watched: Watched, case: Case, status: int) -> None:
    message = echo(case.secrets)
    order = {"kind": "status", "status": status, "message": message, "code": "Refused", "match": {"method": "PUT", "path": case.path}, "count": 99}
    watched.azure.app.faults.put([order])
    failed = watched.run(case, ok=False)
    assert failed["failure"]["status"] == status and failed["failure"]["message"].startswith("Refused: ***")


def test_a_failed_operation_that_says_the_secret_back(watched: Watched, case: Case) -> None:
    message = echo(case.secrets)
    details = [{"code": "Inner", "message": message, "target": case.secrets[0]}]
    watched.azure.app.faults.put([{"kind": "failed_operation", "message": message, "details": details, "match": {"path": case.path}, "count": 99}])
    failed = watched.run(case, ok=None)
    assert failed.get("failed") or case.module == RESOURCE
    # A second run looks at what failed.
    watched.azure.app.faults.put([])
    watched.run(case, ok=None)


def test_a_wait_that_ends_too_early(watched: Watched, case: Case) -> None:
    if case.module == RESOURCE:
        watched.azure.app.configure({"generic": {"retry_after": 5}})
    failed = watched.run(case, ok=None, wait_timeout=0)
    assert not failed.get("failed") or failed["failure"]["code"] in ("WaitTimeout", "NotApplied")


@pytest.mark.parametrize("raised", [RuntimeError, AmlError])
def test_what_nobody_foresaw(watched: Watched, case: Case, raised: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """With the traceback, and as a user sees it who asks for tracebacks."""
    text = echo(case.secrets)

    def broken(*_ignored: t.Any) -> t.NoReturn:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise raised(text) from error

    monkeypatch.setattr(_reconcile.Reconciler, "find", broken)
    monkeypatch.setattr(_traceback, "is_traceback_enabled", lambda event: True)
    if raised is RuntimeError:
        with pytest.raises(AssertionError):
            watched.run(case, ok=False)
        assert '"InternalError"' in watched.azure.text
    else:
        watched.run(case, ok=False)
    assert "ValueError: Refused: ***" in json.loads(watched.azure.text)["exception"]


def test_warnings(watched: Watched, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """ansible-core strips the values of no_log options from results, but not from warnings."""
    plain = _reconcile.Reconciler.find

    def find(self: t.Any) -> t.Any:
        self.warnings.append(echo(case.secrets))
        return plain(self)

    monkeypatch.setattr(_reconcile.Reconciler, "find", find)
    assert any("Refused: ***" in text for text in watched.run(case)["warnings"])


def test_arguments_that_ansible_refuses(watched: Watched, case: Case) -> None:
    for wrong in ({"state": "nonsense"}, {"no_such_option": 1}):
        # The arguments are only logged when they are right.
        with pytest.raises(AssertionError, match="must be watched"):
            watched.run(case, ok=False, **wrong)
        assert '"failed": true' in watched.azure.text


# --- definitions ---


@pytest.mark.parametrize(
    "text",
    [
        "name: target-a\ntype: amlcompute\nssh_settings:\n  admin_username: [a\n  admin_password: {word}",
        "name: target-a\ntype: amlcompute\nssh_settings: {{admin_username: a, admin_password: {word}}}\nnonsense: true",
        "name: target-a\ntype: {word}\nssh_settings: {{admin_username: a, admin_password: {word}}}",
        "name: {word}\ntype: amlcompute\nsize: x\nssh_settings: {{admin_username: a, admin_password: {word}}}",
        "name: target-a\ntype: amlcompute\nsize: {word}\nmin_instances: {word}\nssh_settings: {{admin_username: a, admin_password: {word}}}",
        "ssh_settings: {{admin_username: a, admin_password: {word}}}",
        "- admin_password: {word}",
    ],
)
def test_a_definition_that_is_refused(watched: Watched, text: str) -> None:
    given = {"definition": text.format(word=f"'{MARK}InDefinition1'")}
    watched.azure.run(CLUSTER, ok=False, _ansible_diff=True, _ansible_verbosity=4, **given)
    watched.clean()


def test_a_definition_that_breaks_the_loader(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    ml = pytest.importorskip("azure.ai.ml")

    def broken(source: t.Any) -> t.NoReturn:
        raise TypeError(source.read())

    monkeypatch.setattr(ml, "load_compute", broken)
    text = f"name: a\ntype: amlcompute\nssh_settings: {{admin_username: a, admin_password: {MARK}InDefinition2}}"
    with pytest.raises(AssertionError):
        watched.run(Case(CLUSTER, {"definition": text}, "", [], {}), ok=False)
    assert '"InternalError"' in watched.azure.text
