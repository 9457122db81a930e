# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The funnel that every module ends in."""
from __future__ import annotations

import json
import sys
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.azureml.compute.plugins.module_utils import _arm, _module


@pytest.mark.parametrize(
    ("missing", "package"),
    [("azure.ai.ml.entities", "azure-ai-ml"), ("azure.identity", "azure-identity"), ("azure.core.rest", "azure-core"), ("six", "six")],
)
def test_a_missing_library_is_named_with_the_python_that_lacks_it(capsys: pytest.CaptureFixture[str], missing: str, package: str) -> None:
    def job(_task: t.Any) -> t.Any:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    with patch_module_args({}), pytest.raises(SystemExit):
        _module.run(job, {})
    failure = json.loads(capsys.readouterr().out)["failure"]
    assert failure["code"] == "LibraryMissing"
    assert f"The Python package {package} is not installed for {sys.executable}." == failure["message"]
    assert failure["hint"].endswith(f"-m pip install {package}")


def test_the_client_is_made_once_and_as_the_task_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[tuple[t.Any, ...], dict[str, t.Any]]] = []

    def client(*arguments: t.Any, **options: t.Any) -> t.Any:
        made.append((arguments, options))
        return type("Client", (), {"secrets": []})

    monkeypatch.setattr(_arm, "ArmClient", client)
    seen: list[t.Any] = []

    def job(task: t.Any) -> t.Any:
        seen.extend((task.client, task.client, task.credential, task.events.on_event))
        return {"changed": False}

    options = {"tenant": "t", "client_id": "c", "secret": "s", "cloud_environment": "AzureChinaCloud", "cert_validation_mode": "ignore", "retries": 2}
    with patch_module_args({**options, "retry_timeout": 33}), pytest.raises(SystemExit):
        _module.run(job, {})
    [((cloud, credential), given)] = made
    assert seen[0] is seen[1] and credential is seen[2], "one token for all"
    assert cloud.name == "AzureChinaCloud"
    assert (given["retries"], given["retry_timeout"], given["verify"], given["on_event"]) == (2, 33, False, seen[3])
    assert given["user_agent"] == f"ansible-collection-azureml.compute/{_module.VERSION}"
