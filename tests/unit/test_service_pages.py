# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about the service are those of the tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.scripts import service_pages
from azureml_simulator.acceptance import guesses, record


def test_the_pages_are_current() -> None:
    assert service_pages.problems() == []


@pytest.mark.parametrize(("against", "confirmed"), [(record.AZURE, True), ("a simulator", False)])
def test_only_a_recording_of_azure_confirms(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, against: str, confirmed: bool
) -> None:
    answer = {"status": 400, "headers": {}, "body": {"error": {"code": "InvalidApiVersionParameter", "message": "m"}}}
    request = {"method": "GET", "path": "/subscriptions", "version": "2199-01-01", "follow": True}
    exchange = {"name": "reading.unknown-version", "request": request, "answer": answer, "polls": []}
    recording = {"made": "2027-01-01", "against": against, "location": "eastus", "targets": {}, "exchanges": [exchange]}
    (tmp_path / "one.json").write_text(json.dumps({"format": record.FORMAT, **recording}))
    monkeypatch.setattr(service_pages, "RECORDINGS", tmp_path)
    monkeypatch.setattr(service_pages.compare, "GUESSES", [guesses.BY_PATH["unknown_api_version"]])
    page = service_pages.confirmed_page()
    row = next(line for line in page.splitlines() if line.startswith("| `unknown_api_version`"))
    assert ("2027-01-01" in page) == confirmed == ("'InvalidApiVersionParameter'" in row.split("|")[3])
