# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shapes of old API versions, which azure-mgmt-machinelearningservices 1.0.1 (2020-08-01) still sends and reads; those that are not known are not answered."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.tests.support.world import LOCATION, ML, WORKSPACE, World, refusal

CLUSTER = f"{WORKSPACE}/computes/cpu"


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.cluster()
    return world


@pytest.mark.parametrize(
    ("version", "flat"), [("2020-08-01", True), ("2021-07-01", True), ("2022-05-01", False), (ML, False)]
)
def test_the_scale_settings_of_a_patch(world: World, version: str, flat: bool) -> None:
    """`flat`: whether the version knows the settings right below `properties`; all know the later form."""

    def most() -> int:
        return int(world.inner("cpu")["scaleSettings"]["maxNodeCount"])

    for nested in (False, True):
        before = most()
        settings = {"scaleSettings": {"maxNodeCount": before + 1}}
        sent = {"properties": {"properties": settings} if nested else settings}
        assert world.call("PATCH", CLUSTER, sent, version).status in (200, 202)
        world.wait()
        assert most() == before + (nested or flat)


@pytest.mark.parametrize(
    ("version", "key"), [("2020-08-01", "amlCompute"), ("2021-04-01", "amlCompute"), ("2021-07-01", "value")]
)
def test_the_list_of_sizes(world: World, version: str, key: str) -> None:
    body = world.call("GET", f"{LOCATION}/vmSizes", version=version).body
    assert list(body) == [key] and body[key]


@pytest.mark.parametrize("kind", ["connections", "datastores"])
def test_shapes_that_are_not_known_are_not_answered(world: World, kind: str) -> None:
    """Until 2021-07-01 a connection showed its secret."""
    one = f"{WORKSPACE}/{kind}/one"
    body = {"properties": {"category": "Git", "authType": "PAT", "target": "t", "value": "hush"}}
    assert refusal(world.call("PUT", one, body, "2021-07-01")) == (501, "NotSimulated")
    assert refusal(world.call("GET", f"{WORKSPACE}/{kind}", version="2020-08-01")) == (501, "NotSimulated")
    assert refusal(world.call("GET", one, version="2020-08-02")) == (400, "NoRegisteredProviderFound")
