# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook deploy_model: what it makes of the traffic that an endpoint has, as the service writes it.

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

init_plugin_loader()

LOADER = DataLoader()
PLAYBOOK = Path(__file__).resolve().parents[3] / "playbooks" / "deploy_model.yml"
Traffic = dict[str, int]


def evaluated(names: tuple[str, ...], **variables: t.Any) -> list[t.Any]:
    """Variables of the play, for the deployment green."""
    (play,) = LOADER.load_from_file(str(PLAYBOOK), trusted_as_template=True)
    known = {"aml_deploy_deployment": {"name": "green"}, "ansible_check_mode": False, **variables}
    templar = Templar(LOADER, variables={**play["vars"], **known})
    return [templar.template(play["vars"][name]) for name in names]


@pytest.mark.parametrize(
    ("traffic", "share", "others", "steps"),
    [
        ({}, 0, [], [100]),
        ({"blue": 100}, 0, ["blue"], []),
        ({"blue": 100, "green": 0}, 0, ["blue"], []),
        ({"blue": 0, "green": 0}, 0, [], [100]),
        ({"blue": 90, "Green": 10}, 10, ["blue"], []),
        ({"GREEN": 100, "blue": 0}, 100, [], []),
        ({"green-two": 60, "a-green": 40}, 0, ["green-two", "a-green"], []),
    ],
)
def test_which_deployments_get_traffic(traffic: Traffic, share: int, others: list[str], steps: list[int]) -> None:
    names = ("aml_deploy_share", "aml_deploy_others", "aml_deploy_last")
    found = evaluated(names, aml_deploy_read={"endpoints": [{"traffic": traffic}]})
    assert found[:2] == [share, others]
    # Only without another deployment does the new one get everything at once.
    assert others or found[2] == steps


@pytest.mark.parametrize(
    ("left", "foreign"),
    [
        ({"blue": 90, "green": 10}, False),
        ({"blue": 50, "green": 50}, False),
        ({"green": 50, "blue": 50}, False),
        ({"Blue": 50, "GREEN": 50}, False),
        ({"blue": 90, "green": 10, "old": 0}, False),
        ({"blue": 100, "green": 0}, True),
        ({"blue": 50, "green": 40, "old": 10}, True),
        ({}, True),
    ],
)
def test_whose_the_traffic_is_after_a_failure(left: Traffic, foreign: bool) -> None:
    """What the run has read or set, however it is written, is moved back; what someone else has set stays."""
    held, asked = {"blue": 90, "green": 10, "older": 0}, {"green": 50, "blue": 50}
    after = {"endpoints": [{"traffic": left}]}
    variables = {"aml_deploy_after": after, "aml_deploy_held": held, "aml_deploy_asked": asked}
    assert evaluated(("aml_deploy_foreign",), **variables) == [foreign]
    assert evaluated(("aml_deploy_foreign",), **{**variables, "ansible_check_mode": True}) == [False]


def test_the_last_step_is_known_without_the_share_of_zero() -> None:
    """Or a check that fails at the last step would leave all traffic at the deployment that failed it."""
    after = {"endpoints": [{"traffic": {"green": 100}}]}
    variables = {"aml_deploy_held": {"green": 50, "blue": 50}, "aml_deploy_asked": {"green": 100, "blue": 0}}
    assert evaluated(("aml_deploy_foreign",), aml_deploy_after=after, **variables) == [False]
