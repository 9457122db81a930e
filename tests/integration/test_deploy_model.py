# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook deploy_model: no traffic for what fails its check; an interrupted run continues; a run after it changes nothing."""

from __future__ import annotations

import json
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.azureml.compute.tests.support.awx import PROJECT

from .conftest import Player

BLUE = {"model": "azureml:iris:3", "instance_type": "Standard_DS3_v2", "instance_count": 1}


def move_when_asked(player: Player, endpoint: str, traffic: dict[str, int]) -> None:
    """Move the traffic after the first request to the deployment, which then answers as it should."""
    azure, until = player.simulator, time.monotonic() + 120
    since = azure.mark()
    while not any(row["path"].endswith("/score") for row in azure.requests(since)):
        assert time.monotonic() < until, "No request was sent to the deployment."
        time.sleep(0.2)
    shares = {"authMode": "Key", "traffic": traffic}
    azure.arm("PUT", endpoint, body={"location": "eastus", "properties": shares})
    azure.control("PUT", "config", {"serving": {"answers": {"green": {"status": 200, "body": {"class": 1}}}}})


def test_blue_and_green(player: Player) -> None:
    home = player.make_workspace("ws-serve")
    azure, endpoint = player.simulator, f"{home}/onlineEndpoints/iris-{player.group[3:]}"
    properties = {"endpointComputeType": "Managed", "model": f"{home}/models/iris/versions/3"}
    azure.arm("PUT", endpoint, body={"location": "eastus", "properties": {"authMode": "Key"}})
    blue = {"location": "eastus", "sku": {"name": "Default", "capacity": 1}, "properties": properties}
    azure.arm("PUT", f"{endpoint}/deployments/blue", body=blue)
    # What an interrupted run leaves: a part of the traffic is still to be moved.
    azure.arm("PUT", f"{endpoint}/deployments/green", body=blue)
    shares = {"authMode": "Key", "traffic": {"blue": 90, "green": 10}}
    azure.arm("PUT", endpoint, body={"location": "eastus", "properties": shares})

    def traffic() -> t.Any:
        return azure.arm("GET", endpoint)["properties"]["traffic"]

    def deploy(**more: t.Any) -> t.Any:
        variables = {
            "aml_resource_group": player.group,
            "aml_workspace": {"name": "ws-serve"},
            "aml_deploy_endpoint": {"name": endpoint.rpartition("/")[2]},
            "aml_deploy_deployment": {"name": "green", **BLUE},
            "aml_deploy_steps": "10,50,100",
            "aml_deploy_attempts": 1,
            **more,
        }
        return player.playbook("azureml.compute.deploy_model", "-e", json.dumps(variables), ok=False)

    azure.control("PUT", "config", {"serving": {"answers": {"green": {"status": 500, "body": "no"}}}})
    failed = deploy()
    assert failed.code and "was answered with the status 424" in failed.text
    assert "All traffic goes to blue." in failed.text and traffic() == {"blue": 100}
    # Someone else moves traffic while the deployment is checked.
    theirs = {"blue": 70, "green": 30}
    with ThreadPoolExecutor() as pool:
        moved = pool.submit(move_when_asked, player, endpoint, theirs)
        stopped = deploy(aml_deploy_attempts=9)
        moved.result()
    assert stopped.code and traffic() == theirs and "another writer has moved its traffic" in stopped.text
    assert "Someone else has moved the traffic, which stays as it is" in stopped.text
    key = azure.arm("POST", f"{endpoint}/listKeys")["primaryKey"]
    done = deploy(aml_deploy_expected="class", aml_deploy_remove="blue")
    assert done.code == 0 and traffic() == {"green": 100} and key not in failed.text + done.text
    assert done.changed == 3
    # The job of AWX, whose survey has the same answers.
    survey = {
        "aml_declaration": "vision",
        "aml_resource_group": player.group,
        "aml_workspace": {"name": "ws-serve"},
        "deploy_endpoint": endpoint.rpartition("/")[2],
        "deploy_name": "green",
        "deploy_model": BLUE["model"],
        "deploy_environment": "",
        "deploy_instance_type": BLUE["instance_type"],
        "deploy_instance_count": 1,
        "aml_deploy_steps": "10,50,100",
        "aml_deploy_request": '{"data": []}',
        "aml_deploy_expected": "class",
        "aml_deploy_remove": "blue",
    }
    again = player.playbook(str(PROJECT / "deploy.yml"), "-e", json.dumps(survey))
    assert again.changed == 0
