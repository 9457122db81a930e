# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter plugin drift_report as a template finds it: one report in three forms.

Not collected by itself: test_on_a_controller.py runs it in a process of its own. What a report says is tested in ../module_utils/test_report.py.
"""
from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError
from ansible.plugins.loader import filter_loader, init_plugin_loader

init_plugin_loader()

GIVEN = {"generated": "2026-11-25T12:00:00Z", "name": "prod", "fleet": {"results": []}, "workspaces": [], "computes": [], "usages": []}


@pytest.fixture
def drift_report() -> t.Callable[..., t.Any]:
    found: t.Callable[..., t.Any] = filter_loader.get("azureml.compute.drift_report").j2_function
    return found


def test_three_forms_of_one_report(drift_report: t.Callable[..., t.Any]) -> None:
    report = drift_report(GIVEN)
    assert report["drifted"] is False
    assert report["generated"] == GIVEN["generated"]
    assert drift_report(report, "markdown").startswith("#")
    assert drift_report(report, "html").startswith("<!doctype html>")


def test_another_form_says_which_there_are(drift_report: t.Callable[..., t.Any]) -> None:
    with pytest.raises(AnsibleFilterError, match="form is data, merged, markdown or html, not 'pdf'"):
        drift_report({}, "pdf")
