# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that need real sockets, processes and files; ``tests/faults`` has all that do not.

What azure-core makes of a broken socket is what the network of ``tests/faults`` makes of it; a module that is killed or terminated leaves
nothing that its next run does not find; a full disk fails nothing.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._arm.connections import transport_for
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import was_sent
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpRequest
from faults._network import FaultyAzure

from .conftest import Player, Simulator

SCRIPT = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.azureml.compute.plugins.modules import aml_compute_cluster
with patch_module_args(json.load(open(sys.argv[1]))):
    aml_compute_cluster.main()
"""
READ_TIMEOUT = 0.3
BROKEN: list[dict[str, t.Any]] = [
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "hang", "seconds": 2},
    {"kind": "delay", "seconds": 2},
    {"kind": "slow_body", "seconds": 2},
    {"kind": "truncate"},
    {"kind": "truncate", "whole": True},
    {"kind": "page"},
    {"kind": "content_type"},
]


def outcome(transport: t.Any, url: str) -> tuple[t.Any, ...]:
    """What a client sees: an error and whether the request may have been taken, or an answer."""
    try:
        response = transport.send(HttpRequest("GET", url), connection_timeout=5, read_timeout=READ_TIMEOUT)
    except AzureError as error:
        # What counts is whether the request may have been taken. Of a body that stops, requests makes either class of error, by who reads it.
        kind = (
            "not answered"
            if isinstance(error, (ServiceRequestError, ServiceResponseError)) and was_sent(error)
            else type(error)
        )
        return kind, was_sent(error)
    return response.status_code, response.headers["Content-Type"].partition(";")[0], response.content[:1]


@pytest.mark.parametrize("order", BROKEN, ids=lambda order: "-".join(map(str, order.values())))
def test_the_network_of_the_matrix_breaks_as_a_real_one(simulator: Simulator, order: dict[str, t.Any]) -> None:
    path = "/metadata/endpoints?api-version=2019-05-01"
    azure = FaultyAzure()
    azure.app.faults.put([order])
    simulator.control("PUT", "faults", [order])
    try:
        real = outcome(
            transport_for(simulator.environment["SSL_CERT_FILE"]), simulator.environment["AML_SIMULATOR_URL"] + path
        )
        assert real == outcome(azure.transport(), "https://management.azure.com" + path)
    finally:
        simulator.control("DELETE", "faults")
        azure.app.close()


@pytest.fixture
def arguments(player: Player, tmp_path: Path) -> Path:
    """A cluster's arguments in a file, for a process of the module's own."""
    player.simulator.make_workspace(player.group, "ws-one")
    place = {"resource_group": player.group, "workspace": "ws-one"}
    options = {**place, "name": "cpu-cluster", "size": "Standard_DS2_v2", "max_instances": 1, "wait_interval": 0.2}
    path = tmp_path / "arguments.json"
    path.write_text(json.dumps({**options, "_ansible_remote_tmp": str(tmp_path)}))
    return path


def start(player: Player, arguments: Path, **options: t.Any) -> subprocess.Popen[str]:
    environment = {**player.simulator.environment, **options.pop("env", {})}
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(arguments)], env=environment, stdout=subprocess.PIPE, text=True, **options
    )


def finish(process: subprocess.Popen[str]) -> dict[str, t.Any]:
    out, _err = process.communicate(timeout=120)
    result: dict[str, t.Any] = json.loads(out.strip().splitlines()[-1])
    assert process.returncode == 0, result
    return result


def puts(player: Player, mark: int) -> list[dict[str, t.Any]]:
    return [
        row
        for row in player.simulator.requests(mark)
        if row["method"] == "PUT" and row["path"].endswith("/cpu-cluster")
    ]


def test_killed_or_terminated_the_next_run_joins_and_a_full_disk_fails_nothing(player: Player, arguments: Path) -> None:
    config = player.simulator.control("GET", "config")["seconds"]["cluster.create"]
    player.simulator.control("PUT", "config", {"seconds": {"cluster.create": 1e6}})
    mark = player.simulator.mark()
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            process = start(player, arguments)
            seen = len(player.simulator.requests(mark))
            deadline = time.monotonic() + 60
            # Once a run has begun to look at what is under way, it waits.
            while not (puts(player, mark) and len(player.simulator.requests(mark)) > seen + 3):
                assert process.poll() is None and time.monotonic() < deadline
            process.send_signal(number)
            process.communicate(timeout=60)
            assert process.returncode == -number
    finally:
        player.simulator.control("PUT", "config", {"seconds": {"cluster.create": config}})
    player.simulator.control("PUT", "clock", {"advance": 2e6})
    joined = finish(start(player, arguments))
    assert not joined["changed"] and joined["compute"]["provisioning_state"] == "Succeeded"
    assert [row["status"] for row in puts(player, mark)] == [201]
    # No byte can be written to any file.
    full = finish(start(player, arguments, env={"AML_PROGRESS_FILE": "/dev/full"}, preexec_fn=_no_room))
    assert not full["changed"] and "warnings" not in full


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_fleet_whose_progress_cannot_be_written(player: Player, arguments: Path) -> None:
    given = json.loads(arguments.read_text())
    computes = [{"type": "amlcompute", "name": "cpu-fleet", "size": "Standard_DS2_v2", "max_instances": 1}]
    fleet = {
        "workspaces": [{"name": "ws-one", "resource_group": given["resource_group"], "computes": computes}],
        "_ansible_remote_tmp": "/tmp",
    }
    arguments.write_text(json.dumps(fleet))
    script = SCRIPT.replace("aml_compute_cluster", "aml_fleet")
    environment = {**player.simulator.environment, "AML_PROGRESS_FILE": "/dev/full"}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=_no_room,
    )
    assert finish(process)["totals"]["create"] == 1
