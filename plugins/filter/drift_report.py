# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: drift_report
short_description: Create a drift report from results of this collection
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Combines the results of M(azureml.compute.aml_fleet) in check mode and of the info modules into one report, as the playbook
    C(azureml.compute.drift_report) registers them.
  - Reads only its input, and sends no request.
positional: form
options:
  _input:
    description:
      - With O(form=data) the results. C(generated) (the time), C(name) (of the fleet), C(fleet) (of M(azureml.compute.aml_fleet) in check mode),
        and C(found) (of M(azureml.compute.aml_fleet_info) for the same document).
      - With O(form=merged) C(reports), a list of reports on subsets of one document, and C(previous), the previous report, which shows since when
        a difference has existed.
      - With the other forms a report, which is what O(form=data) and O(form=merged) return.
    type: dict
    required: true
  form:
    description:
      - V(data) is the report, and V(merged) one of several. V(text) (for a terminal), V(markdown) and V(html) render it. The page of V(html) loads
        nothing from other places.
      - V(junit) is XML for pipelines, with a test case for each compute target, which fails if the target differs. V(csv) has a line for each.
    type: str
    choices: [data, merged, text, markdown, html, junit, csv]
    default: data
"""

EXAMPLES = r"""
- name: Write the HTML page of a report that was stored as JSON
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', 'drift.json') | from_json | azureml.compute.drift_report('html') }}"
    dest: drift.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description:
    - The text, or with O(form=data) and O(form=merged) a dictionary with C(generated), C(fleet), C(previous), C(document), C(drifted), C(priced),
      C(currency), C(totals), C(workspaces), C(kinds), C(targets), C(usages) and C(usages_unread).
  type: raw
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ..module_utils._core import shape
from ..module_utils._core.errors import AmlError
from ..module_utils._report import document, markdown, page, pipelines, text
from ..module_utils._report.rows import Report

_TEXTS: dict[str, t.Callable[[Report], str]] = {
    "text": text.text,
    "markdown": markdown.markdown,
    "html": page.page,
    "junit": pipelines.junit,
    "csv": pipelines.table,
}
_INPUTS = {"data": shape.REPORTED, "merged": shape.REPORTS, **dict.fromkeys(_TEXTS, shape.REPORT)}


def drift_report(given: dict[str, t.Any], form: str = "data") -> t.Any:
    if form not in _INPUTS:
        raise AnsibleFilterError(f"azureml.compute.drift_report: form is {', '.join(_INPUTS)}, not {form!r}.")
    try:
        with shape.reading(given, _INPUTS[form]):
            return _made(given, form)
    except AmlError as error:
        raise AnsibleFilterError(f"azureml.compute.drift_report: {error.message}") from error


def _made(given: dict[str, t.Any], form: str) -> t.Any:
    if form == "data":
        return document.build(given).to_dict()
    if form == "merged":
        reports = [Report.from_dict(report) for report in given["reports"]]
        return document.merge(reports, given.get("previous")).to_dict()
    return _TEXTS[form](Report.from_dict(given))


class FilterModule:
    """Reports."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"drift_report": drift_report}
