# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles pass on what the modules have: ``make options`` writes it, and nothing is forgotten."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._options.kind_specs import KIND_SPECS
from ansible_collections.azureml.compute.scripts import role_options


def test_the_generated_parts_are_current() -> None:
    assert role_options.stale() == [], "run make options"


def test_what_can_be_declared_of_a_target_can_be_given_to_the_role() -> None:
    """The list of the role takes entries of all kinds: each option of each kind is one of its options."""
    document = yaml.safe_load((role_options.ROOT / "roles/aml_compute/meta/argument_specs.yml").read_text())
    taken = set(document["argument_specs"]["main"]["options"]["aml_computes"]["options"])
    assert {name for spec in KIND_SPECS.values() for name in spec} - taken == set()


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("Of O(a.b[]=c), V(x) and C(y z).", "Of a.b[]=c, x and y z."),
        (["The first L(page,https://example.org) of M(a.b.c).", "The second."], "The first page of a.b.c."),
    ],
)
def test_the_text_is_the_first_paragraph_without_markup(description: str | list[str], text: str) -> None:
    assert role_options.plain(description) == text


def test_what_one_module_does_not_need_is_not_required() -> None:
    inner = {"type": "str", "required": True}
    one: role_options.Spec = {"group": {"type": "dict", "options": {"a": inner, "b": inner}}}
    other: role_options.Spec = {"group": {"type": "dict", "options": {"a": inner, "b": {"type": "str"}, "c": inner}}}
    options = role_options.union([one, other])["group"]["options"]
    assert {name: bool(row.get("required")) for name, row in options.items()} == {"a": True, "b": False, "c": False}
