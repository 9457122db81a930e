# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets to plant in modules' options, and a watch over all that a module prints and logs.

Each secret has a marker of letters and digits, which no escaping changes: a piece of a secret in any spelling is found.
"""

from __future__ import annotations

import base64
import html
import json
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.azureml.compute.plugins.module_utils._core.events import VARIABLE
from ansible_collections.azureml.compute.tests.support import azure as harness
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, Azure
from ansible_collections.azureml.compute.tests.support.declarations import KEY as PUBLIC_KEY

Options = dict[str, t.Any]
CLUSTER, INSTANCE, ATTACHED, AKS, RESOURCE = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_attached_compute",
    "aml_inference_cluster",
    "arm_resource",
)
CONNECTION, DATASTORE, DEPLOYMENT = "aml_connection", "aml_datastore", "aml_online_deployment"
BATCH_DEPLOYMENT = "aml_batch_deployment"
TENANT = "aaaaaaaa-0000-4000-8000-00000000000a"
MARK = "zQ7Planted"
# The file to which a fleet writes its plan, beside that of the progress.
PLAN = "plan.json"


def secret(name: str) -> str:
    """A password that every escaping changes."""
    return f'{MARK}{name}9x" & <ü> 100%\\{MARK}{name}8y/+='


def pem(name: str) -> str:
    """A private key in the form of one; each of its lines is secret."""
    lines = "\n".join(f"{MARK}{name}Line{number}MIIEpAIBAAKCAQEA/+=" for number in range(3))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n"


# What a task says to whoever asks for everything: --diff, -vvvv, and ANSIBLE_DISPLAY_TRACEBACK=error.
ALL_OUTPUT: dict[str, t.Any] = {"_ansible_diff": True, "_ansible_verbosity": 4, "_ansible_tracebacks_for": ["error"]}


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
    pools = [{"name": "agentpool", "count": 3, "vmSize": "Standard_D4s_v3", "mode": "System"}]
    properties = {
        "virtualmachine": {"hardwareProfile": {"vmSize": "Standard_D4s_v3"}},
        "aks": {"dnsPrefix": "aks", "agentPoolProfiles": pools},
    }
    return azure.resource(types[kind][0], f"target-{kind}", {"properties": properties.get(kind, {})}, types[kind][1])


def _cluster(azure: Azure, folder: Path) -> Case:
    word = secret("ClusterPassword")
    settings = {"admin_username": "azureuser", "admin_password": word, "ssh_key_value": PUBLIC_KEY}
    options = {"name": "target-a", "size": "Standard_D4s_v3", "max_instances": 1, "ssh_settings": settings}
    return Case(CLUSTER, options, "computes/target-a", [word], {"min_instances": 9})


def _definition(azure: Azure, folder: Path) -> Case:
    word = secret("DefinitionPassword")
    text = f"""
name: target-a
type: amlcompute
size: Standard_D4s_v3
max_instances: 1
ssh_settings:
  admin_username: azureuser
  admin_password: {json.dumps(word)}
