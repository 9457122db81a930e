# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping that came as text is read as AnsibleModule reads it, or secrets in it would not be found."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.validation import check_type_dict
from ansible_collections.azureml.compute.plugins.module_utils._core.text_mapping import mapping_of
from hypothesis import example, given
from hypothesis import strategies as st


def ansibles(text: str) -> dict[str, t.Any] | None:
    try:
        found: dict[str, t.Any] = check_type_dict(text)
    except TypeError:
        return None
    return found


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("a=1, b=2", {"a": "1", "b": "2"}),
        ("a='1 2' b=c=d", {"a": "1 2", "b": "c=d"}),
        ('{"a": {"b": [1, null]}}', {"a": {"b": [1, None]}}),
        ("{'a': None}", {"a": None}),
        ("{a: 1}", None),
        ("a=1 b", None),
        ("text", None),
        ("", None),
    ],
)
def test_what_is_read(text: str, mapping: dict[str, t.Any] | None) -> None:
    assert mapping_of(text) == mapping == ansibles(text)


@given(
    st.one_of(
        st.text(), st.text(alphabet="ab= ,'\"\\{}:1"), st.text(alphabet="ab= ,'\"\\").map(lambda text: f"a={text}")
    )
)
@example("=")
@example(" = ")
@example("a=1,")
@example("{'a', 'b'}")
@example("{" * 300)
def test_every_text_is_read_as_ansible_module_reads_it(text: str) -> None:
    assert mapping_of(text) == ansibles(text)
