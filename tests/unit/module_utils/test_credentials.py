# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a credential comes from: azure.azcollection's order, complete or not, and never a secret in what is shown."""

from __future__ import annotations

import itertools
import json
import shlex
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.doc_fragments.auth import ModuleDocFragment
from ansible_collections.azureml.compute.plugins.module_utils._auth import sources
from ansible_collections.azureml.compute.plugins.module_utils._auth.options import AUTH_SPEC, CLIENT_SPEC, ENVIRONMENT
from ansible_collections.azureml.compute.plugins.module_utils._auth.sources import sign_in
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import CredentialError

SP = {"AZURE_CLIENT_ID": "id", "AZURE_SECRET": "s3cret-value", "AZURE_TENANT": "t", "AZURE_SUBSCRIPTION_ID": "sub"}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home and no az on the path."""
    return {"HOME": str(tmp_path), "PATH": str(tmp_path / "bin")}


def write_profile(home: dict[str, str], text: str) -> None:
    folder = Path(home["HOME"], ".azure")
    folder.mkdir(exist_ok=True)
    (folder / "credentials").write_text(text, encoding="utf-8")
    (folder / "credentials").chmod(0o600)


def install_az(home: dict[str, str], *subscriptions: dict[str, t.Any]) -> None:
    folder = Path(home["PATH"])
    folder.mkdir()
    (folder / "az").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "az").chmod(0o755)
    if subscriptions:
        profile = Path(home["HOME"], ".azure")
        profile.mkdir(exist_ok=True)
        (profile / "azureProfile.json").write_text(json.dumps({"subscriptions": subscriptions}), encoding="utf-8-sig")


def test_the_environment_as_awx_sets_it(home: dict[str, str]) -> None:
    signed_in = sign_in({}, {**home, **SP})
    assert signed_in.facts() == {
        "source": "environment (client secret)",
        "method": "client_secret",
        "tenant": "t",
        "client_id": "id",
    }
    assert signed_in.subscription_id == "sub"
    assert signed_in.secrets == ["s3cret-value"]
    assert "s3cret-value" not in repr(signed_in)


def test_awx_user_and_password(home: dict[str, str]) -> None:
    signed_in = sign_in({}, {**home, "AZURE_AD_USER": "u", "AZURE_PASSWORD": "p", "AZURE_SUBSCRIPTION_ID": "sub"})
    assert (signed_in.method, signed_in.tenant) == ("user_password", "organizations")
    assert signed_in.client_id == sources.PUBLIC_CLIENT_ID


@pytest.mark.parametrize(
    "names, method",
    [
        ({"AZURE_CLIENT_SECRET": "x"}, "client_secret"),
        ({"AZURE_CLIENT_CERTIFICATE_PATH": "/c.pem"}, "certificate"),
        ({"AZURE_X509_CERTIFICATE_PATH": "/c.pem", "AZURE_THUMBPRINT": "AB"}, "certificate"),
        ({"AZURE_FEDERATED_TOKEN_FILE": "/token"}, "federated_token"),
        ({"AZURE_FEDERATED_TOKEN": "x"}, "federated_token"),
        ({"AZURE_USERNAME": "u", "AZURE_PASSWORD": "p"}, "user_password"),
    ],
)
def test_azure_identitys_own_names(names: dict[str, str], method: str, home: dict[str, str]) -> None:
    signed_in = sign_in({}, {**home, "AZURE_CLIENT_ID": "id", "AZURE_TENANT_ID": "t", **names})
    assert (signed_in.method, signed_in.tenant, signed_in.client_id) == (method, "t", "id")


def test_azcollections_names_win(home: dict[str, str]) -> None:
    signed_in = sign_in({}, {**home, **SP, "AZURE_TENANT_ID": "other", "AZURE_CLIENT_SECRET": "other"})
    assert (signed_in.tenant, signed_in.secrets) == ("t", ["s3cret-value"])


def test_task_options_win_and_do_not_mix(home: dict[str, str]) -> None:
    options_given = {"client_id": "own", "secret": "own-secret", "tenant": "own-tenant"}
    signed_in = sign_in(options_given, {**home, **SP})
    assert (signed_in.source, signed_in.client_id, signed_in.subscription_id) == (
        "task options (client secret)",
        "own",
        "sub",
    )
    with pytest.raises(CredentialError) as caught:
        sign_in({"client_id": "own", "tenant": "own-tenant"}, {**home, **SP})
    assert caught.value.code == "CredentialIncomplete"
    with pytest.raises(CredentialError) as caught:
        sign_in({"client_id": "own", "secret": "own-secret"}, {**home, **SP})
    assert caught.value.details["missing"] == ["tenant"]


def test_an_incomplete_environment_names_what_is_missing(home: dict[str, str]) -> None:
    with pytest.raises(CredentialError) as caught:
        sign_in({}, {**home, "AZURE_CLIENT_ID": "id", "AZURE_SECRET": "s"})
    assert caught.value.details == {"source": "environment", "missing": ["tenant"], "set": ["client_id", "secret"]}
    assert "AZURE_TENANT/AZURE_TENANT_ID" in (caught.value.hint or "")


PROFILES = """
[default]
subscription_id = p-sub
client_id = p-id
secret = p%secret
tenant = p-t

