# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of a Python file that people read at run time, for the commands that check them."""

from __future__ import annotations

import ast
import typing as t


def messages(tree: ast.Module) -> t.Iterator[ast.Constant | ast.JoinedStr]:
    """The strings and f-strings of a file. Docstrings are none, and what stands inside an f-string is a part of it."""
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and id(node) not in apart:
            yield node
