# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about playbooks and roles: ``make options`` writes them from the comments and the argument specs."""

from __future__ import annotations

import pytest
from ansible_collections.azureml.compute.scripts import docs_pages


def test_the_pages_are_current() -> None:
    assert [path.name for path in docs_pages.stale()] == [], "run make options"


def test_there_is_a_page_for_each_playbook_and_role() -> None:
    names = {path.stem for path in docs_pages.pages()}
    assert {"playbook_fleet", "playbook_teardown", "role_aml_network", "role_aml_workspace"} <= names and len(
        names
    ) >= 17


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["  ansible-playbook a -e @b.yml"], ".. code-block:: bash\n\n   ansible-playbook a -e @b.yml"),
        (
            ["aml_keep, aml_more  names", "          that are kept"],
            "``aml_keep``, ``aml_more``\n  names\n  that are kept",
        ),
        (["Text of aml_keep.", "aml_keep  names"], "Text of ``aml_keep``.\n\n``aml_keep``\n  names"),
        (["See docs/docsite/rst/guide_awx.rst."], "See :ref:`ansible_collections.azureml.compute.docsite.guide_awx`."),
    ],
)
def test_a_comment_becomes_text(lines: list[str], text: str) -> None:
    assert docs_pages.paragraph(lines) == text


def test_options_inside_of_options_are_indented() -> None:
    inner = {"size": {"type": "str", "required": True, "description": "The size, V(x) or O(y)."}}
    shown = list(
        docs_pages.option_lines(
            {"pools": {"type": "list", "elements": "dict", "description": ["All."], "options": inner}}
        )
    )
    assert shown[:4] == ["``pools`` (list of dict)", "  All.", "", "  ``size`` (str; required)"]
    assert shown[4] == "    The size, x or y."
