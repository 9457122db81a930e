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
from ansible_collections.azureml.compute.plugins.module_utils._module import entry


@pytest.mark.parametrize(
    ("missing", "package"),
    [
        ("azure.ai.ml.entities", "azure-ai-ml"),
        ("azure.identity", "azure-identity"),
        ("azure.core.rest", "azure-core"),
        ("six", "six"),
    ],
)
def test_a_missing_library_is_named_with_the_python_that_lacks_it(
    capsys: pytest.CaptureFixture[str], missing: str, package: str
) -> None:
    def job(_task: t.Any) -> t.Any:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    with patch_module_args({}), pytest.raises(SystemExit):
        entry.run(job, {})
    failure = json.loads(capsys.readouterr().out)["failure"]
    assert failure["code"] == "LibraryMissing"
    assert f"The Python package {package} is not installed for {sys.executable}." == failure["message"]
    assert failure["hint"].endswith(f"-m pip install {package}")


@pytest.mark.parametrize(
    ("message", "hint", "printed"),
    [
        ("Refused.", None, "Refused."),
        ("Refused.", "Try again.", "Refused. Try again."),
        (
            "See https://example.com to increase the quota",
            "Try again.",
            "See https://example.com to increase the quota. Try again.",
        ),
        ("1 failed:\n  a: Refused", "Try again.", "1 failed:\n  a: Refused\nTry again."),
    ],
)
def test_the_hint_begins_a_sentence(message: str, hint: str | None, printed: str) -> None:
    assert entry.with_hint(message, hint) == printed
