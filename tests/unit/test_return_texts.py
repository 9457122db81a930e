# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Return values that many modules have are documented in the same words."""

from __future__ import annotations

import yaml
from ansible_collections.azureml.compute.scripts import return_texts

MODULE = '''DOCUMENTATION = r"""
failure:
  description: not this one
"""
RETURN = r"""
own:
  description: Its own.
failure:
  description: Old.
  sample: {}
"""
'''


def test_the_modules_are_current() -> None:
    assert return_texts.stale() == [], "run make options"


def test_a_text_takes_the_place_of_the_return_value_alone() -> None:
    text = "failure:\n  description: New.\n"
    assert return_texts.replaced(MODULE, {"failure": text, "other": "other:\n  type: str\n"}) == MODULE.replace(
        "failure:\n  description: Old.\n  sample: {}\n", text
    )


def test_every_text_is_one_of_every_module_that_fails() -> None:
    texts = yaml.safe_load(return_texts.TEXTS.read_text())
    modules = [path.read_text() for path in return_texts.MODULES.glob("*.py")]
    used = {name: sum(f"\n{name}:\n" in module for module in modules) for name in texts}
    assert used["failure"] == len(modules) and min(used.values()) > 5
