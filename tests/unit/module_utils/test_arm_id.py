# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of ids, whatever the case of their types, and of texts that are no ids."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import (
    ArmId,
    collection_id,
    collection_type,
    compute_target,
    short_names,
    workspace_target,
)
from hypothesis import given
from hypothesis import strategies as st

GROUP = "/subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ws"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/net/subnets/sub"


@pytest.mark.parametrize(
    ("text", "name", "subscription", "group", "parent", "scope", "workspace"),
    [
        (f"{WORKSPACE}/computes/cpu", "cpu", "s", "g", WORKSPACE, GROUP, WORKSPACE),
        (f"{WORKSPACE}/Computes/computes", "computes", "s", "g", WORKSPACE, GROUP, WORKSPACE),
        (WORKSPACE, "ws", "s", "g", f"{GROUP}/providers/Microsoft.MachineLearningServices", GROUP, WORKSPACE),
        (SUBNET, "sub", "s", "g", SUBNET.removesuffix("/subnets/sub"), GROUP, SUBNET),
        (
            f"{GROUP}/providers/Microsoft.Authorization/locks/l",
            "l",
            "s",
            "g",
            f"{GROUP}/providers/Microsoft.Authorization",
            GROUP,
            None,
        ),
        (
            f"{WORKSPACE}/PROVIDERS/Microsoft.Authorization/locks/l",
            "l",
            "s",
            "g",
            f"{WORKSPACE}/PROVIDERS/Microsoft.Authorization",
            WORKSPACE,
            None,
        ),
        (f"{GROUP}/", "g", "s", "g", "/subscriptions/s", f"{GROUP}/", None),
        (
            "/SUBSCRIPTIONS/s/RESOURCEGROUPS/workspaces",
            "workspaces",
            "s",
            "workspaces",
            "/SUBSCRIPTIONS/s",
            "/SUBSCRIPTIONS/s/RESOURCEGROUPS/workspaces",
            None,
        ),
        ("word", "word", "", "", "", "word", None),
        ("", "", "", "", "", "", None),
    ],
)
def test_parts(
    text: str, name: str, subscription: str, group: str, parent: str, scope: str, workspace: str | None
) -> None:
    arm_id = ArmId(text)
    assert (arm_id.name, arm_id.subscription_id, arm_id.resource_group) == (name, subscription, group)
    assert (arm_id.parent, arm_id.scope, arm_id.workspace) == (parent, scope, text if workspace is None else workspace)
    assert arm_id == text


def test_a_name_that_is_called_like_a_type_is_not_taken_for_it() -> None:
    arm_id = ArmId(
        "/subscriptions/s/resourceGroups/workspaces/providers/Microsoft.MachineLearningServices/workspaces/ws"
    )
    assert (arm_id.named("workspaces"), arm_id.resource_group, arm_id.named("computes")) == ("ws", "workspaces", "")


names = st.text("abcdefghijklmnopqrstuvwxyzABC019-_.", min_size=1, max_size=20)


@given(names, names, names, names)
def test_what_a_target_was_made_of_is_read_from_its_id(
    subscription: str, group: str, workspace: str, name: str
) -> None:
    target = compute_target(subscription, group, workspace, name)
    arm_id = ArmId(target.id)
    assert (arm_id.subscription_id, arm_id.resource_group, arm_id.named("workspaces"), arm_id.name) == (
        subscription,
        group,
        workspace,
        name,
    )
    assert arm_id.parent == target.parent_id == workspace_target(subscription, group, workspace).id


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    arm_id = ArmId(text)
    assert (
        text.startswith((arm_id.scope, arm_id.workspace))
        and arm_id.name in text
        and arm_id.parent.count("/") <= text.count("/")
    )


@pytest.mark.parametrize(
    ("text", "type_", "is_of_one"),
    [
        ("/subscriptions", "subscriptions", False),
        ("/subscriptions/s", "subscriptions", True),
        ("/subscriptions/s/resourceGroups", "subscriptions/resourcegroups", False),
        ("/subscriptions/s/providers/A.B/cs", "a.b/cs", False),
        ("/subscriptions/s/resourceGroups/g/providers/A.B/cs/c/", "a.b/cs", True),
        ("/providers/A.B/cs/c/ds/d", "a.b/cs/ds", True),
        ("/providers/A.B/cs/c/ds/d/listNodes", "a.b/cs/ds/listnodes", False),
        ("/providers/A.B/cs/c/PROVIDERS/E.F/gs", "e.f/gs", False),
    ],
)
def test_the_type_of_an_address(text: str, type_: str, is_of_one: bool) -> None:
    place = ArmId(text)
    assert (place.type, place.is_of_one) == (type_, is_of_one)


@pytest.mark.parametrize(
    ("collection", "type_"),
    [
        ("computes", "microsoft.machinelearningservices/workspaces/computes"),
        ("diagnostic_settings", "microsoft.insights/diagnosticsettings"),
        ("batch_deployments", "microsoft.machinelearningservices/workspaces/batchendpoints/deployments"),
    ],
)
def test_the_type_of_a_collection(collection: str, type_: str) -> None:
    assert collection_type(collection) == type_
    target = f"{workspace_target('s', 'g', 'w').id}/onlineEndpoints/e"
    assert ArmId(collection_id(target, collection)).is_of_one is False


def test_short_names_have_as_much_of_the_path_as_tells_them_apart() -> None:
    ids = [
        "/subscriptions/s1/resourceGroups/a/providers/P/workspaces/ws",
        "/subscriptions/s1/resourceGroups/b/providers/P/workspaces/WS",
        "/subscriptions/s2/resourceGroups/b/providers/P/workspaces/ws",
        "/subscriptions/s1/resourceGroups/a/providers/P/workspaces/other",
    ]
    assert [short_names(ids)[identifier.casefold()] for identifier in ids] == ["a/ws", "s1/b/WS", "s2/b/ws", "other"]
    assert short_names([ids[0], ids[0].upper()]) == {ids[0].casefold(): "ws"}
