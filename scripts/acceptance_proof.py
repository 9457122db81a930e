# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the acceptance walk from simulators that guess otherwise: each comparison finds exactly the guesses that were changed.

    python -m scripts.acceptance_proof

The rounds: no guess changed, all, and each half of them. The exit status is 1 when a guess is missing, is reported without having been changed, or is not
seen by the walk.
"""

from __future__ import annotations

import json
import sys
import typing as t

from azureml_simulator import App
from azureml_simulator.acceptance import compare, guesses, record, walk
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
GROUP, SUFFIX = f"{SUB}/resourceGroups/rg-users", "qxyvk"
TARGETS = {
    kind: f"{GROUP}/providers/{path}/mine"
    for kind, path in {
        "Kubernetes": "Microsoft.Kubernetes/connectedClusters",
        "Databricks": "Microsoft.Databricks/workspaces",
        "DataFactory": "Microsoft.DataFactory/factories",
        "DataLakeAnalytics": "Microsoft.DataLakeAnalytics/accounts",
    }.items()
}
# Values that a service could have, where any value is possible.
FREE: dict[str, t.Any] = {
    "default_vm_size": "STANDARD_E4S_V3",
    "patch_without_change_status": 202,
    "unsigned_poll.status": 403,
}
# With signatures that are not checked, an unsigned poll is not refused: the texts of its refusal are then not seen.
APART = {"signed_polls"}


def other(guess: guesses.Guess) -> t.Any:
    """A value beside the default."""
    if not guess.free:
        return guess.others[0]
    return FREE.get(guess.path, f"Other {guess.path}" if guess.others == (guesses.PROBE,) else 409)


def recorded(changed: dict[str, t.Any]) -> dict[str, t.Any]:
    """The walk on a simulator with these guesses, as its file has it."""
    app = App()
    app.configure({"clock": {"speed": 0.0}})
    for path, value in changed.items():
        app.configure(guesses.change(path, value))
    app.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"})
    for target in TARGETS.values():
        kind = "/".join(target.split("/")[6:8])
        document = {
            "name": "mine",
            "type": kind,
            "location": "eastus",
            "properties": {"provisioningState": "Succeeded"},
        }
        app.store.put(target, document)
    values = {"sub": SUB, "group": GROUP, "loc": "eastus", "n": SUFFIX, "tenant": TENANT}
    masks = record.masks_for(DEFAULT_SUBSCRIPTION, TENANT, "rg-users", SUFFIX, TARGETS)
    recorder = record.Recorder(app.call, app.clock.advance, values, masks, now=app.clock.now, interval=30.0)
    recorder.walk(walk.STEPS, TARGETS)
    hidden = {kind: record.masked_target(target) for kind, target in TARGETS.items()}
    recording = {"format": record.FORMAT, "location": "eastus", "targets": hidden, "exchanges": recorder.exchanges}
    return dict(json.loads(json.dumps(recording)))


def differs(changed: dict[str, t.Any]) -> tuple[int, int]:
    """How many of the changed guesses a comparison misses, and how many others it reports."""
    reported = {one.guess: one.value for one in compare.compare(recorded(changed)).verdicts if one.other}
    missing, more = {*changed.items()} - {*reported.items()}, {*reported.items()} - {*changed.items()}
    for title, items in (("missing", missing), ("too many", more)):
        if items:
            print(f"  - {title}: {sorted(items, key=str)}")
    return len(missing), len(more)


def main() -> int:
    first = compare.compare(recorded({}))
    seen = [verdict.guess for verdict in first.verdicts if verdict.settled]
    unseen = [verdict.guess for verdict in first.verdicts if not verdict.settled]
    bad = len(first.differences) + sum(verdict.other for verdict in first.verdicts) + len(unseen)
    print(
        f"- nothing changed: {first.same} facts, {len(first.differences)} differ, {len(seen)} of {len(first.verdicts)} guesses seen"
    )
    paths = [path for path in seen if path not in APART]
    for name, some in (
        ("all", paths),
        ("one half", paths[::2]),
        ("the other half", paths[1::2]),
        ("apart", sorted(APART)),
    ):
        missing, more = differs({path: other(guesses.BY_PATH[path]) for path in some})
        print(f"- {name} changed: {len(some)} guesses, {missing} missing, {more} too many", flush=True)
        bad += missing + more
    print(f"- not seen by the walk: {', '.join(unseen) or 'none'}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
