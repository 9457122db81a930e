# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random secrets x encodings x channels: nothing that leaves a module shows a secret in any encoding that a service may give it.

A run of a module carries many secrets at once. `make secrets` tries more of them and makes a table; tests/integration/test_secrets_channels.py has the
channels that only a playbook has.
"""

from __future__ import annotations

import html
import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.mask import Masker
from ansible_collections.azureml.compute.plugins.module_utils._engine import remote
from ansible_collections.azureml.compute.plugins.module_utils._report import document
from ansible_collections.azureml.compute.plugins.module_utils._report import markdown as _markdown
from ansible_collections.azureml.compute.plugins.module_utils._report import page as _page
from ansible_collections.azureml.compute.tests.support.azure import GROUP, WORKSPACE, WORKSPACE_ID, Azure
from ansible_collections.azureml.compute.tests.support.leaks import (
    EXAMPLES,
    NAMES,
    OUTER,
    check,
    count,
    draw,
    echo,
    leaks,
    marked,
    texts_of,
)
from ansible_collections.azureml.compute.tests.support.planted import ALL_OUTPUT, VARIABLE

Options = dict[str, t.Any]
ACCOUNT: Options = {"type": "Microsoft.Storage/storageAccounts", "name": "targeta", "api_version": "2023-01-01"}
ACCOUNT["body"] = {"location": "eastus", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
FLEET: Options = {"workspaces": [{"name": WORKSPACE, "resource_group": GROUP}]}


def _cluster(secret: str) -> Options:
    login = {"admin_username": "azureuser", "admin_password": secret}
    return {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1, "ssh_settings": login}


def _instance(secrets: list[str]) -> Options:
    variables = {f"ANY_{number}": secret for number, secret in enumerate(secrets)}
    application = {
        "name": "app",
        "image": {"reference": "a/b"},
        "endpoints": [{"target": 8787, "published": 8787}],
        "environment_variables": variables,
    }
    return {"name": "target-a", "size": "Standard_DS3_v2", "custom_applications": [application]}


def _fleet(secrets: list[str]) -> Options:
    computes = [{"type": "computeinstance", **_instance(secrets)}]
    return {"workspaces": [{**FLEET["workspaces"][0], "computes": computes}]}


def _refuse(azure: Azure, secrets: list[str], path: str = "target", **fault: t.Any) -> None:
    azure.app.faults.put(
        [
            {
                "kind": "status",
                "status": 400,
                "code": "Refused",
                "message": echo(secrets),
                "match": {"method": "PUT", "path": path},
                **fault,
            }
        ]
    )


def _colleagues(azure: Azure, secrets: list[str]) -> None:
    """An instance with these variables, whose tags and description say them too."""
    azure.run("aml_compute_instance", **_instance(secrets))
    [body] = [write.body for write in azure.writes if write.method == "PUT"]
    tags = {f"tag-{number}": text for number, text in enumerate(marked(secrets))}
    body["properties"]["description"] = echo(secrets)
    azure.arm("DELETE", f"{WORKSPACE_ID}/computes/target-a?api-version=2025-12-01&underlyingResourceAction=Delete")
    azure.arm("PUT", f"{WORKSPACE_ID}/computes/target-a", {**body, "tags": tags})


def _error(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _refuse(azure, secrets)
    done = azure.run("arm_resource", ok=False, **ALL_OUTPUT, **ACCOUNT, secret_body={"properties": {"words": secrets}})
    return texts_of({name: value for name, value in done.items() if name != "exception"})


def _failed_operation(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _refuse(azure, secrets, kind="failed_operation")
    return texts_of(azure.run("aml_compute_instance", ok=False, **ALL_OUTPUT, **_instance(secrets))["failure"])


def _exception(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _refuse(azure, secrets)
    return [
        azure.run("aml_compute_instance", ok=False, **{**ALL_OUTPUT, "_ansible_verbosity": 5}, **_instance(secrets))[
            "exception"
        ]
    ]


def _result(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _colleagues(azure, secrets)
    return texts_of(azure.run("aml_compute_instance", **ALL_OUTPUT, **_instance(secrets))["compute"])


def _diff(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _colleagues(azure, secrets)
    return texts_of(
        azure.run("aml_compute_instance", check=True, **ALL_OUTPUT, name="target-a", state="absent")["diff"]
    )


def _info(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _colleagues(azure, secrets)
    return texts_of([azure.run("aml_compute_info", **ALL_OUTPUT), azure.run("aml_fleet_info", **ALL_OUTPUT, **FLEET)])


def _warning(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    read = remote.RemoteResource.read

    def warned(self: t.Any) -> t.Any:
        self.warnings.append(echo(secrets))
        return read(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote.RemoteResource, "read", warned)
        return t.cast("list[str]", azure.run("aml_compute_instance", check=True, **_instance(secrets))["warnings"])


def _progress(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    lines = folder / "progress"
    lines.write_text("")
    _refuse(azure, secrets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(lines))
        azure.run("aml_fleet", ok=False, **_fleet(secrets))
    return texts_of([json.loads(line) for line in lines.read_text().splitlines()])


def _pages(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _refuse(azure, secrets)
    failed = azure.run("aml_fleet", ok=False, **_fleet(secrets))
    report = document.build(
        {
            "generated": "2026-01-02T00:00:00Z",
            "name": "a",
            "fleet": failed,
            "found": azure.run("aml_fleet_info", **FLEET),
        }
    )
    page, markdown = html.unescape(_page.page(report)), html.unescape(_markdown.markdown(report)).replace("\\", "")
    data = report.to_dict()
    assert "((0.0:" in page and "((0.0:" in markdown and "((0.0:" in json.dumps(data)
    return [page, markdown, *texts_of(data)]


def _export(azure: Azure, secrets: list[str], folder: Path) -> t.Iterable[str]:
    _colleagues(azure, secrets)
    done = azure.run("aml_export_info")
    files = [yaml.safe_load(text) for text in done["cli_yaml"].values()]
    assert all("((0.0:" in json.dumps(part) for part in (done["vars"], done["fleet"], files))
    return [*texts_of([done["vars"], done["fleet"], files]), *done["cli_yaml"].values()]


CHANNELS: dict[str, t.Callable[[Azure, list[str], Path], t.Iterable[str]]] = {
    "result": _result, "diff": _diff, "info module": _info, "warning": _warning, "error": _error, "failed operation": _failed_operation,
    "exception": _exception, "progress lines": _progress, "report pages": _pages, "exported files": _export,
}  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_encoding_of_a_secret_is_in_a_channel(channel: str, azure: Azure, tmp_path: Path) -> None:
    secrets = draw(EXAMPLES, channel)
    check(channel, secrets, CHANNELS[channel](azure, secrets, tmp_path))
    assert not [secret for secret in secrets if secret in azure.text], "the whole output"


def test_a_password_of_an_option_is_not_shown_either(azure: Azure) -> None:
    secrets = draw(1, "password")
    _refuse(azure, secrets)
    check(
        "error",
        secrets,
        texts_of(azure.run("aml_compute_cluster", ok=False, **ALL_OUTPUT, **_cluster(secrets[0]))["failure"]),
    )


@pytest.mark.parametrize("outer", OUTER)
def test_no_encoding_within_another_is_shown(outer: str) -> None:
    secrets, masker = draw(EXAMPLES, outer), Masker()
    for secret in secrets:
        masker.add(secret)
    seen, shown = leaks([masker.mask(" ".join(marked(secrets, outer)))], outer)
    count("encoded again", seen, shown)
    assert len(seen) == len(secrets) * len(NAMES) and not shown, (shown, secrets)


def test_a_leak_is_noticed() -> None:
    """Each encoding is one that can be read where nothing is masked."""
    seen, shown = leaks([echo(draw(3, "leak"))])
    assert set(shown) == seen == {(at, name) for at in range(3) for name in NAMES}
