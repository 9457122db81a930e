# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator guesses, and which other values a comparison tries for each guess.

tests/conformance/facts/guesses.yml describes them; a test compares it with this table and with the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What stands in a text or a code that a comparison looks for.
PROBE = "~probe~"


@dataclass(frozen=True)
class Guess:
    """A leaf of `guesses` in the configuration. `others`: the values beside the default. `free`: any value is possible, and the other one is a probe that shows
    where the value is seen."""

    path: str
    others: tuple[Any, ...]
    free: bool = False


def _text(path: str) -> Guess:
    return Guess(path, (PROBE,), free=True)


def _status(path: str) -> Guess:
    return Guess(path, (418,), free=True)


GUESSES: tuple[Guess, ...] = (
    Guess("unknown_api_version", ("InvalidApiVersionParameter",)),
    Guess("vnet_put_without_subnets", ("delete",)),
    _text("deployment_not_cancellable_code"),
    Guess("workspace_immutable", ("ignore",)),
    _text("conflict_code"),
    _text("compute_not_found.code"),
    Guess("default_vm_size", ("STANDARD_DS11_V2",), free=True),
    _status("patch_without_change_status"),
    Guess("recreate_keeps_old_size", (True,)),
    Guess("signed_polls", (False,)),
    Guess("trailing_dash", ("refuse",)),
    _status("unsigned_poll.status"),
    _text("unsigned_poll.code"),
    _text("unsigned_poll.message"),
    _text("subnet.not_found"),
    _status("datastore.replaced_status"),
    Guess("instance.put_schedules", ("take", "ignore")),
    Guess("instance.detach", ("delete",)),
    Guess("instance.start_when_running", ("succeed",)),
    Guess("instance.stop_when_stopped", ("succeed",)),
    Guess("instance.restart_when_stopped", ("succeed",)),
    Guess("instance.update_schedules", ("add",)),
    Guess("kubernetes.same_namespace", ("accept",)),
    _status("attach.missing.status"),
    _text("attach.missing.code"),
    _text("attach.missing.message"),
    Guess("attach.twice", ("accept",)),
    Guess("attach.retired", ("refuse",)),
    Guess("api_versions.write", ("refuse", "store")),
    Guess("api_versions.read", ("show",)),
)
# No call of the walk can show these.
NOT_COMPARED = {
    "aks.attached_twice": "the walk attaches no inference cluster",
    "aks.name_length_attached": "the walk attaches no inference cluster",
    "aks.name_length_created": "the walk creates no inference cluster",
    "batch_endpoint.operations": "the walk makes no batch endpoint",
    "batch_endpoint.retry_after": "the walk makes no batch endpoint",
    "attach.change_target": "needs a second target of the same type",
    "attach.delete_attached": "on the service it could delete the resource that is attached, which is the user's own",
    "kubernetes.without_extension": "the walk attaches clusters that have the extension",
    "attach.verb": "needs an identity that may only read the target",
    "datastore.other_kinds": "the walk makes no hub, project or feature store",
    "diagnostic_setting.destination_type": "the walk makes no diagnostic setting",
    "instance.name_taken_status": "needs a second workspace in the region",
    "instance.resize_states": "the walk resizes no instance",
    "instance.setup_codes": "needs an instance whose setup fails",
    "kubernetes_extension.protected_settings": "the walk installs no extension of a cluster",
    "missing_asset": "the walk makes no deployment",
    "poll_right": "needs an identity without permissions on the subscription",
    "quota_request.body": "the walk requests no quota, which people at Microsoft may have to decide",
    "quota_request.unknown_name": "the walk requests no quota, which people at Microsoft may have to decide",
    "region_unique_clusters": "needs a second workspace in the region",
    "subnet.location": "needs a network in another region",
    "subnet.subscription": "needs a network in another subscription",
}
BY_PATH = {guess.path: guess for guess in GUESSES}


def leaves(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The leaves of `guesses` by their paths."""
    by_path: dict[str, Any] = {}
    for name, value in config.items():
        path = f"{prefix}{name}"
        by_path |= leaves(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return by_path


def change(path: str, value: Any) -> dict[str, Any]:
    """The change of the configuration that sets a guess."""
    changed = value
    for name in reversed(["guesses", *path.split(".")]):
        changed = {name: changed}
    return dict(changed)
