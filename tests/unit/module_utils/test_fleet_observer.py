# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the workspaces of a fleet: what fails for one of them, and what fails for the whole run."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError, ArmError, CredentialError
from ansible_collections.azureml.compute.plugins.module_utils._fleet.observer import Observer

WORKSPACES = ["/workspaces/ws-a", "/workspaces/ws-b"]


class Client:
    """Lists no compute targets, and in ws-b fails."""

    def __init__(self, error: AmlError) -> None:
        self.error = error

    def list(self, path: str, *_arguments: t.Any, **_options: t.Any) -> list[t.Any]:
        if "ws-b" in path:
            raise self.error
        return []


def observer(error: AmlError) -> Observer:
    return Observer(t.cast("t.Any", Client(error)), parallelism=2)


def test_a_failed_sign_in_is_a_failure_of_the_run() -> None:
    refused = CredentialError("Sign-in failed.", code="AADSTS7000215")
    with pytest.raises(CredentialError) as raised:
        observer(refused).observe(WORKSPACES, [])
    assert raised.value is refused


def test_an_error_of_the_service_is_one_of_its_workspace() -> None:
    failed = ArmError("It failed.", code="InternalServerError")
    listings = observer(failed).observe(WORKSPACES, []).listings
    assert [(listing.workspace, listing.error) for listing in listings] == [
        (WORKSPACES[0], None),
        (WORKSPACES[1], failed),
    ]
