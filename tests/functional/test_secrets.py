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
import logging
import os
import typing as t
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit

import pytest
from ansible.module_utils._internal import _traceback
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.azureml.compute.plugins.module_utils import _credentials, _identity, _reconcile, _redact
from ansible_collections.azureml.compute.plugins.module_utils._arm import ArmClient
from ansible_collections.azureml.compute.plugins.module_utils._cloud import PUBLIC
from ansible_collections.azureml.compute.plugins.module_utils._errors import AmlError
from azure.core.exceptions import ServiceResponseError

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
        try:
            done = self.azure.run(case.module, ok=ok, check=check, _ansible_diff=True, _ansible_verbosity=4, **{**case.options, **options})
        finally:
            self.clean()
        assert self.logged, "the system's log must be watched"
        return done

    def clean(self) -> None:
        streams = self.capsys.readouterr()
        requests = json.dumps(self.azure.app.log.entries())
        texts = {"result": self.azure.text, "system's log": "\n".join(self.logged), "stdout": streams.out, "stderr": streams.err, "requests": requests}
        for where, text in texts.items():
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


# --- sign-in ---


class _IdentityResponse(conftest._Response):
    """With what MSAL's client asks an answer for as well."""

    content_type = "application/json"

    def text(self, encoding: str | None = None) -> str:
        return str(self.content.decode())

    def body(self) -> bytes:
        return bytes(self.content)


class _SignInService(conftest._InProcess):
    """The simulator's token endpoint for azure-identity."""

    def send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        if request.data and not isinstance(request.data, (str, bytes)):
            request.data = urlencode(request.data)
        answer = self.azure.app.call(request.method, request.url, (request.data or "").encode(), headers={"Content-Type": "application/x-www-form-urlencoded"})
        return _IdentityResponse(request, answer)


NOBODY = {"client_id": None, "secret": None, "tenant": None}
WORD = secret("SignIn")
# A JWT has no characters that need escaping.
ASSERTION = f"{MARK}Header.{MARK}Payload-_.{MARK}Signature"
SIGN_INS: dict[str, tuple[Options, dict[str, str]]] = {
    "secret": ({"secret": WORD}, {}),
    "secret-of-the-environment": (NOBODY, {"AZURE_CLIENT_ID": "client", "AZURE_TENANT": TENANT, "AZURE_SECRET": WORD}),
    "password": ({**NOBODY, "ad_user": "me@example.org", "password": WORD}, {}),
    "password-of-the-environment": (NOBODY, {"AZURE_AD_USER": "me@example.org", "AZURE_PASSWORD": WORD}),
    "token": ({"secret": None, "oidc_token": ASSERTION}, {}),
    "token-of-the-environment": (NOBODY, {"AZURE_CLIENT_ID": "client", "AZURE_TENANT": TENANT, "AZURE_FEDERATED_TOKEN": ASSERTION}),
    "token-file": ({"secret": None, "oidc_token_file_path": "FOLDER/token"}, {}),
    "certificate-password": (
        {**NOBODY},
        {
            "AZURE_CLIENT_ID": "client",
            "AZURE_TENANT": TENANT,
            "AZURE_CLIENT_CERTIFICATE_PATH": "FOLDER/certificate.pem",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD": WORD,
        },
    ),
    "credential-file": ({**NOBODY, "profile": "vision"}, {}),
}


