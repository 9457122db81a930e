# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task's result (each loop item's own) as JSON, for the tests to read: [[task name, result], ...]."""

from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: aggregate
short_description: Results of tasks as JSON for the tests
description: Writes each task's result to the file that E(AML_TEST_REPORT) names.
"""

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.results = []

    def _keep(self, result):
        items = result._result.get("results")
        if not isinstance(items, list) or not any(
            "ansible_loop_var" in item for item in items if isinstance(item, dict)
        ):
            items = [result._result]
        for item in items:
            self.results.append(
                [result._task.get_name().removeprefix("azureml.compute."), json.loads(json.dumps(item, default=str))]
            )

    def v2_runner_on_ok(self, result):
        self._keep(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._keep(result)

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["AML_TEST_REPORT"], "w") as report:
            json.dump(self.results, report)
