# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in no output: planted wherever a module takes one, and looked for in all that it prints and logs, however it ends.

What the service says back is ordered from the simulator (faults). And the opposite: what is no secret is not censored.
"""

from __future__ import annotations

import base64
import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils._internal import _traceback
from ansible_collections.azureml.compute.plugins.module_utils._core import redact
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError
from ansible_collections.azureml.compute.plugins.module_utils._engine import remote
from ansible_collections.azureml.compute.tests.support import azure as harness
from ansible_collections.azureml.compute.tests.support.azure import Azure
from ansible_collections.azureml.compute.tests.support.planted import (
    CASES,
    CLUSTER,
    CONNECTION,
    DATASTORE,
    INSTANCE,
    MARK,
    PUBLIC_KEY,
    RESOURCE,
    TENANT,
    Case,
    Watched,
    echo,
    pem,
    secret,
    watch,
)


@pytest.fixture
def watched(
    azure: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Watched:
    return watch(azure, monkeypatch, capsys, tmp_path)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, azure: Azure, tmp_path: Path) -> Case:
    return CASES[request.param](azure, tmp_path)


def _as_sent(case: Case, secret: str) -> str:
    """The spelling of a secret in the body of a request: an extension's certificates and keys are base64."""
    is_pem = secret.startswith("-----BEGIN ")
    if is_pem and case.module == "aml_kubernetes_extension":
        return base64.b64encode(secret.encode()).decode()
    return json.dumps(secret.strip())[1:-1]


def test_success_check_mode_and_no_change(watched: Watched, case: Case) -> None:
    planned = watched.run(case, check=True)
    assert planned["changed"]
    done = watched.run(case)
    sent = json.dumps([write.body for write in watched.azure.writes])
    assert done["changed"] and [secret for secret in case.secrets if _as_sent(case, secret) not in sent] == []
    assert watched.run(case)["changed"] is False
    assert watched.run(case, state="absent")["changed"]


def test_a_refused_rule(watched: Watched, case: Case) -> None:
    assert watched.run(case, ok=False, **case.broken)["failure"]["code"] != "InternalError"
    assert watched.azure.sent == []


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_a_refusal_that_says_the_secret_back(watched: Watched, case: Case, status: int) -> None:
    message = echo(case.secrets)
    order = {
        "kind": "status",
        "status": status,
        "message": message,
        "code": "Refused",
        "match": {"method": "PUT", "path": case.path},
        "count": 99,
    }
    watched.azure.app.faults.put([order])
    failed = watched.run(case, ok=False)
    assert failed["failure"]["status"] == status and failed["failure"]["message"].startswith("Refused: ***")


def test_a_failed_operation_that_says_the_secret_back(watched: Watched, case: Case) -> None:
    message = echo(case.secrets)
    details = [{"code": "Inner", "message": message, "target": case.secrets[0]}]
    watched.azure.app.faults.put(
        [
            {
                "kind": "failed_operation",
                "message": message,
                "details": details,
                "match": {"path": case.path},
                "count": 99,
            }
        ]
    )
    failed = watched.run(case, ok=None)
    assert failed.get("failed") or case.module in (RESOURCE, CONNECTION, DATASTORE)
    # A second run looks at what failed.
    watched.azure.app.faults.put([])
    watched.run(case, ok=None)


def test_a_wait_that_ends_too_early(watched: Watched, case: Case) -> None:
    if case.module == RESOURCE:
        watched.azure.app.configure({"generic": {"retry_after": 5}})
    failed = watched.run(case, ok=None, wait_timeout=0)
    assert not failed.get("failed") or failed["failure"]["code"] in ("WaitTimeout", "NotApplied")


