# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secret is planted where, and where it is looked for: a new option that holds a secret fails here until it is in the table.

A place is an option with ``no_log``, one that names a file which is read, one that takes mappings without a spec, a definition, a variable of the
environment, or an answer of the service. Every case of ``planted`` goes through all tests of its file, and after each run all of
``Watched.CHANNELS`` are searched; ``CHANNELS`` below says who looks where that cannot.
"""

from __future__ import annotations

import ast
import importlib
import re
import typing as t
from pathlib import Path
from unittest import mock

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._auth import credentials
from ansible_collections.azureml.compute.plugins.module_utils._auth import options as _options
from ansible_collections.azureml.compute.plugins.module_utils._module import entry
from ansible_collections.azureml.compute.plugins.module_utils._options.kind_specs import FLEET_SPECS, KIND_SPECS
from ansible_collections.azureml.compute.tests.support.planted import CASES, FLEETS, Watched

from .test_secrets_sign_in import SIGN_INS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections.azureml.compute.plugins.modules."
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("a*.py"))
CLUSTER, INSTANCE, ATTACHED, AKS = (
    "aml_compute_cluster",
    "aml_compute_instance",
    "aml_attached_compute",
    "aml_inference_cluster",
)

# All that is attached has one spec.
ATTACHABLE = [kind for kind in KIND_SPECS if kind not in ("amlcompute", "computeinstance", "aks")]
OF_ATTACHED: dict[str, tuple[str, ...]] = {
    "ssh_settings.admin_password": ("fleet ssh-password",),
    "ssh_settings.ssh_private_key": ("fleet ssh-key",),
    "ssh_settings.ssh_private_key_file": ("fleet ssh-key-file",),
    "access_token": ("fleet databricks",),
}

OF_CONNECTIONS: dict[str, tuple[str, ...]] = {
    "credentials.account_key": ("connection-account-key",),
    "credentials.client_secret": ("connection-oauth2",),
    "credentials.developer_token": ("connection-oauth2",),
    "credentials.key": ("connection-api-key",),
    "credentials.keys": ("connection-custom-keys",),
    "credentials.password": ("connection-password", "connection-oauth2"),
    "credentials.pat": ("connection-pat",),
    "credentials.refresh_token": ("connection-oauth2",),
    "credentials.sas_token": ("connection-sas",),
    "credentials.secret_access_key": ("connection-access-key",),
    "credentials.security_token": ("connection-password",),
}

# Place: the cases in which it holds a planted secret. Options of sign-in are those of all modules.
PLACES: dict[tuple[str, str], tuple[str, ...]] = {
    (CLUSTER, "ssh_settings.admin_password"): ("cluster",),
    (CLUSTER, "definition"): ("definition-text",),
    (INSTANCE, "definition"): ("environment-variables",),
    (INSTANCE, "custom_applications.environment_variables"): ("environment-variables",),
    (ATTACHED, "ssh_settings.admin_password"): ("ssh-password",),
    (ATTACHED, "ssh_settings.ssh_private_key"): ("ssh-key",),
    (ATTACHED, "ssh_settings.ssh_private_key_file"): ("ssh-key-file",),
    (ATTACHED, "access_token"): ("databricks",),
    (ATTACHED, "definition"): ("definition-mapping",),
    (AKS, "ssl.key"): ("tls-key",),
    (AKS, "ssl.key_file"): ("tls-key-file",),
    ("aml_kubernetes_extension", "ssl.key"): ("extension-key",),
    ("aml_kubernetes_extension", "ssl.key_file"): ("extension-key-file",),
    ("aml_kubernetes_extension", "configuration_protected_settings"): ("protected-settings",),
    ("aml_connection", "definition"): ("connection-definition",),
    **{("aml_connection", path): cases for path, cases in OF_CONNECTIONS.items()},
    ("aml_batch_deployment", "settings.environment_variables"): ("batch-deployment-variables",),
    ("aml_batch_deployment", "definition"): ("batch-deployment-definition",),
    ("aml_online_deployment", "environment_variables"): ("deployment-variables",),
    ("aml_online_deployment", "definition"): ("deployment-definition",),
    ("aml_datastore", "credentials.account_key"): ("account-key",),
    ("aml_datastore", "credentials.sas_token"): ("sas-token",),
    ("aml_datastore", "credentials.client_secret"): ("client-secret",),
    ("aml_datastore", "credentials.certificate"): ("datastore-certificate",),
    ("aml_datastore", "definition"): ("datastore-definition",),
    ("arm_action", "secret_body"): (
        "tests/functional/test_arm_action.py::test_secrets_of_the_body_are_sent_and_not_shown",
    ),
    ("arm_resource", "secret_body"): ("secret-body", "secret-body-text"),
    ("aml_fleet", "workspaces"): ("fleet cluster", "fleet workspace-defaults"),
    ("aml_fleet", "defaults"): ("fleet defaults",),
    ("aml_fleet", "folder"): ("fleet folder",),
    ("aml_fleet", "plan_file"): ("fleet plan-file",),
    ("aml_fleet", "table_file"): ("fleet plan-file",),
    ("aml_fleet_info", "workspaces"): ("tests/functional/test_secrets_fleet.py::test_a_fleet_that_is_only_looked_at",),
    ("aml_fleet_info", "folder"): ("tests/functional/test_secrets_fleet.py::test_a_fleet_that_is_only_looked_at",),
    ("aml_preflight_info", "computes"): ("tests/functional/test_secrets.py::test_a_list_without_a_spec",),
    ("sign-in", "secret"): ("sign-in secret",),
    ("sign-in", "password"): ("sign-in password",),
    ("sign-in", "oidc_token"): ("sign-in token",),
    ("sign-in", "oidc_token_file_path"): ("sign-in token-file",),
    ("sign-in", "x509_certificate_path"): ("sign-in certificate-password",),
    ("sign-in", "profile"): ("sign-in credential-file",),
    ("environment", "AZURE_SECRET"): ("sign-in secret-of-the-environment",),
    ("environment", "AZURE_PASSWORD"): ("sign-in password-of-the-environment",),
    ("environment", "AZURE_FEDERATED_TOKEN"): ("sign-in token-of-the-environment",),
    ("environment", "AZURE_CLIENT_CERTIFICATE_PASSWORD"): ("sign-in certificate-password",),
    # What a kind takes in a fleet, where nothing has a spec.
    ("kind amlcompute", "ssh_settings.admin_password"): ("fleet cluster",),
    ("kind computeinstance", "custom_applications.environment_variables"): ("fleet environment-variables",),
    ("kind batch_deployment", "settings.environment_variables"): ("fleet batch-deployment-variables",),
    ("kind online_deployment", "environment_variables"): ("fleet deployment-variables",),
    ("kind aks", "ssl.key"): ("fleet tls-key",),
    ("kind aks", "ssl.key_file"): ("fleet tls-key-file",),
    ("kind datastore", "credentials.account_key"): ("fleet account-key",),
    ("kind datastore", "credentials.sas_token"): ("fleet sas-token",),
    ("kind datastore", "credentials.client_secret"): ("fleet client-secret",),
    ("kind datastore", "credentials.certificate"): ("fleet datastore-certificate",),
    **{("kind connection", path): tuple(f"fleet {case}" for case in cases) for path, cases in OF_CONNECTIONS.items()},
    **{(f"kind {item}", path): cases for item in ATTACHABLE for path, cases in OF_ATTACHED.items()},
    # What the service says.
    ("service", "errors and operations that say a secret back"): (
        "tests/functional/test_secrets.py::test_a_refusal_that_says_the_secret_back",
    ),
    ("service", "a token"): ("tests/functional/test_secrets_sign_in.py::test_a_token_that_the_service_says_back",),
    ("service", "signatures of addresses"): ("tests/functional/test_secrets_sign_in.py::test_signatures_of_addresses",),
    ("service", "queries of addresses"): (
        "tests/functional/test_secrets_addresses.py::test_an_address_that_the_service_returns",
    ),
    ("service", "answers of actions"): (
        "tests/functional/test_arm_action.py::test_without_a_condition_it_is_taken_in_every_run",
    ),
    ("service", "variables of custom applications"): (
        "tests/functional/test_secrets_fleet.py::test_what_others_declared_is_shown_by_no_module",
    ),
}

# What is no secret though its name may look like it, and why.
PUBLIC = {
    ("aml_kubernetes_extension", "ssl.cert_file"): "a certificate is public",
    (AKS, "ssl.cert_file"): "a certificate is public",
    ("kind aks", "ssl.cert_file"): "a certificate is public",
    ("aml_workspace", "definition"): "the CLI's schema of workspaces has no secret",
    ("aml_registry", "definition"): "the CLI's schema of registries has no secret",
    ("aml_online_endpoint", "definition"): "the CLI's schema of online endpoints has no secret",
    ("aml_batch_endpoint", "definition"): "the CLI's schema of batch endpoints has no secret",
}

# What a run of a module in this process does not have: the test that looks there.
CHANNELS = {
    "ansible-playbook -vvvv, its log file, command lines and temporary files": "tests/integration/test_secrets.py::test_check_mode_success_and_no_change",
    "failures in the same": "tests/integration/test_secrets.py::test_failures_whose_text_holds_the_secret",
    "stderr of libraries": "tests/integration/test_secrets.py::test_a_refused_sign_in",
    "traceback": "tests/functional/test_secrets.py::test_what_nobody_foresaw",
    "warnings": "tests/functional/test_secrets.py::test_warnings",
    "inventory: errors": "tests/unit/plugins/on_controller_inventory.py::test_an_error_leaves_no_hosts_and_shows_no_secrets",
    "inventory: cache and hosts": "tests/unit/plugins/on_controller_inventory.py::test_the_cache_holds_no_secret",
    "export files, drift, facts": "tests/functional/test_secrets_fleet.py::test_what_others_declared_is_shown_by_no_module",
    "files of the simulator": "tests/integration/test_secrets.py::test_files_of_the_simulator_are_its_owners_alone",
}


def arguments_of(name: str) -> dict[str, t.Any]:
    """What the module gives to AnsibleModule, and what is taken as mappings without a spec."""
    module = importlib.import_module(PACKAGE + name)
    with mock.patch.object(entry, "RawModule", side_effect=SystemExit) as made, pytest.raises(SystemExit):
        module.main()
    return dict(made.call_args.kwargs)


def secret_options(spec: t.Mapping[str, t.Any], above: str = "") -> t.Iterator[str]:
    """The options that hold a secret, or name a file that is read for one."""
    for name, row in spec.items():
        path = f"{above}{name}"
        if (
            row.get("no_log")
            or (row.get("type") == "path" and name.endswith("_file"))
            or name == "environment_variables"
        ):
            yield path
        yield from secret_options(row.get("options") or {}, f"{path}.")


def places() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name in MODULES:
        given = arguments_of(name)
        own = {key: row for key, row in given["argument_spec"].items() if key not in _options.AUTH_SPEC}
        found |= {(name, path) for path in secret_options(own)}
        found |= {(name, option) for option in given["free_form"]}
        found |= {(name, "definition")} if given["definition_kinds"] else set()
        found |= {(name, "folder")} if "folder" in own else set()
    found |= {(f"kind {kind}", path) for kind, spec in FLEET_SPECS.items() for path in secret_options(spec)}
    sign_in = {name for name, row in _options.AUTH_SPEC.items() if row.get("no_log") or row.get("type") == "path"}
    found |= {("sign-in", name) for name in (*sign_in, "profile")}
    return found | {("environment", _options.ENVIRONMENT[name][0]) for name in credentials._SECRETS}


def test_every_place_where_a_secret_can_stand_is_in_the_table() -> None:
    named = {place for place in PLACES if place[0] != "service"} | set(PUBLIC)
    assert places() - named == set(), "planted nowhere: add a case to planted.py"
    assert named - places() == set(), "there is no such option any more"


def test_every_row_of_the_table_is_tested() -> None:
    cases = {*CASES, *(f"fleet {name}" for name in FLEETS), *(f"sign-in {name}" for name in SIGN_INS)}
    named = [item for row in PLACES.values() for item in row] + list(CHANNELS.values())
    tests = [name for name in named if "::" in name]
    assert [name for name in named if "::" not in name and name not in cases] == []
    assert cases - set(named) == set(), "a case that stands for no place"
    for test in tests:
        assert exists(test), test
    assert len(set(Watched.CHANNELS)) == 8


def exists(test: str) -> bool:
    file, _colons, name = test.partition("::")
    path = ROOT / file
    if not path.is_file() or not name:
        return path.is_file()
    return name in {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_no_module_asks_for_keys_that_it_would_have_to_hide() -> None:
    """One module shows keys of endpoints, in tasks with ``no_log`` alone: tests/functional/test_online_endpoint.py."""
    asked = [
        path.name
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if _is_listing(node)
    ]
    assert asked == ["aml_online_endpoint_info.py"]


def _is_listing(node: ast.AST) -> bool:
    """A piece of an address that ends in an action which answers with secrets."""
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return " " not in text and text.rstrip("/").casefold().endswith(
        ("listkeys", "listsecrets", "listclusteradmincredential", "listaccountsas")
    )


def test_no_loop_of_a_role_or_playbook_has_a_secret_in_its_items() -> None:
    """Ansible prints the items of a loop at -v, those of a failure always, and registers them: ``no_log`` of a module's option does not reach that far."""
    options = {path.split(".")[0] for _place, path in PLACES if _place not in ("sign-in", "environment", "service")} | {
        "content"
    }
    passing = re.compile(rf"^\s*({'|'.join(sorted(options))}):.*\bitem\.")
    files = [path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml")]
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in path.read_text().splitlines()
        if passing.match(line)
    ]
    # It writes what modules returned, which has no secret.
    written = "playbooks/tasks/drift_files.yml: content"
    assert len(files) > 30 and [item for item in found if not item.startswith(written)] == []
