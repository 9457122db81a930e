# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report of ``aml_fleet``: made in the task that has read the workspaces, so that they are read once, and no variable has to hold them."""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from .._core import files, redact, shape
from .._core.errors import AmlError
from .._fleet.contents import read_contents
from .._fleet.observer import Listing
from .._fleet.result import Fleet
from .._module.result import Result
from .._module.task import Task
from .._report import document, markdown, page, pipelines, text
from .._report.rows import Report

DATA = "drift.json"
# In bytes: of 10,000 targets with many differences.
LARGEST_REPORT = 64 * 1024 * 1024
# By the suffix of the file.
_FORMS: dict[str, t.Callable[[Report], str]] = {
    "md": markdown.markdown,
    "html": page.page,
    "xml": pipelines.junit,
    "csv": pipelines.table,
}


def report(task: Task, fleet: Fleet, listings: t.Iterable[Listing]) -> Result:
    """The part of the result about the report, which is in ``report_folder`` then. ``listings`` are what the fleet was planned by."""
    params = task.params
    contents = read_contents(
        task.client, fleet.workspaces, params["parallelism"], with_usages=True, listings=listings
    ).to_dict()
    facts = {
        "generated": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": params["name"],
        "fleet": fleet.to_dict(),
        "found": contents,
    }
    redact.hide_variables(facts)
    made = document.build(facts)
    folder = os.path.abspath(params["report_folder"]) if params["report_folder"] else None
    merged = _merged(made, os.path.join(folder, DATA), task.warnings) if folder else document.merge([made])
    data = task.masked(merged.to_dict())
    # All forms are of what may be shown.
    masked = Report.from_dict(data)
    if folder:
        _write(folder, data, masked)
    shown = {
        "drifted": data["drifted"],
        "folder": folder,
        "totals": data["totals"],
        "text": text.text(masked).splitlines(),
    }
    return {"drift": shown, **({"report": data} if params["report"] else {})}


def _merged(made: Report, path: str, warnings: list[str]) -> Report:
    """With the report that was written to ``path`` before. Without one, no difference is older than this report."""
    try:
        previous = json.loads(files.read_text(path, LARGEST_REPORT))
        with shape.reading({"reports": [], "previous": previous}, shape.REPORTS):
            return document.merge([made], previous)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError, AmlError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        warnings.append(f"{path} is not used as the previous report: {reason}. Differences have no earlier date.")
    return document.merge([made])


def _write(folder: str, data: dict[str, t.Any], made: Report) -> None:
    texts = {
        DATA: json.dumps(data, indent=4) + "\n",
        **{f"drift.{suffix}": form(made) for suffix, form in _FORMS.items()},
    }
    try:
        os.makedirs(folder, exist_ok=True)
        for name, text in texts.items():
            files.write(os.path.join(folder, name), text, mode=0o644)
    except OSError as error:
        raise AmlError(
            f"The report cannot be written to {folder}: {error.strerror}.",
            code="FileNotWritable",
            hint="Correct report_folder.",
        ) from error