@pytest.mark.parametrize("raised", [RuntimeError, AmlError])
def test_what_nobody_foresaw(
    watched: Watched, case: Case, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the traceback, and as a user sees it who asks for tracebacks."""
    text = echo(case.secrets)

    def broken(*_ignored: t.Any) -> t.NoReturn:
        try:
            raise ValueError(text)
        except ValueError as error:
            raise raised(text) from error

    monkeypatch.setattr(remote.RemoteResource, "read", broken)
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
    plain = remote.RemoteResource.read

    def read(self: t.Any) -> t.Any:
        self.warnings.append(echo(case.secrets))
        return plain(self)

    monkeypatch.setattr(remote.RemoteResource, "read", read)
    assert any("Refused: ***" in text for text in watched.run(case)["warnings"])


def test_arguments_that_ansible_refuses(watched: Watched, case: Case) -> None:
    for wrong in ({"state": "nonsense"}, {"no_such_option": 1}):
        done = watched.run(case, ok=False, **wrong)
        assert (
            done["failure"]["code"] == "InvalidOption" and next(iter(wrong)) in done["msg"] and not watched.azure.sent
        )


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


def test_a_secret_in_a_part_of_the_definition_that_an_option_replaces(watched: Watched) -> None:
    word = secret("Replaced")
    application = {
        "name": "app",
        "image": {"reference": "x"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": {"API_KEY": word},
    }
    definition = {
        "name": "target-a",
        "type": "computeinstance",
        "size": "Standard_DS3_v2",
        "custom_applications": [application],
    }
    done = watched.run(Case(INSTANCE, {"definition": definition, "custom_applications": []}, "", [], {}))
    assert done["invocation"]["module_args"]["definition"]["size"] == "Standard_DS3_v2"


def test_a_definition_that_breaks_the_loader(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    ml = pytest.importorskip("azure.ai.ml")

    def broken(source: t.Any) -> t.NoReturn:
        raise TypeError(source.read())

    monkeypatch.setattr(ml, "load_compute", broken)
    text = f"name: a\ntype: amlcompute\nssh_settings: {{admin_username: a, admin_password: {MARK}InDefinition2}}"
    failed = watched.run(Case(CLUSTER, {"definition": text}, "", [], {}), ok=False)
    assert (
        failed["failure"]["code"] == "InvalidDefinition"
        and "admin_username" in failed["msg"]
        and MARK not in watched.azure.text
    )


# --- what is no secret ---


def test_what_is_no_secret_is_shown(watched: Watched, azure: Azure, tmp_path: Path) -> None:
    for name in ("cluster", "ssh-key-file", "tls-key-file", "secret-body"):
        case = CASES[name](azure, tmp_path)
        done = watched.run(case)
        given = done["invocation"]["module_args"]
        assert (given["tenant"], given["client_id"], given["subscription_id"]) == (
            TENANT,
            "client",
            harness.SUBSCRIPTION,
        )
        assert done["auth"]["tenant"] == TENANT and done["auth"]["client_id"] == "client"
        hidden = {path for path, value in _leaves(given) if "VALUE_SPECIFIED" in str(value) or "***" in str(value)}
        expected = {
            "cluster": {"secret", "ssh_settings.admin_password"},
            "secret-body": {
                "secret",
                "secret_body.properties.adminPassword",
                "secret_body.properties.profiles.0.nested.connectionString",
            },
        }
        assert hidden == expected.get(name, {"secret"}), name
        rest = json.dumps({key: value for key, value in done.items() if key != "invocation"})
        # The simulator's storage account, unlike Azure's, tells what it was given.
        assert name == "secret-body" or ("VALUE_SPECIFIED" not in rest and "****" not in rest)
        if name == "cluster":
            assert (
                done["compute"]["ssh_settings"]["ssh_key_value"] == PUBLIC_KEY == given["ssh_settings"]["ssh_key_value"]
            )
        if name == "ssh-key-file":
            assert (
                given["ssh_settings"]["ssh_private_key_file"] == str(tmp_path / "id")
                and given["update_password"] == "on_create"
            )
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
        {
            "name": "target-a",
            "type": "amlcompute",
            "size": "Standard_DS3_v2",
            "ssh_settings": {"admin_username": "a", "admin_password": secret("List")},
        },
        {
            "name": "target-b",
            "type": "virtualmachine",
            "ssh_settings": {"ssh_private_key": pem("ListKey"), "ssh_private_key_file": "/home/me/.ssh/id"},
        },
        {
            "name": "target-c",
            "type": "databricks",
            "access_token": {"wrong": secret("ListToken")},
            "min_instances": secret("ListToken"),
        },
    ]
    done = watched.run(Case("aml_preflight_info", {"computes": entries}, "", [], {}))
    assert (
        done["invocation"]["module_args"]["computes"][1]["ssh_settings"]["ssh_private_key_file"] == "/home/me/.ssh/id"
    )


def test_a_short_value_is_hidden_as_ansible_hides_it(watched: Watched) -> None:
    """In its one spelling; it does not take its escaped or encoded form along, which may be any other word."""
    body = {"properties": {"pin": "a b", "count": 7, "on": True, "nothing": None, "empty": ""}}
    options = {
        "type": "Microsoft.Storage/storageAccounts",
        "name": "account",
        "api_version": "2023-01-01",
        "secret_body": body,
        "tags": {"x": "a+b"},
    }
    options["body"] = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
    done = watched.run(Case(RESOURCE, options, "", [], {}))
    assert (
        done["resource"]["tags"] == {"x": "a+b"} and done["resource"]["name"] == "account" and done["changed"] is True
    )
    assert redact.KNOWN.mask("a b 7") == "a b 7" and redact.in_options(
        {"b": {"type": "dict", "no_log": True}}, {"b": body}
    ) == {"a b", "7"}