[gov]
subscription_id = g-sub
client_id = g-id
secret = g-secret
tenant = g-t
cloud_environment = AzureUSGovernment
cert_validation_mode = ignore
"""


def test_profiles(home: dict[str, str]) -> None:
    write_profile(home, PROFILES)
    signed_in = sign_in({}, home)
    assert (signed_in.source, signed_in.subscription_id, signed_in.secrets) == (
        "credential file (profile default) (client secret)",
        "p-sub",
        ["p%secret"],
    )
    assert sign_in({}, {**home, "AZURE_SUBSCRIPTION_ID": "env"}).subscription_id == "p-sub"
    assert sign_in({"profile": "gov"}, {**home, **SP}).client_id == "g-id"
    assert sign_in({}, {**home, **SP, "AZURE_PROFILE": "gov"}).client_id == "g-id"
    assert sign_in({}, {**home, **SP}).client_id == "id"
    assert sign_in({"auth_source": "credential_file"}, {**home, **SP}).client_id == "p-id"
    assert sign_in({"auth_source": "env"}, {**home, **SP}).client_id == "id"


def test_a_profiles_settings_count(home: dict[str, str]) -> None:
    write_profile(home, PROFILES)
    signed_in = sign_in({"profile": "gov"}, home)
    assert signed_in.cloud({}, home).name == "AzureUSGovernment"
    assert signed_in.verify is False
    assert len(signed_in.warnings) == 1
    assert sign_in({"profile": "gov", "cert_validation_mode": "validate"}, home).verify is True


def test_a_profile_that_is_not_there(home: dict[str, str]) -> None:
    write_profile(home, PROFILES)
    with pytest.raises(CredentialError) as caught:
        sign_in({"profile": "nope"}, home)
    assert "default, gov" in (caught.value.hint or "")


def test_a_broken_file_shows_no_content(home: dict[str, str]) -> None:
    write_profile(home, "s3cret without a section")
    with pytest.raises(CredentialError) as caught:
        sign_in({"auth_source": "credential_file"}, home)
    assert "s3cret" not in str(caught.value.failure())


def test_the_cli_comes_last(home: dict[str, str]) -> None:
    install_az(
        home,
        {"id": "a", "tenantId": "ta", "environmentName": "AzureCloud"},
        {"id": "b", "tenantId": "tb", "environmentName": "AzureUSGovernment", "isDefault": True},
    )
    signed_in = sign_in({}, {**home, "AZURE_CLIENT_ID": "", "AZURE_TENANT": ""})
    assert (signed_in.method, signed_in.subscription_id, signed_in.tenant) == ("azure_cli", "b", "tb")
    assert signed_in.cloud({}, home).name == "AzureUSGovernment"
    signed_in = sign_in({}, {**home, "AZURE_SUBSCRIPTION_ID": "a"})
    assert (signed_in.method, signed_in.subscription_id, signed_in.tenant) == ("azure_cli", "a", "ta")


def test_the_cli_that_is_not_signed_in(home: dict[str, str]) -> None:
    install_az(home)
    with pytest.raises(CredentialError) as caught:
        sign_in({"auth_source": "cli"}, home)
    assert "az login" in (caught.value.hint or "")


@pytest.mark.parametrize("subscriptions", [7, "text", [7, None, "text"], {"a": 1}])
def test_a_profile_of_the_cli_of_another_form_has_no_account(home: dict[str, str], subscriptions: t.Any) -> None:
    install_az(home, {"id": "a"})
    Path(home["HOME"], ".azure", "azureProfile.json").write_text(json.dumps({"subscriptions": subscriptions}))
    with pytest.raises(CredentialError, match="no account is signed in"):
        sign_in({"auth_source": "cli"}, home)


def test_nothing_found_tells_where_was_looked(home: dict[str, str]) -> None:
    with pytest.raises(CredentialError) as caught:
        sign_in({}, {**home, "AZURE_SUBSCRIPTION_ID": "sub", "AZURE_CLIENT_ID": ""})
    looked = " ".join(caught.value.details["looked_for"])
    assert caught.value.code == "CredentialNotFound"
    for word in ("task options", "environment", ".azure/credentials", "az"):
        assert word in looked


def test_managed_identity(home: dict[str, str]) -> None:
    signed_in = sign_in({"auth_source": "msi", "subscription_id": "x"}, {**home, "AZURE_CLIENT_ID": "user-assigned"})
    assert (signed_in.method, signed_in.client_id, signed_in.subscription_id) == (
        "managed_identity",
        "user-assigned",
        "x",
    )


def test_auth_source_from_the_environment(home: dict[str, str]) -> None:
    assert sign_in({}, {**home, **SP, "ANSIBLE_AZURE_AUTH_SOURCE": "msi"}).method == "managed_identity"
    with pytest.raises(CredentialError):
        sign_in({}, {**home, **SP, "ANSIBLE_AZURE_AUTH_SOURCE": "magic"})


@pytest.mark.parametrize(
    "environ, verify",
    [
        ({}, True),
        ({"SSL_CERT_FILE": "/ca.pem"}, "/ca.pem"),
        ({"SSL_CERT_FILE": "/ca.pem", "REQUESTS_CA_BUNDLE": "/b.pem"}, True),
        ({"AZURE_CERT_VALIDATION_MODE": "ignore"}, False),
    ],
)
def test_certificates_of_servers(environ: dict[str, str], verify: bool | str, home: dict[str, str]) -> None:
    assert sign_in({}, {**home, **SP, **environ}).verify == verify


def test_no_subscription_says_what_to_set(home: dict[str, str]) -> None:
    signed_in = sign_in({}, {**home, **{name: value for name, value in SP.items() if name != "AZURE_SUBSCRIPTION_ID"}})
    with pytest.raises(CredentialError) as caught:
        signed_in.require_subscription()
    assert "AZURE_SUBSCRIPTION_ID" in (caught.value.hint or "")


def test_only_secrets_are_hidden() -> None:
    assert {name for name, row in AUTH_SPEC.items() if row.get("no_log")} == {"secret", "password", "oidc_token"}


def test_documentation_and_spec_agree() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    spec = {**AUTH_SPEC, **CLIENT_SPEC}
    assert list(documented) == list(spec)
    for name, row in spec.items():
        shown = documented[name]
        assert {key: shown.get(key) for key in ("type", "choices", "default")} == {
            key: row.get(key) for key in ("type", "choices", "default")
        }, name
        text = " ".join(shown["description"])
        for variable in ENVIRONMENT.get(name, ()):
            assert f"E({variable})" in text, f"{name} does not name {variable}"


def test_plugins_document_the_same_variables() -> None:
    documented = yaml.safe_load(ModuleDocFragment.PLUGINS)["options"]
    assert {name: {"env": [{"name": variable} for variable in ENVIRONMENT[name]]} for name in AUTH_SPEC} == documented


def test_nothing_of_azures_is_imported_offline(python_of_its_own: t.Callable[[str], str]) -> None:
    program = (
        "import sys\n"
        "from ansible_collections.azureml.compute.plugins.module_utils._arm import client\n"
        "from ansible_collections.azureml.compute.plugins.module_utils._auth import sources\n"
        "sources.sign_in({}, {'AZURE_CLIENT_ID': 'i', 'AZURE_SECRET': 's', 'AZURE_TENANT': 't'})\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('azure', 'msal', 'requests')])\n"
    )
    assert python_of_its_own(program).strip() == "[]"


def test_an_unknown_source_names_those_that_there_are(home: dict[str, str]) -> None:
    with pytest.raises(CredentialError) as caught:
        sign_in({"auth_source": "magic"}, {**home, **SP})
    assert "it must be one of auto, env, credential_file, cli, msi" in caught.value.message


def test_certificates_are_checked_or_not_and_nothing_between(home: dict[str, str]) -> None:
    with pytest.raises(CredentialError, match="cert_validation_mode is 'maybe'; it must be validate or ignore"):
        sign_in({}, {**home, **SP, "AZURE_CERT_VALIDATION_MODE": "maybe"})
    assert any(
        "anyone on the way can read the token" in warning
        for warning in sign_in({"cert_validation_mode": "ignore"}, {**home, **SP}).warnings
    )


def test_an_incomplete_default_profile_is_told_before_the_cli_is_tried(home: dict[str, str]) -> None:
    """What somebody half wrote was meant; signing in as somebody else would surprise."""
    install_az(home, {"id": "cli-sub", "tenantId": "cli-t", "isDefault": True})
    write_profile(home, "[default]\nclient_id = id\nsecret = s\n")
    with pytest.raises(CredentialError) as caught:
        sign_in({}, home)
    assert caught.value.code == "CredentialIncomplete"
    assert caught.value.details["missing"] == ["tenant"]


PARTS = ("client_id", "secret", "tenant", "ad_user", "password")
STATES = ("unset", "empty", "set")
TABLE = [dict(zip(PARTS, states, strict=True)) for states in itertools.product(STATES, repeat=len(PARTS))]


def expected(parts: set[str]) -> str:
    """What these parts of an identity are, by the rule in the documentation: the method, or a refusal, or nothing at all."""
    if not parts:
        return "azure_cli"
    if "secret" in parts:
        complete = {"client_id", "tenant"} <= parts and ("password" not in parts or "ad_user" in parts)
        return "client_secret" if complete else "CredentialIncomplete"
    return "user_password" if {"ad_user", "password"} <= parts else "CredentialIncomplete"


@pytest.mark.parametrize("place", ["options", "environment"])
def test_every_combination_of_set_empty_and_unset_is_used_whole_or_refused(place: str, home: dict[str, str]) -> None:
    """The Azure CLI's login is there, and is used only when no part of an identity was set."""
    install_az(home, {"id": "cli", "tenantId": "cli-tenant", "isDefault": True})
    settings = {**home, "AZURE_SUBSCRIPTION_ID": "sub", "AZURE_CLOUD_ENVIRONMENT": "AzureCloud"}
    outcomes: dict[str, int] = {}
    for row in TABLE:
        values = {name: f"v-{name}" if state == "set" else "" for name, state in row.items() if state != "unset"}
        parts = {name for name, value in values.items() if value}
        wanted = expected(parts)
        if place == "options":
            if parts == {"tenant"}:
                wanted = "azure_cli"
            elif wanted == "client_secret" and parts & {"ad_user", "password"}:
                wanted = "CredentialUnused"
        options_given = {"subscription_id": "sub", **values} if place == "options" else {}
        environ = (
            settings
            if place == "options"
            else {**settings, **{ENVIRONMENT[name][0]: value for name, value in values.items()}}
        )
        try:
            signed_in = sign_in(options_given, environ)
            outcome = signed_in.method
            if outcome != "azure_cli":
                named = " ".join(signed_in.warnings)
                used = {name for name in parts if signed_in.values[name] == values[name]}
                assert used == parts and all(
                    ENVIRONMENT[name][0] in named
                    for name in parts & {"ad_user", "password"}
                    if outcome == "client_secret"
                ), row
            elif parts:
                assert signed_in.tenant == values["tenant"], row
        except CredentialError as error:
            outcome = error.code
            spelled = [ENVIRONMENT[name][0] if place == "environment" else name for name in parts]
            assert error.details.get("unused") or any(name in error.message for name in spelled), (row, error.message)
            assert "v-secret" not in str(error.failure()) and "v-password" not in str(error.failure()), row
        assert outcome == wanted, row
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sum(outcomes.values()) == 3**5 and len(outcomes) >= 4


