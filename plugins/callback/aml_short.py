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
    repeated. This plugin shows the rest of the C(failure) block in place of that result, without null values, and of a failed
    P(ansible.builtin.assert#module) only the message.
  - In a diff, each item of a list of more than 3 named items, such as the security rules of a network, has one line, with O(result_format=yaml). An item
    that differs is shown in full.
  - With C(-v), results and diffs are shown as P(ansible.builtin.default#callback) shows them.
requirements:
  - set as C(stdout_callback) in C(ansible.cfg), or as E(ANSIBLE_STDOUT_CALLBACK)
extends_documentation_fragment:
  - ansible.builtin.default_callback
  - ansible.builtin.result_format_callback
"""

import collections.abc as c
import re
import typing as t
import uuid

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default

from ..module_utils._console.named_items import shortened


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
            result = {"failure": _without_null({key: failure[key] for key in failure if key not in _said(result)})}
        elif self._display.verbosity == 0 and "msg" in result and "evaluated_to" in result:
            result = {"msg": result["msg"]}
        return super()._dump_results(result, *arguments, **options)

    def _get_diff(self, difflist: t.Any) -> t.Any:
        """Show one line for each named item of a long list."""
        diffs = difflist if isinstance(difflist, list) else [difflist]
        if self._display.verbosity == 0 and self.get_option("result_format") == "yaml":
            diffs = [self._short_diff(diff) for diff in diffs]
        return super()._get_diff(diffs)

    def _short_diff(self, diff: c.Mapping[str, t.Any]) -> c.Mapping[str, t.Any]:
        before, after = diff.get("before"), diff.get("after")
        if not isinstance(before, c.Mapping) or not isinstance(after, c.Mapping):
            return diff
        return {**diff, "before": self._short_text(before, after), "after": self._short_text(after, before)}

    def _short_text(self, value: c.Mapping[str, t.Any], other: c.Mapping[str, t.Any]) -> str:
        """The YAML of one side of a diff. The dumper would break and quote the long lines, so it gets names in their places."""
        lines: dict[str, str] = {}
        prefix = f"line-{uuid.uuid4().hex}-"

        def placeholder(line: str) -> str:
            name = f"{prefix}{len(lines)}"
            lines[name] = line
            return name

        text = str(self._serialize_diff(shortened(value, other, placeholder)))
        return re.sub(rf"{prefix}\d+", lambda match: lines[match[0]], text)


def _said(result: c.Mapping[str, t.Any]) -> tuple[str, ...]:
    """The keys of the failure whose values the displayed message has. Ansible displays no message of the module where ``failed_when`` has failed the task."""
    said = () if result.get("failed_when_result") else ("message", "hint")
    logs = isinstance(result["failure"].get("details"), c.Mapping)
    return said if logs else (*said, "details")


def _without_null(value: t.Any) -> t.Any:
    if isinstance(value, c.Mapping):
        return {key: _without_null(part) for key, part in value.items() if part is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
