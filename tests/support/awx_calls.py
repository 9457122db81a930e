# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the calls of a playbook that configures AWX, with the arguments that the modules would get: an item of a loop is a call, and a skipped task is none.

    python tests/support/awx_calls.py PLAYBOOK VARS

A program, because Ansible's loader of plugins, which templates need, changes how a process finds collections.
"""

from __future__ import annotations

import json
import sys
import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar


def calls(playbook: str, variables: str) -> t.Iterator[dict[str, t.Any]]:
    loader = DataLoader()
    (play,) = loader.load_from_file(playbook, trusted_as_template=True)
    known = {**loader.load_from_file(variables, trusted_as_template=True), **play.get("vars", {})}
    for check in play.get("pre_tasks", []):
        templar = Templar(loader, variables={**known, **check["vars"]})
        checked = check["ansible.builtin.assert"]
        if not templar.evaluate_conditional(checked["that"]):
            sys.exit(templar.template(checked["fail_msg"]))
    for task in play["tasks"]:
        (module,) = [key for key in task if key.startswith("awx.awx.")]
        for item in Templar(loader, variables=known).template(task.get("loop", [None])):
            templar = Templar(loader, variables={**known, "item": item})
            if templar.evaluate_conditional(task.get("when", True)):
                arguments = {**play.get("module_defaults", {}).get(module, {}), **task[module]}
                yield {
                    "task": task["name"],
                    "module": module.removeprefix("awx.awx."),
                    "arguments": templar.template(arguments),
                }


if __name__ == "__main__":
    init_plugin_loader()
    print(json.dumps(list(calls(*sys.argv[1:]))))