@pytest.mark.parametrize(
    "options",
    [
        {"tenant": "other"},
        {"client_id": "other"},
        {"secret": "other"},
        {"password": "other"},
        {"ad_user": "other"},
        {"oidc_token": "other"},
        {"x509_certificate_path": "/other"},
        {"thumbprint": "other"},
        {"oidc_token_file_path": "/other"},
        {"profile": "other"},
    ],
    ids=lambda options: next(iter(options)),
)
@pytest.mark.parametrize("source", ["auto", "env", "credential_file", "cli", "msi"])
def test_an_option_that_is_not_used_is_refused_and_named(
    source: str, options: dict[str, str], home: dict[str, str]
) -> None:
    install_az(home, {"id": "cli", "tenantId": "cli-tenant", "isDefault": True})
    write_profile(home, PROFILES)
    (name,) = options
    if (source, name) in {("cli", "tenant"), ("msi", "tenant"), ("msi", "client_id")}:
        signed_in = sign_in({"auth_source": source, **options}, {**home, **SP})
        assert getattr(signed_in, name) == "other"
        return
    with pytest.raises(CredentialError) as caught:
        sign_in({"auth_source": source, **options}, {**home, **SP})
    assert name in f"{caught.value.message} {caught.value.details}" or (
        name == "profile" and "[other]" in caught.value.message
    )