@pytest.fixture(params=SIGN_INS)
def sign_in(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    options, environment = SIGN_INS[request.param]
    for name in [name for name in os.environ if name.startswith(("AZURE", "ARM_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.replace("FOLDER", str(tmp_path)))
    (tmp_path / "token").write_text(ASSERTION + "\n")
    (tmp_path / "certificate.pem").write_text(f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{MARK}PrivateKeyOfCertificate\n-----END ENCRYPTED PRIVATE KEY-----\n")
    (tmp_path / ".azure").mkdir()
    profile = f"[vision]\nclient_id=client\ntenant={TENANT}\nsecret={WORD}\nsubscription_id={conftest.SUBSCRIPTION}\n"
    (tmp_path / ".azure" / "credentials").write_text(profile)
    monkeypatch.setattr(_credentials, "_home", lambda environ: str(tmp_path))
    given = {name: value.replace("FOLDER", str(tmp_path)) if isinstance(value, str) else value for name, value in options.items()}
    planted = ASSERTION if "token" in request.param else WORD
    return Case(CLUSTER, {**given, "name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}, "computes/target-a", [planted], {})


def test_the_way_to_sign_in(watched: Watched, sign_in: Case) -> None:
    done = watched.run(sign_in)
    assert done["auth"]["client_id"] and done["auth"]["tenant"] and done["auth"]["source"]
    message = {"kind": "status", "status": 400, "message": echo(sign_in.secrets), "match": {"method": "PATCH"}, "count": 9}
    watched.azure.app.faults.put([message])
    assert watched.run(sign_in, ok=False, max_instances=2)["failure"]["message"].startswith("Refused: ***")


def test_a_refused_sign_in(watched: Watched, sign_in: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-identity itself, against a token endpoint that says the secret back."""
    azure = watched.azure
    monkeypatch.setattr(_identity, "transport_for", lambda verify: _SignInService(azure))
    # As in a module's own process, where Python prints to stderr what nobody handles.
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.getLogger("azure"), "handlers", [])
    monkeypatch.setattr(azure, "_client", lambda task: ArmClient(PUBLIC, task.credential, user_agent="test", transport=conftest._InProcess(azure)))
    said = json.dumps({"error": "invalid_client", "error_description": f"AADSTS7000215: {echo(sign_in.secrets)}", "error_codes": [7000215]})
    azure.app.faults.put([{"kind": "content_type", "content_type": "application/json", "body": said, "match": {"path": "/token"}, "count": 99}])
    failed = watched.run(sign_in, ok=False)
    assert failed["failure"]["code"] in ("AADSTS7000215", "AuthenticationFailed"), failed["failure"]


def test_a_credential_file_that_cannot_be_read(watched: Watched, sign_in: Case, tmp_path: Path) -> None:
    (tmp_path / ".azure" / "credentials").write_text(f"[vision]\nsecret\n = {WORD}\n{WORD}\n[vision]\n")
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        os.environ.pop(name)
    options = {**NOBODY, **{name: None for name in ("ad_user", "password", "oidc_token", "oidc_token_file_path")}, "profile": "vision"}
    assert watched.run(sign_in, ok=False, **options)["failure"]["code"] == "CredentialIncomplete"


# --- what the service gives ---


def test_a_token_that_the_service_says_back(watched: Watched, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    send = conftest._InProcess.send
    tokens: list[str] = []

    def echoing(self: t.Any, request: t.Any, **kwargs: t.Any) -> t.Any:
        answer = send(self, request, **kwargs)
        if request.method == "PUT":
            tokens.append(request.headers["Authorization"])
            answer.status_code, answer.content = 400, json.dumps({"error": {"code": "Bad", "message": f"Not understood: {tokens[0]}"}}).encode()
        return answer

    monkeypatch.setattr(conftest._InProcess, "send", echoing)
    case = Case(CLUSTER, {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}, "", [], {})
    failed = watched.run(case, ok=False)
    assert failed["failure"]["message"] == "Not understood: Bearer ********"
    assert tokens[0].removeprefix("Bearer ") not in azure.text


def test_signatures_of_addresses(watched: Watched, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation's address is in ``operation`` as it is, since who wants to go on needs it; no message has its signature."""
    azure.app.configure({"guesses": {"signed_polls": True}})
    case = Case(CLUSTER, {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}, "", [], {})
    begun = watched.run(case, wait=False)
    (signature,) = [value for name, value in parse_qsl(urlsplit(begun["operation"]["url"]).query) if name == "s"]
    assert len(signature) > 8
    assert signature in begun["operation"]["url"]
    azure.app.clock.advance(600)
    watched.run(case, max_instances=3)
    polled = [one for one in azure.app.log.entries() if "s" in one["query"]]
    assert polled and all(one["query"]["s"] == "***" for one in polled)

    send = conftest._InProcess.send

    def failing(self: t.Any, request: t.Any, **kwargs: t.Any) -> t.Any:
        if "s=" in request.url:
            path = request.url.partition(".com")[2]
            raise ServiceResponseError(f"HTTPSConnectionPool(host='management.azure.com', port=443): Max retries exceeded with url: {path} (Caused by X('y'))")
        return send(self, request, **kwargs)

    monkeypatch.setattr(conftest._InProcess, "send", failing)
    failed = watched.run(case, ok=False, max_instances=2)
    assert failed["failure"]["code"] == "WaitTimeout" and "Max retries exceeded" in failed["msg"]
    signed = failed["failure"]["details"]["operation"]["url"]
    (signature,) = [value for name, value in parse_qsl(urlsplit(signed).query) if name == "s"]
    texts = [failed["msg"], failed["failure"]["message"], failed["failure"]["hint"], *failed["warnings"], failed.get("exception", "")]
    for text in texts:
        assert signature not in text and quote(signature, safe="") not in text and "s=" not in text.replace("s=***", "")


# --- what is no secret ---


def test_what_is_no_secret_is_shown(watched: Watched, azure: Azure, tmp_path: Path) -> None:
    for name in ("cluster", "ssh-key-file", "tls-key-file", "secret-body"):
        case = CASES[name](azure, tmp_path)
        done = watched.run(case)
        given = done["invocation"]["module_args"]
        assert (given["tenant"], given["client_id"], given["subscription_id"]) == (TENANT, "client", conftest.SUBSCRIPTION)
        assert done["auth"]["tenant"] == TENANT and done["auth"]["client_id"] == "client"
        hidden = {path for path, value in _leaves(given) if "VALUE_SPECIFIED" in str(value) or "***" in str(value)}
        expected = {
            "cluster": {"secret", "ssh_settings.admin_password"},
            "secret-body": {"secret", "secret_body.properties.adminPassword", "secret_body.properties.profiles.0.nested.connectionString"},
        }
        assert hidden == expected.get(name, {"secret"}), name
        rest = json.dumps({key: value for key, value in done.items() if key != "invocation"})
        # The simulator's storage account, unlike Azure's, tells what it was given.
        assert name == "secret-body" or ("VALUE_SPECIFIED" not in rest and "****" not in rest)
        if name == "cluster":
            assert done["compute"]["ssh_settings"]["ssh_key_value"] == PUBLIC_KEY == given["ssh_settings"]["ssh_key_value"]
        if name == "ssh-key-file":
            assert given["ssh_settings"]["ssh_private_key_file"] == str(tmp_path / "id") and given["update_password"] == "on_create"
        if name == "tls-key-file":
            assert "BEGIN CERTIFICATE" in given["ssl"]["cert"] and given["ssl"]["key_file"] == str(tmp_path / "key")
        watched.run(case, state="absent")


def _leaves(tree: t.Any, path: str = "") -> t.Iterator[tuple[str, t.Any]]:
    rows = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if rows is None:
        yield path, tree
        return
    for key, value in rows:
        yield from _leaves(value, f"{path}.{key}" if path else str(key))


def test_a_list_without_a_spec(watched: Watched) -> None:
    """aml_preflight_info takes what the modules take, as plain mappings."""
    entries = [
        {"name": "target-a", "type": "amlcompute", "size": "Standard_DS3_v2", "ssh_settings": {"admin_username": "a", "admin_password": secret("List")}},
        {"name": "target-b", "type": "virtualmachine", "ssh_settings": {"ssh_private_key": pem("ListKey"), "ssh_private_key_file": "/home/me/.ssh/id"}},
        {"name": "target-c", "type": "databricks", "access_token": {"wrong": secret("ListToken")}, "min_instances": secret("ListToken")},
    ]
    done = watched.run(Case("aml_preflight_info", {"computes": entries}, "", [], {}))
    assert done["invocation"]["module_args"]["computes"][1]["ssh_settings"]["ssh_private_key_file"] == "/home/me/.ssh/id"


def test_a_short_value_is_hidden_as_ansible_hides_it(watched: Watched) -> None:
    """In its one spelling; it does not take its escaped or encoded form along, which may be any other word."""
    body = {"properties": {"pin": "a b", "count": 7, "on": True, "nothing": None, "empty": ""}}
    options = {"type": "Microsoft.Storage/storageAccounts", "name": "account", "api_version": "2023-01-01", "secret_body": body, "tags": {"x": "a+b"}}
    options["body"] = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    done = watched.run(Case(RESOURCE, options, "", [], {}))
    assert done["resource"]["tags"] == {"x": "a+b"} and done["resource"]["name"] == "account" and done["changed"] is True
    assert _redact.spellings("a b") == {"a b"} and _redact.in_options({"b": {"type": "dict", "no_log": True}}, {"b": body}) == {"a b", "7"}
