# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: aml_short
type: stdout
short_description: Ansible's default output without the lines about included tasks
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Shows what P(ansible.builtin.default#callback) shows, with the same options, but not the lines C(included) with the path of a file of tasks or the
    name of a role, which no option of that plugin hides. With O(display_ok_hosts=false), it hides the titles of the tasks that include too.
  - The playbooks and roles of this collection include what not every run needs. With O(display_ok_hosts=false) and O(display_skipped_hosts=false), a run
    then shows only what changed and what failed. C(examples/ansible.cfg) of the collection has these settings.
  - Of a failure of this collection's modules, Ansible shows the message, and then the whole result, in which the message and each target of a fleet are
    repeated. This plugin shows the rest of the C(failure) block in place of that result, and of a failed P(ansible.builtin.assert#module) only the message.
    With C(-v), it shows all of it.
requirements:
  - set as C(stdout_callback) in C(ansible.cfg), or as E(ANSIBLE_STDOUT_CALLBACK)
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
"""

import collections.abc as c
import typing as t

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default


class CallbackModule(Default):  # type: ignore[misc]  # ansible-core has no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "azureml.compute.aml_short"

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Show no title of a task that includes others, if titles of tasks that change nothing are hidden."""
        if self.get_option("display_ok_hosts") or not isinstance(result.task, TaskInclude):
            super().v2_runner_on_ok(result)

    def v2_playbook_on_include(self, included_file: t.Any) -> None:
        """Show nothing."""

    def _dump_results(self, result: c.Mapping[str, t.Any], *arguments: t.Any, **options: t.Any) -> t.Any:
        """Omit what the message of a failure, which is shown before its result, has said."""
        failure = result.get("failure")
        if self._display.verbosity == 0 and "msg" in result and isinstance(failure, c.Mapping):
            said = (
                ("message", "hint") if isinstance(failure.get("details"), c.Mapping) else ("message", "hint", "details")
            )
            result = {
                "failure": {key: value for key, value in failure.items() if key not in said and value is not None}
            }
        elif self._display.verbosity == 0 and "msg" in result and "evaluated_to" in result:
            result = {"msg": result["msg"]}
        return super()._dump_results(result, *arguments, **options)
