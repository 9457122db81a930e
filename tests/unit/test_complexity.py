# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of complexity (scripts/complexity.py) counts what ruff's does not, in functions, in methods and in functions inside them."""

from __future__ import annotations

import pytest

pytest.importorskip("radon", reason="missing: radon; requirements-dev.txt has it, ansible-test's environment does not")

from ansible_collections.azureml.compute.scripts import complexity

SOURCE = """
def plain(a):
    return a

class Table:
    def has(self, a, b, c):
        return [one for one in a if one and (b or c)] if a else []

    def outer(self, a):
        def inner(b):
            return b or a
        return inner
"""


def test_boolean_operators_comprehensions_and_inner_functions_count() -> None:
    found = {function.name: (function.line, function.complexity) for function in complexity.functions(SOURCE, "a.py")}
    assert found == {"plain": (2, 1), "Table.has": (6, 6), "Table.outer": (9, 1), "outer.inner": (10, 2)}
