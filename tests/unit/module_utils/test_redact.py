# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is hidden, in which order. tests/functional/test_secrets*.py look at what comes out of the modules."""

from __future__ import annotations

from ansible.module_utils.common.parameters import remove_values
from ansible_collections.azureml.compute.plugins.module_utils._core import redact


def test_the_longest_secret_goes_first() -> None:
    """A pass phrase and a key that holds it: replaced the other way round, the rest of the key would stay (ansible-core 2.19.0 to 2.19.9)."""
    secrets = redact.Secrets({"hunter", "hunter2-and-the-rest"})
    secrets |= {"hunter2"}
    secrets.update(["hunter2-and"])
    assert list(secrets) == ["hunter2-and-the-rest", "hunter2-and", "hunter2", "hunter"]
    assert remove_values("It was hunter2-and-the-rest.", secrets) == "It was ********."
