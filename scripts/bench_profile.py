# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the CPU seconds of a run in process are spent on: of `aml_fleet` over 1,000 unchanged targets, of one item of a loop, and of the inventory.

The benchmark runs this file in a process of its own: ``python -m scripts.bench_profile MODULE ARGUMENTS.json RUNS`` prints the seconds of each part, and
``python -m scripts.bench_profile INVENTORY.yml`` those of an inventory. It is measured in the functions that the parts are, each without those of other
parts that it calls, in all threads.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import threading
import time
import typing as t
from collections import Counter
from pathlib import Path

from .bench_tools import Bench, spent
from .command import BIN, ROOT

_PLUGINS = "ansible_collections.azureml.compute.plugins"
# The part of each function, below module_utils. Where others import a function by its name, it is measured there.
PARTS = {
    "arguments, read and checked by AnsibleModule": ["_module.raw_module:RawModule.__init__"],
    "declarations: defaults, types, rules": ["_jobs.aml_fleet:read_document"],
    "sign-in": ["_arm.tokens:TokenSource._ask", "_auth.sources:sign_in"],
    "requests: azure-core, requests, TLS": ["_arm.transport:Transport.send"],
    "decoding of JSON": ["_arm.limits:parse_json"],
    "shape of the answers": ["_core.shape:items", "_core.shape:check"],
    "projection to options": ["_engine.kind:Kind.read", "_kinds.cluster:Cluster.read"],
    "comparison": ["_engine.plan:plan_present"],
    "result": ["_fleet.result:Fleet.short", "_fleet.result:Fleet.table", "_fleet.result:Fleet.failure"],
    "output: secrets hidden, JSON": ["_module.raw_module:RawModule.exit_json"],
}
REST = "everything else"
# The same for the inventory plugin; what it imports is measured at once, before it is used.
INVENTORY = "azureml.compute.aml_compute"
IMPORTS = "imports: this collection, azure-core, azure-identity"
INVENTORY_PARTS = {
    "requests: azure-core, requests, TLS": ["module_utils._arm.transport:Transport.send"],
    "decoding of JSON": ["module_utils._arm.limits:parse_json"],
    "facts of workspaces and machines": ["module_utils._machines.inventory:Reader._facts", "module_utils._machines.inventory:Reader._record"],
    "hosts: names, groups, variables": ["inventory.aml_compute:InventoryModule._hosts"],
    "hosts, as Ansible takes them": ["inventory.aml_compute:InventoryModule._populate"],
}  # fmt: skip


class Meter:
    """CPU seconds by part."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._of_thread = threading.local()
        self._lock = threading.Lock()

    def watch(self, part: str, place: str) -> None:
        """Measure a function, ``package.module:Class.name`` or ``package.module:name``, below ``plugins``."""
        module, _colon, path = place.partition(":")
        owner: t.Any = importlib.import_module(f"{_PLUGINS}.{module}")
        *classes, name = path.split(".")
        for one in classes:
            owner = getattr(owner, one)
        setattr(owner, name, self._measured(part, getattr(owner, name)))

    def _measured(self, part: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        @functools.wraps(function)
        def measured(*args: t.Any, **options: t.Any) -> t.Any:
            inner = self._of_thread.__dict__.setdefault("inner", [])
            inner.append(0.0)
            started = time.thread_time()
            try:
                return function(*args, **options)
            finally:
                took = time.thread_time() - started
                with self._lock:
                    self.seconds[part] += took - inner.pop()
                if inner:
                    inner[-1] += took

        return measured


def measure(module: str, arguments: dict[str, t.Any], runs: int) -> dict[str, float]:
    """The seconds of each part in one of several runs, after one that is not measured."""
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader()
    fork = importlib.import_module(f"{_PLUGINS}.plugin_utils.fork")
    main = importlib.import_module(f"{_PLUGINS}.modules.{module}").main
    given = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, "_ansible_remote_tmp": "/tmp"}}).encode()
    importlib.import_module("ansible.module_utils._internal").is_controller = False

    def run() -> None:
        printed = fork.printed(main, given, str(ROOT))
        if printed.rc or json.loads(printed.stdout).get("changed") is not False:
            raise SystemExit(f"{printed.stdout[-600:]}{printed.stderr[-600:]}")

    run()
    meter = Meter()
    for part, places in PARTS.items():
        for place in places:
            meter.watch(part, f"module_utils.{place}")
    started = time.process_time()
    for _number in range(runs):
        run()
    whole = time.process_time() - started
    seconds = {part: meter.seconds[part] / runs for part in PARTS}
    return {**seconds, REST: whole / runs - sum(seconds.values())}


def measure_inventory(path: str) -> dict[str, float]:
    """The seconds of each part of reading an inventory, without Ansible's own start and output."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader, inventory_loader

    init_plugin_loader()
    began = time.process_time()
    inventory_loader.get(INVENTORY)
    for library in ("azure.core.pipeline.policies", "azure.identity", f"{_PLUGINS}.module_utils._arm.client"):
        importlib.import_module(library)
    meter, imported = Meter(), time.process_time()
    for part, places in INVENTORY_PARTS.items():
        for place in places:
            meter.watch(part, place)
    started = time.process_time()
    InventoryManager(loader=DataLoader(), sources=[path])
    seconds = {part: meter.seconds[part] for part in INVENTORY_PARTS}
    return {IMPORTS: imported - began, **seconds, REST: time.process_time() - started - sum(seconds.values())}


def profile(bench: Bench, module: str, arguments: dict[str, t.Any], runs: int) -> dict[str, float]:
    """The same, in a process of its own on the simulator of a benchmark."""
    path = bench.folder / f"{module}-arguments.json"
    path.write_text(json.dumps(arguments))
    return _printed(bench, module, str(path), str(runs))


def profile_inventory(bench: Bench, path: Path) -> dict[str, float]:
    return _printed(bench, str(path))


def _printed(bench: Bench, *arguments: str) -> dict[str, float]:
    command = [BIN / "python", "-m", "scripts.bench_profile", *arguments]
    found: dict[str, float] = json.loads(spent(command, bench.environment, cwd=ROOT)[1].splitlines()[-1])
    return found


def table(title: str, seconds: t.Mapping[str, float]) -> list[str]:
    """Markdown, the largest first; parts that there are none of are left out."""
    whole = sum(seconds.values())
    rows = sorted(((value, part) for part, value in seconds.items() if value > whole / 1000), reverse=True)
    return [
        f"\n{title}: {whole * 1000:.1f} ms of CPU time.\n",
        "| part | ms | share |\n|---|---:|---:|",
        *(f"| {part} | {value * 1000:.1f} | {value / whole:.0%} |" for value, part in rows),
    ]


def main(arguments: list[str]) -> dict[str, float]:
    if len(arguments) == 1:
        return measure_inventory(arguments[0])
    module, file, runs = arguments
    return measure(module, json.loads(Path(file).read_text()), int(runs))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
