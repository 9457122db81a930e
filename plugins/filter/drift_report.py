# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: drift_report
short_description: Make a drift report of what the modules of this collection found
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Puts the results of M(azureml.compute.aml_fleet) in check mode and of the modules that look beside each other, as the playbook
    C(azureml.compute.drift_report) registers them.
  - Reads nothing but its input, and asks no service.
positional: form
options:
  _input:
    description:
      - With O(form=data) the results. C(generated) (the time), C(name) (of the fleet), C(fleet) (of M(azureml.compute.aml_fleet) in check mode),
        C(found) (of M(azureml.compute.aml_fleet_info) for the same document), and C(previous) (the report before this one).
      - With the other forms a report, which is what O(form=data) returns.
    type: dict
    required: true
  form:
    description:
      - V(data) is the report. V(markdown) and V(html) write it out. The page of V(html) needs nothing from elsewhere.
    type: str
    choices: [data, markdown, html]
    default: data
"""

EXAMPLES = r"""
- name: The page of a report that was kept as JSON
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'drift.json') | from_json | azureml.compute.drift_report('html') }}"
    dest: drift.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description:
    - The text, or with O(form=data) a dictionary with C(generated), C(fleet), C(previous), C(drifted), C(priced), C(currency), C(totals),
      C(workspaces), C(kinds), C(targets), C(usages) and C(usages_unread).
  type: raw
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils import _report, _report_html


def drift_report(given: dict[str, t.Any], form: str = "data") -> t.Any:
    if form == "data":
        report = _report.build(given)
        return {**report, "drifted": _report.drifted(report)}
    if form == "markdown":
        return _report.markdown(given)
    if form == "html":
        return _report_html.page(given)
    raise AnsibleFilterError(f"azureml.compute.drift_report: form is data, markdown or html, not {form!r}.")


class FilterModule:
    """Reports."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"drift_report": drift_report}