@pytest.mark.parametrize(
    "options",
    [{"client_id": "ID", "tenant": "T"}, {"tenant": "t"}, {"secret": "s3cret-value"}],
    ids=["both", "tenant", "secret"],
)
def test_an_option_that_repeats_what_is_used_is_accepted(options: dict[str, str], home: dict[str, str]) -> None:
    signed_in = sign_in({"auth_source": "env", **options}, {**home, **SP})
    assert (signed_in.method, signed_in.tenant) == ("client_secret", "t")


@pytest.mark.parametrize(
    "mode, refused",
    [(0o600, False), (0o400, False), (0o640, False), (0o644, True), (0o604, True), (0o602, True), (0o666, True)],
    ids=oct,
)
@pytest.mark.parametrize("kind", ["profile", "certificate"])
def test_a_credential_file_of_everyone_is_refused_with_the_fix(
    kind: str, mode: int, refused: bool, home: dict[str, str]
) -> None:
    install_az(home, {"id": "cli", "tenantId": "cli-tenant", "isDefault": True})
    if kind == "profile":
        write_profile(home, PROFILES)
        path, environ = Path(home["HOME"], ".azure", "credentials"), home
    else:
        path = Path(home["HOME"], "own certificate.pem")
        path.write_text("", encoding="utf-8")
        environ = {**home, "AZURE_CLIENT_ID": "id", "AZURE_TENANT": "t", "AZURE_CLIENT_CERTIFICATE_PATH": str(path)}
    path.chmod(mode)
    if not refused:
        assert sign_in({}, environ).method == ("client_secret" if kind == "profile" else "certificate")
        return
    with pytest.raises(CredentialError) as caught:
        sign_in({}, environ)
    assert caught.value.code == "CredentialFileReadable" and f"{mode:04o}" in caught.value.message
    assert f"chmod 600 {shlex.quote(str(path))}" in (caught.value.hint or "")
