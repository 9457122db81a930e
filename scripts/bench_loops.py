# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of long loops: of the fork in which the items run, and of Ansible's worker, which keeps each item's result, beside a loop of `ping`."""

from __future__ import annotations

import re
import threading
import typing as t
from collections import defaultdict
from pathlib import Path

from .bench_tools import AS_MODULE, IN_PROCESS, Bench, NotMeasured

# A ping takes half a second, and Ansible keeps as much of each.
ITEMS: tuple[int, ...] = (100, 1000, 10_000)
PINGS: tuple[int, ...] = (50, 250)
# Seconds between two looks at the processes.
_STEP = 0.2
_SIZE = '    - ansible.builtin.debug: {msg: "bytes={{ result.results[0] | to_json | length }}."}\n'


def shrink() -> None:
    """A tenth of the items."""
    global ITEMS, PINGS
    ITEMS, PINGS = (tuple(items // 10 for items in sizes) for sizes in (ITEMS, PINGS))


class Memory(t.NamedTuple):
    """The largest sizes in MB of Ansible's worker and of the module's process below it, and the length of a result as JSON in kB."""

    worker: float
    module: float
    result: float


def measure(bench: Bench, task: str, ping: str) -> tuple[dict[int, Memory], dict[int, Memory]]:
    """For each number of items, the memory of a loop over the task in process, and over `ping`."""
    ours = {items: _looped(bench, task, IN_PROCESS, items) for items in ITEMS}
    return ours, {items: _looped(bench, ping, AS_MODULE, items) for items in PINGS}


def kept(found: t.Mapping[int, Memory]) -> float:
    """The kB that Ansible's worker keeps for each item, from the two largest numbers of items."""
    few, many = sorted(found)[-2:]
    return (found[many].worker - found[few].worker) * 1024 / (many - few)


def _looped(bench: Bench, task: str, way: str, items: int) -> Memory:
    largest: dict[int, float] = defaultdict(float)
    process, over = bench.begin(task + _SIZE, way, items=items), threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, largest, over))
    watch.start()
    try:
        output, _none = process.communicate()
    finally:
        over.set()
        watch.join()
    size = re.search(r"bytes=(\d+)\.", output)
    if process.returncode or size is None:
        raise NotMeasured(f"A loop of {items} failed: {' '.join(output.split())[-600:]}")
    return Memory(largest[1], largest[2], int(size.group(1)) / 1024)


def _watch(process: int, largest: dict[int, float], over: threading.Event) -> None:
    """Remember the largest process of each generation: 1 is Ansible's worker, 2 the module's process."""
    while not over.wait(_STEP):
        generation = [process]
        for number in (1, 2):
            generation = [child for parent in generation for child in _children(parent)]
            largest[number] = max([largest[number], *map(_megabytes, generation)])


def _children(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _megabytes(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * 4096 / 2**20
