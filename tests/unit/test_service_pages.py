# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about the service are those of the tables."""

from __future__ import annotations

from ansible_collections.azureml.compute.scripts import service_pages


def test_the_pages_are_current() -> None:
    assert service_pages.problems() == []
