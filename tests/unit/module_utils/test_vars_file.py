# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vars files hold exactly the values that were written, and no text in them is trusted. How Ansible loads them: ../plugins/on_controller_vars_file.py."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import AmlError
from ansible_collections.azureml.compute.plugins.module_utils._options import vars_file
from hypothesis import given
from hypothesis import strategies as st

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]

HARMLESS = [
    "", "cpu-cluster", "Standard_DS3_v2", "10.0.0.0/24", "2026-01-01", "12:30:00", "2026-01-01T00:00:00Z", "1e3", "0x1f", "0o17", "1_000", "+1", ".5",
    "true", "No", "off", "null", "a: b", "a,b", "/subscriptions/s/resourceGroups/g", "user@example.com", "-", "--", "---", "...", "@x",
]  # fmt: skip
HOSTILE = [
    "{{ 6 * 7 }}", "{% if x %}", "{# x #}", "#jinja2:variable_start_string:'[['", "lookup('pipe', 'id')", "a|length", "a[0]", "!vault", "!unsafe x", "!!str",
    "~", "=", "*x", "&x", "<<", "?", "a #b", "# b", " a", "a ", "\ta", "a\n", "a\nb\n\n", "a\r\nb", "\x85",
    "\u2028", "\u2029", "\ufeff", "\u00e9", "e\u0301", "\U0001f600", "\x00", "\x1b[0m", "\x7f",
    "%TAG", "`", "\"", "'", "\\", "\\n", "x" * 5000 + " {{ y }}" + " z" * 500, "$ANSIBLE_VAULT;1.1;AES256\n6161",
]  # fmt: skip


def load(text: str, loader: t.Any) -> tuple[t.Any, list[str]]:
    """The values, and those texts that are tagged."""
    tagged: list[str] = []

    class Loader(loader):  # type: ignore[misc]
        pass

    def unsafe(_loader: t.Any, node: yaml.ScalarNode) -> str:
        tagged.append(node.value)
        return str(node.value)

    Loader.add_constructor("!unsafe", unsafe)
    return yaml.load(text, Loader=Loader), tagged  # noqa: S506


@pytest.mark.parametrize("loader", LOADERS)
def test_what_could_be_a_template_is_tagged_and_plain_words_are_not(loader: t.Any) -> None:
    value = {"aml_tags": {text: text for text in HARMLESS + HOSTILE}, "rows": [[text] for text in HARMLESS + HOSTILE]}
    text = vars_file.dump(value)
    loaded, tagged = load(text, loader)
    assert loaded == value and list(loaded["aml_tags"]) == list(value["aml_tags"])
    assert sorted(tagged) == sorted(HOSTILE * 3)
    assert text.isascii() and text.startswith("---\n")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.recursive(SCALARS, lambda below: st.lists(below) | st.dictionaries(st.text(), below)))
def test_every_value_is_read_back_exactly(value: t.Any) -> None:
    for loader in LOADERS:
        loaded, tagged = load(vars_file.dump({"value": value}), loader)
        assert loaded == {"value": value}
        assert all(set(text) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for text in tagged)


def test_a_value_that_occurs_twice_makes_no_alias() -> None:
    tags = {"a": "{{ b }}"}
    assert "&" not in vars_file.dump({"one": tags, "two": tags})


@pytest.mark.parametrize("value", [b"x", {1, 2}, object()])
def test_what_is_no_plain_value_is_refused_with_its_path(value: t.Any) -> None:
    with pytest.raises(AmlError, match=r"Cannot write a\.b\[1\] as YAML: it is of type"):
        vars_file.dump({"a": {"b": ["x", value]}})


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(AmlError, match="Cannot write a as YAML: its text has half of a surrogate pair"):
        vars_file.dump({"a": "\ud800"})
