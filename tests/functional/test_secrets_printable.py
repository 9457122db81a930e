# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service says steers no terminal: messages and warnings have control characters in words."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core import errors, findings, redact
from ansible_collections.azureml.compute.plugins.module_utils._engine import remote
from ansible_collections.azureml.compute.plugins.module_utils._fleet.approval import PlanChanged
from ansible_collections.azureml.compute.plugins.module_utils._fleet.result import FleetFailed
from ansible_collections.azureml.compute.tests.support.azure import Azure

CLUSTER: dict[str, t.Any] = {"name": "target-a", "size": "Standard_DS3_v2", "max_instances": 1}
STEERS = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202eback\x00"


def test_a_message_and_a_warning_that_would_steer_a_terminal(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = remote.RemoteResource.read

    def read(self: t.Any) -> t.Any:
        self.warnings.append(f"warned {STEERS}\nsecond")
        return plain(self)

    monkeypatch.setattr(remote.RemoteResource, "read", read)
    azure.app.faults.put(
        [
            {
                "kind": "status",
                "status": 400,
                "message": f"refused {STEERS}\nPLAY RECAP ***\nlocalhost : ok=1",
                "code": "Refused\nok: [localhost]",
                "match": {"method": "PUT"},
                "count": 9,
            }
        ]
    )
    failed = azure.run("aml_compute_cluster", ok=False, **CLUSTER)
    for text in (failed["msg"], failed["failure"]["message"], *failed["warnings"]):
        assert "\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\r\\u202eback\\x00" in text
        assert not set(text) & set("\x1b\x07\x9b\r\u202e\x00")
    assert any(text.endswith("\n  second") for text in failed["warnings"]), (
        "lines stay lines, and none passes for one of Ansible's"
    )
    assert "\n" not in failed["failure"]["message"] + failed["failure"]["code"]


def test_only_lists_have_lines() -> None:
    """What an error quotes is often of the service: a time, a state, a name."""
    own = {PlanChanged, FleetFailed, errors.RuleError}
    every = set(_below(errors.AmlError))
    assert len(every) > 10 and {kind for kind in every if kind.has_lines} == own
    assert (
        errors.ChangedMeanwhile("It was\nok: [localhost]", code="A\nB").failure()["message"] == "It was ok: [localhost]"
    )
    wrong = [findings.Finding("Wrong", "size", "size is\nok: [localhost]", "")]
    with pytest.raises(errors.RuleError, match=r"\Asize is ok: "):
        findings.refuse(wrong)


def _below(kind: type[errors.AmlError]) -> t.Iterator[type[errors.AmlError]]:
    for below in kind.__subclasses__():
        yield from (below, *_below(below))


def test_other_letters_stay() -> None:
    text = "Zürich\t名前\n— «ß» 😀"
    assert redact.printable(text) == text