"""
    return Case(CLUSTER, {"definition": text}, "computes/target-a", [word], {"min_instances": 9})


def _definition_mapping(azure: Azure, folder: Path) -> Case:
    word = secret("MappingPassword")
    settings = {"admin_username": "azureuser", "admin_password": word, "ssh_port": 22}
    definition = {
        "name": "target-a",
        "type": "virtualmachine",
        "resource_id": _target(azure, "virtualmachine"),
        "ssh_settings": settings,
    }
    return Case(ATTACHED, {"definition": definition}, "computes/target-a", [word], {"name": "a-name-!"})


def _environment_variables(azure: Azure, folder: Path) -> Case:
    word = secret("License")
    application = {
        "name": "app",
        "image": {"reference": "rocker/rstudio:latest"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": {"APP_PASSWORD": word, "ROOT": "true"},
    }
    options = {"name": "target-a", "size": "Standard_D4s_v3", "custom_applications": [application]}
    return Case(INSTANCE, options, "computes/target-a", [word], {"name": "1"})


def _machine(azure: Azure, folder: Path, **settings: t.Any) -> Options:
    return {
        "name": "target-a",
        "type": "virtualmachine",
        "resource_id": _target(azure, "virtualmachine"),
        "ssh_settings": settings,
    }


def _ssh_password(azure: Azure, folder: Path) -> Case:
    word = secret("MachinePassword")
    return Case(
        ATTACHED,
        _machine(azure, folder, admin_username="me", admin_password=word),
        "computes/target-a",
        [word],
        {"name": "a-name-!"},
    )


def _ssh_key(azure: Azure, folder: Path) -> Case:
    key = pem("MachineKey")
    return Case(
        ATTACHED,
        _machine(azure, folder, admin_username="me", ssh_private_key=key),
        "computes/target-a",
        [key],
        {"name": "a-name-!"},
    )


def _ssh_key_file(azure: Azure, folder: Path) -> Case:
    key = pem("MachineKeyFile")
    (folder / "id").write_text(key)
    options = _machine(azure, folder, admin_username="me", ssh_private_key_file=str(folder / "id"))
    return Case(ATTACHED, options, "computes/target-a", [key], {"name": "a-name-!"})


def _databricks(azure: Azure, folder: Path) -> Case:
    word = secret("DatabricksToken")
    options = {
        "name": "target-a",
        "type": "databricks",
        "resource_id": _target(azure, "databricks"),
        "access_token": word,
    }
    return Case(ATTACHED, options, "computes/target-a", [word], {"name": "a-name-!"})


def _tls(azure: Azure, folder: Path, **key: str) -> Options:
    ssl = {
        "cert": "-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n",
        "cname": "scoring.example.org",
        **key,
    }
    return {"name": "target-a", "resource_id": _target(azure, "aks"), "cluster_purpose": "fast_prod", "ssl": ssl}


def _tls_key(azure: Azure, folder: Path) -> Case:
    return Case(AKS, _tls(azure, folder, key=pem("TlsKey")), "computes/target-a", [pem("TlsKey")], {"name": "1"})


def _tls_key_file(azure: Azure, folder: Path) -> Case:
    (folder / "key").write_text(pem("TlsKeyFile"))
    return Case(
        AKS, _tls(azure, folder, key_file=str(folder / "key")), "computes/target-a", [pem("TlsKeyFile")], {"name": "1"}
    )


def _extension(azure: Azure, ssl: Options, *secrets: str, **more: t.Any) -> Case:
    certificate = {"cname": "a.example.org", "cert": "-----BEGIN CERTIFICATE-----\ncert\n-----END CERTIFICATE-----\n"}
    options = {"cluster_id": _target(azure, "aks"), "name": "azureml", "enable_training": True, **more}
    if ssl:
        options["ssl"] = {**certificate, **ssl}
    return Case("aml_kubernetes_extension", options, "extensions/azureml", list(secrets), {"cluster_id": "nonsense"})


def _extension_key(azure: Azure, folder: Path) -> Case:
    return _extension(azure, {"key": pem("ExtensionKey")}, pem("ExtensionKey"))


def _extension_key_file(azure: Azure, folder: Path) -> Case:
    (folder / "key").write_text(pem("ExtensionKeyFile"))
    return _extension(azure, {"key_file": str(folder / "key")}, pem("ExtensionKeyFile"))


def _protected_settings(azure: Azure, folder: Path) -> Case:
    text = secret("ProtectedSetting")
    return _extension(azure, {}, text, configuration_protected_settings={"relayserver.relayConnectionString": text})


def _resource(folder: Path, body: t.Any, *secrets: str) -> Case:
    options = {
        "type": "Microsoft.Storage/storageAccounts",
        "name": "targeta",
        "api_version": "2023-01-01",
        "secret_body": body,
    }
    options["body"] = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    return Case(
        RESOURCE, options, "storageAccounts/targeta", list(secrets), {"id": "nonsense", "type": None, "name": None}
    )


def _secret_body(azure: Azure, folder: Path) -> Case:
    one, two = secret("BodyOne"), secret("BodyTwo")
    return _resource(
        folder, {"properties": {"adminPassword": one, "profiles": [{"nested": {"connectionString": two}}]}}, one, two
    )


def _secret_body_text(azure: Azure, folder: Path) -> Case:
    word = secret("BodyText")
    return _resource(folder, json.dumps({"properties": {"adminPassword": word}}), word)


def _datastore(type_: str, **credentials: str) -> Case:
    storage = {
        "azure_blob": {"account_name": "stdata", "container_name": "training"},
        "azure_data_lake_gen2": {"account_name": "stdata", "filesystem": "raw"},
    }
    options = {"name": "target-a", "type": type_, **storage[type_], "credentials": credentials}
    secrets = [value for value in credentials.values() if MARK in value]
    return Case(DATASTORE, options, "datastores/target-a", secrets, {"account_name": "Not An Account"})


def _account_key(azure: Azure, folder: Path) -> Case:
    return _datastore("azure_blob", account_key=secret("AccountKey"))


def _sas_token(azure: Azure, folder: Path) -> Case:
    return _datastore("azure_blob", sas_token=secret("SasToken"))


def _client_secret(azure: Azure, folder: Path) -> Case:
    return _datastore("azure_data_lake_gen2", tenant_id=TENANT, client_id=TENANT, client_secret=secret("ClientSecret"))


def _datastore_certificate(azure: Azure, folder: Path) -> Case:
    return _datastore(
        "azure_data_lake_gen2",
        tenant_id=TENANT,
        client_id=TENANT,
        certificate=pem("DatastoreCertificate"),
        thumbprint="AB12",
    )


def _datastore_definition(azure: Azure, folder: Path) -> Case:
    case = _datastore(
        "azure_data_lake_gen2", tenant_id=TENANT, client_id=TENANT, client_secret=secret("ClientSecretInYaml")
    )
    return replace(case, options={"definition": json.dumps(case.options)})


def _connection(type_: str, *secrets: str, **public: str) -> t.Callable[[Azure, Path], Case]:
    """A connection with credentials of one type, each of whose secrets is planted."""

    def made(azure: Azure, folder: Path) -> Case:
        planted = {name: secret("".join(part.title() for part in name.split("_"))) for name in secrets}
        credentials: Options = {"type": type_, **public, **planted}
        if "keys" in planted:
            credentials["keys"] = {"one": planted["keys"]}
        options = {"name": "target-a", "type": "git", "target": "https://git.example.org", "credentials": credentials}
        return Case(CONNECTION, options, "connections/target-a", list(planted.values()), {"target": " "})

    return made


def _deployment(azure: Azure, folder: Path) -> Case:
    azure.run("aml_online_endpoint", name="iris-prod")
    word = secret("VariableOfADeployment")
    options = {
        "endpoint_name": "iris-prod",
        "name": "target-a",
        "model": "azureml:iris:3",
        "instance_type": "Standard_D4s_v3",
        "instance_count": 1,
        "environment_variables": {"ANY_NAME": word},
    }
    return Case(DEPLOYMENT, options, "onlineEndpoints/iris-prod/deployments/target-a", [word], {"instance_count": 0})


def _batch_deployment(azure: Azure, folder: Path) -> Case:
    azure.run("aml_compute_cluster", name="cpu", size="Standard_DS3_v2", max_instances=1)
    azure.run("aml_batch_endpoint", name="iris-batch")
    word = secret("VariableOfABatchDeployment")
    options = {
        "endpoint_name": "iris-batch",
        "name": "target-a",
        "model": "azureml:iris:3",
        "compute": "cpu",
        "settings": {"environment_variables": {"ANY_NAME": word}},
    }
    wrong = {"resources": {"instance_count": 0}}
    return Case(BATCH_DEPLOYMENT, options, "batchEndpoints/iris-batch/deployments/target-a", [word], wrong)


def _batch_deployment_definition(azure: Azure, folder: Path) -> Case:
    case = _batch_deployment(azure, folder)
    return replace(case, options={"definition": json.dumps({"type": "model", **case.options})})


def _deployment_definition(azure: Azure, folder: Path) -> Case:
    case = _deployment(azure, folder)
    return replace(case, options={"definition": json.dumps(case.options)})


def _connection_definition(azure: Azure, folder: Path) -> Case:
    """A field of the CLI that is no option of the module."""
    key = secret("ApiKeyInYaml")
    definition = {"name": "target-a", "type": "api_key", "api_base": "https://api.example.org", "api_key": key}
    return Case(CONNECTION, {"definition": json.dumps(definition)}, "connections/target-a", [key], {"target": " "})


CONNECTIONS = {
    "connection-access-key": _connection("access_key", "secret_access_key", access_key_id="an-id"),
    "connection-account-key": _connection("account_key", "account_key"),
    "connection-api-key": _connection("api_key", "key"),
    "connection-custom-keys": _connection("custom_keys", "keys"),
    "connection-oauth2": _connection(
        "oauth2", "client_secret", "password", "refresh_token", "developer_token", client_id=TENANT, username="me"
    ),
    "connection-pat": _connection("pat", "pat"),
    "connection-password": _connection("username_password", "password", "security_token", username="me"),
    "connection-sas": _connection("sas", "sas_token"),
}

# --- the same in a fleet, where nothing has a spec ---

TYPES = {CLUSTER: "amlcompute", INSTANCE: "computeinstance", AKS: "aks"}
OTHER_LISTS = {
    CONNECTION: "connections",
    DATASTORE: "datastores",
    DEPLOYMENT: "online_deployments",
    BATCH_DEPLOYMENT: "batch_deployments",
}


def _in_fleet(name: str) -> t.Callable[[Azure, Path], Case]:
    def made(azure: Azure, folder: Path) -> Case:
        case = CASES[name](azure, folder)
        of_computes = {"computes": [{"type": TYPES.get(case.module), **case.options}]}
        targets = {OTHER_LISTS[case.module]: [case.options]} if case.module in OTHER_LISTS else of_computes
        fleet = {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, **targets}]}
        return Case("aml_fleet", fleet, case.path, case.secrets, {"max_monthly_cost": -1})

    return made


def _fleet_defaults(azure: Azure, folder: Path) -> Case:
    word = secret("FleetDefaults")
    defaults = {"amlcompute": {"ssh_settings": {"admin_username": "azureuser", "admin_password": word}}}
    computes = [{"type": "amlcompute", "name": "target-a", "size": "Standard_D4s_v3", "max_instances": 1}]
    fleet = {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP, "computes": computes}], "defaults": defaults}
    return Case("aml_fleet", fleet, "computes/target-a", [word], {"max_monthly_cost": -1})


def _fleet_workspace_defaults(azure: Azure, folder: Path) -> Case:
    case = _fleet_defaults(azure, folder)
    case.options["workspaces"][0]["defaults"] = case.options.pop("defaults")
    return case


def _fleet_folder(azure: Azure, folder: Path) -> Case:
    case = _definition(azure, folder)
    place = folder / "fleet" / GROUP / WORKSPACE
    place.mkdir(parents=True)
    (place / "target-a.yml").write_text(case.options["definition"])
    return Case("aml_fleet", {"folder": str(folder / "fleet")}, case.path, case.secrets, {"max_monthly_cost": -1})


def _fleet_plan_file(azure: Azure, folder: Path) -> Case:
    case = _in_fleet("environment-variables")(azure, folder)
    report = str(folder / "report")
    files = {"plan_file": str(folder / PLAN), "report_folder": report, "table_file": f"{report}.txt"}
    return replace(case, options={**case.options, **files})


_SINGLE = (
    "cluster",
    "environment-variables",
    "ssh-password",
    "ssh-key",
    "ssh-key-file",
    "databricks",
    "tls-key",
    "tls-key-file",
    "account-key",
    "sas-token",
    "client-secret",
    "datastore-certificate",
    "deployment-variables",
    "batch-deployment-variables",
    *CONNECTIONS,
)
FLEETS: dict[str, t.Callable[[Azure, Path], Case]] = {
    **{name: _in_fleet(name) for name in _SINGLE},
    "defaults": _fleet_defaults,
    "workspace-defaults": _fleet_workspace_defaults,
    "folder": _fleet_folder,
    "plan-file": _fleet_plan_file,
}


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
    "extension-key": _extension_key,
    "extension-key-file": _extension_key_file,
    "protected-settings": _protected_settings,
    "account-key": _account_key,
    "sas-token": _sas_token,
    "client-secret": _client_secret,
    "datastore-certificate": _datastore_certificate,
    "datastore-definition": _datastore_definition,
    **CONNECTIONS,
    "connection-definition": _connection_definition,
    "batch-deployment-variables": _batch_deployment,
    "batch-deployment-definition": _batch_deployment_definition,
    "deployment-variables": _deployment,
    "deployment-definition": _deployment_definition,
    "secret-body": _secret_body,
    "secret-body-text": _secret_body_text,
}


class Watched:
    """The modules, with all that leaves them. ``CHANNELS`` names what is looked at after every run of every case."""

    CHANNELS = (
        "result",
        "system's log",
        "stdout",
        "stderr",
        "progress file",
        "plan file",
        "simulator's request log",
        "simulator's state",
    )

    def __init__(self, azure: Azure, logged: list[str], capsys: pytest.CaptureFixture[str], progress: Path) -> None:
        self.azure, self.logged, self.capsys, self.progress = azure, logged, capsys, progress
        self.plan = progress.with_name(PLAN)

    def run(self, case: Case, *, ok: bool | None = True, check: bool = False, **options: t.Any) -> Options:
        self.logged.clear()
        self.progress.write_text("")
        try:
            done = self.azure.run(case.module, ok=ok, check=check, **ALL_OUTPUT, **{**case.options, **options})
        finally:
            self.clean()
        assert self.logged, "the system's log must be watched"
        return done

    def clean(self) -> None:
        streams, state = self.capsys.readouterr(), _without_errors(self.azure.app.call("GET", "/_simulator/state").body)
        requests = json.dumps(self.azure.app.log.entries())
        found = (
            self.azure.text,
            "\n".join(self.logged),
            streams.out,
            streams.err,
            self.progress.read_text(),
            self.plan.read_text() if self.plan.exists() else "",
            requests,
            json.dumps(state),
        )
        for where, text in zip(self.CHANNELS, found, strict=True):
            at = text.find(MARK)
            assert at < 0, f"{where}: ...{text[max(0, at - 200) : at + 60]}..."
            assert harness.SECRET not in text, where


# Where a document has the errors of its resource: of all kinds, of an extension, and of compute targets, whose own properties are one level deeper.
_ERRORS = ("provisioningErrors", "errorInfo", "statuses", "properties.provisioningErrors", "properties.errors")


def _without_errors(state: t.Any) -> t.Any:
    """The simulator's state without the errors that a test ordered with a secret in them."""
    copied = json.loads(json.dumps(state))
    for row in copied["resources"]:
        for place in _ERRORS:
            *above, name = ("properties", *place.split("."))
            inside = row["document"]
            for key in above:
                inside = inside.get(key) if isinstance(inside, dict) else None
            if isinstance(inside, dict):
                inside.pop(name, None)
    return copied


def watch(azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> Watched:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda self, msg, log_args=None: logged.append(f"{msg} {log_args}"))
    progress = folder / "progress"
    progress.touch()
    monkeypatch.setenv(VARIABLE, str(progress))
    return Watched(azure, logged, capsys, progress)


def echo(secrets: list[str]) -> str:
    """A service's message with the secrets, as texts of services have them: as they are, in JSON, in an address, in a page, in base64."""
    spellings: list[str] = []
    for secret in secrets:
        spellings += [
            secret,
            secret.strip(),
            " ".join(secret.split()),
            json.dumps(secret),
            json.dumps(secret, ensure_ascii=False),
            json.dumps({"inner": json.dumps(secret)}),
        ]
        spellings += [
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            html.escape(secret),
            repr(secret),
            base64.b64encode(secret.encode()).decode(),
        ]
    return "Refused: " + " | ".join(spellings)
