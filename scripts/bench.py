# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: each figure with what it has to reach, what it is compared with, and what its time is spent on. Prints tables of Markdown.

    .venv/bin/python -m scripts.bench [--rounds N] [--only PART ...] [--suite] [--quick] [--write FILE] [--short]

All in one run on one machine, against simulators of its own. Ratios count, and CPU seconds (of all processes of a command) more than wall seconds, which
depend on what else the machine does. The cost of one item of a loop is that of a play with 11 items (in process, 101) less that of a play with 1, by 10
(100), so that Ansible's start is not part of it. Bytecode is compiled first: without it, imports take three times as long as users see. What cannot be
measured here is listed with the reason. About 20 minutes, and some more where other clients are to be installed first; ``--suite`` adds `make test` on a
fresh clone.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import bench_anchors, bench_fleet, bench_inventory, bench_loops, bench_profile, bench_workspace
from .bench_anchors import CLUSTER, GROUP, ITEMS, WORKSPACE, further_item
from .bench_tools import AS_MODULE, IN_PROCESS, ML, Bench, Cost, NotMeasured, looped, median, running
from .command import BIN, ROOT, add_write, publish

PAGE, README = ROOT / "docs" / "speed.md", ROOT / "README.md"
BEGIN, END = "<!-- BEGIN: written by make bench -->", "<!-- END: written by make bench -->"
TASKS = 10
# The beginnings of the titles that the README has, of a task, a fleet and a playbook.
HEADLINES = (
    "further loop item",
    "one playbook with",
    "1,000 unchanged targets",
    "200 creations",
    "second run of",
    "`make quickstart`",
)

CLUSTER_TASK = f"""
        resource_group: {GROUP}
        workspace: {WORKSPACE}
        name: {CLUSTER}
        size: Standard_D4s_v3
        min_instances: 0
        max_instances: 4
        idle_time_before_scale_down: 120
        tags: {{team: vision}}
"""


@dataclass
class Figure:
    """One row: the figure, what it has to reach, and what was measured (CPU and wall; one of them decides)."""

    title: str
    reach: float
    cpu: float | None = None
    wall: float | None = None
    note: str = ""
    unit: str = ""
    decides: str = "cpu"

    @property
    def value(self) -> float | None:
        """What decides."""
        return self.cpu if self.decides == "cpu" else self.wall

    def cells(self) -> list[str]:
        verdict = "" if self.value is None else "yes" if self.value <= self.reach else "**no**"
        return [self.title, self.shown(self.reach), self.shown(self.cpu), self.shown(self.wall), verdict, self.note]

    def shown(self, value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:.2f}{self.unit}" if value < 10 else f"{value:.0f}{self.unit}"

    @classmethod
    def ratio(cls, title: str, reach: float, cost: Cost, base: Cost, note: str = "") -> Figure:
        seconds = f"{_seconds(cost)} by {_seconds(base)}"
        return cls(title, reach, cost.cpu / base.cpu, cost.wall / base.wall, f"{seconds}{'; ' if note else ''}{note}")


def _seconds(cost: Cost) -> str:
    return f"{cost.cpu:.3g}/{cost.wall:.3g} s"


# --- the figures ---


def task_figures(bench: Bench) -> Iterator[Figure]:
    cluster = looped("azureml.compute.aml_compute_cluster", CLUSTER_TASK, unchanged=True)
    ping = looped("ansible.builtin.ping", "\n")
    debug = looped("ansible.builtin.debug", "\n")
    cases = {"ping": (ping, AS_MODULE), IN_PROCESS: (cluster, IN_PROCESS), AS_MODULE: (cluster, AS_MODULE)}
    # What ansible-core needs for a task that does nothing.
    cases["debug"] = (debug, AS_MODULE)
    samples: dict[str, list[Cost]] = {name: [] for name in cases}
    item: dict[str, list[Cost]] = {name: [] for name in cases}
    ten: dict[str, list[Cost]] = {name: [] for name in cases}
    for _round in range(bench.rounds):
        # Interleaved, so that what else the machine does affects all alike.
        for name, (task, way) in cases.items():
            first = bench.play(task, way)
            samples[name].append(first)
            # What costs little is looped more often: ten items would be lost in the spread of Ansible's start.
            items = ITEMS if way == AS_MODULE else 10 * ITEMS
            item[name].append(bench.play(task, way, items=items + 1).minus(first, items))
            ten[name].append(bench.play(task * TASKS, way))
    for title, reach, found in (
        ("further loop item, unchanged cluster, times `ping`", 0.05, item),
        ("one playbook with one unchanged cluster, times the same with `ping`", 1.0, samples),
        ("ten separate unchanged tasks, times ten pings", 0.5, ten),
    ):
        yield _both_ways(title, reach, {name: median(costs) for name, costs in found.items()}, "ping")
    wrapper = bench.folder / "python"
    report = bench.folder / "memory"
    yield Figure(
        "memory of a no-change module process",
        55,
        cpu=_module_memory(bench, cluster, wrapper, report),
        unit=" MB",
        note="the largest process that Ansible starts for it",
    )


def _both_ways(title: str, reach: float, costs: t.Mapping[str, Cost], base: str) -> Figure:
    as_module = Figure.ratio("", reach, costs[AS_MODULE], costs[base])
    note = f"as modules {as_module.cpu:.2f} CPU, {as_module.wall:.2f} wall"
    if "debug" in costs:
        note += f"; ansible-core alone, with `debug`: {_seconds(costs['debug'])}"
    return Figure.ratio(title, reach, costs[IN_PROCESS], costs[base], note)


def _module_memory(bench: Bench, task: str, wrapper: Path, report: Path) -> float:
    """MB of the largest process that Ansible starts as the module's interpreter."""
    wrapper.write_text(
        f"#!{BIN / 'python'}\nimport resource, subprocess, sys\n"
        f"code = subprocess.call([{str(BIN / 'python')!r}, *sys.argv[1:]])\n"
        f"open({str(report)!r}, 'a').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) + chr(10))\nsys.exit(code)\n"
    )
    wrapper.chmod(0o755)
    bench.play(task, AS_MODULE, interpreter=str(wrapper))
    return max(int(line) for line in report.read_text().split()) / 1024


def loop_figures(bench: Bench) -> Iterator[Figure]:
    task, ping = looped("azureml.compute.aml_compute_cluster", CLUSTER_TASK), looped("ansible.builtin.ping", "\n")
    ours, pings = bench_loops.measure(bench, task, ping)
    few, *_between, many = sorted(ours)
    sizes = ", ".join(f"{items:,}: {memory.module:.1f} MB" for items, memory in ours.items())
    keeps = "; ".join(
        f"for each {name} Ansible's worker keeps {bench_loops.kept(found):.1f} kB, and the result as JSON has {found[min(found)].result:.1f} kB"
        for name, found in (("item", ours), ("`ping`", pings))
    )
    yield Figure(
        f"growth of the memory of a loop's fork, from {few} to {many:,} items",
        4,
        cpu=ours[many].module - ours[few].module,
        unit=" MB",
        note=f"{sizes}; {keeps}",
    )


def fleet_figures(bench: Bench) -> Iterator[Figure]:
    costs = bench_fleet.look(bench, bench_fleet.MANY)
    yield _both_ways(
        "1,000 unchanged targets in 20 workspaces, `aml_fleet`, times the bare client", 1.5, costs, "floor"
    )
    mixed = bench_fleet.look(bench, bench_fleet.MIXED)
    title = "1,000 unchanged objects of six kinds in 20 workspaces, `aml_fleet`, times the bare client"
    yield _both_ways(title, 1.5, mixed, "floor")
    many, most = costs[IN_PROCESS], bench_fleet.unchanged(bench, bench_fleet.MOST)
    times = bench_fleet.MOST / bench_fleet.MANY
    yield Figure(
        "10,000 unchanged targets, times ten of 1,000",
        1.1,
        most.cpu / many.cpu / times,
        most.wall / many.wall / times,
        _seconds(most),
    )
    yield Figure("memory of the largest process for 10,000", 300, cpu=most.megabytes, unit=" MB")
    reports, checks = bench_fleet.drift(bench)
    yield Figure.ratio("drift report of 600 targets, times the fleet's check", 1.3, reports, checks)
    title = "1,000 unchanged online endpoints in 20 workspaces, `aml_fleet`, times as many compute targets"
    yield Figure.ratio(title, 1.5, bench_fleet.unchanged(bench, bench_fleet.ENDPOINTS), many)
    each, alone = bench_fleet.export(bench)
    note = f"a playbook for one workspace alone {_seconds(alone)}"
    targets = bench_fleet.REPORTED // bench_fleet.WORKSPACES
    title = f"export of {bench_fleet.EXPORTED} workspaces with {targets} targets each, for each further one"
    yield Figure(title, 1, each.cpu, each.wall, note, " s")


def creation_figures(bench: Bench) -> Iterator[Figure]:
    made, note = bench_fleet.create(bench)
    title = "200 creations of 10 s, 50 at once (40 s is the limit)"
    yield Figure(title, 46, made.cpu, made.wall, note, " s", decides="wall")


def inventory_figures(bench: Bench) -> Iterator[Figure]:
    costs = bench_inventory.measure(bench)
    cached = Figure.ratio("", 0, costs["cache"], costs["file"])
    note = f"from the cache {cached.cpu:.2f} CPU, {cached.wall:.2f} wall"
    yield Figure.ratio(
        "inventory of 1,000 nodes, times a file with the same hosts", 1.1, costs["ours"], costs["file"], note
    )


def workspace_figures(bench: Bench) -> Iterator[Figure]:
    runs = bench_workspace.second_runs(bench, (IN_PROCESS, AS_MODULE))
    (cost, shown), (other, _shown) = runs[IN_PROCESS], runs[AS_MODULE]
    title = "second run of `provision_workspace` with `examples/workspace.yml`"
    alone = bench.play(looped("ansible.builtin.debug", "\n") * shown)
    note = f"as modules {_seconds(other)}; ansible-core alone, as many tasks with `debug`: {_seconds(alone)}"
    yield Figure(title, 10, cost.cpu, cost.wall, note, " s")
    note = "with titles of includes; connections and job checks came into the example later"
    yield Figure("tasks that it shows", 40, cpu=float(shown), note=note)
    title = "five instances and an AKS cluster in one `provision_workspace`, times the slowest of them"
    together = Figure.ratio(title, 1.3, *bench_workspace.together(bench))
    # It is about what is waited for.
    together.decides = "wall"
    yield together


def clone_figures(bench: Bench, suite: bool) -> Iterator[Figure]:
    for target, reach in {"quickstart": 90.0, "test": 600.0}.items():
        figure = Figure(f"`make {target}` on a fresh clone", reach, unit=" s", decides="wall")
        if suite or target == "quickstart":
            cost, figure.note = bench_workspace.fresh_clone(bench.folder, target)
            figure.cpu, figure.wall = cost.cpu, cost.wall
        else:
            figure.note = "not measured: SUITE=1 does it"
        yield figure


def anchors(bench: Bench) -> Iterator[list[str]]:
    """Rows of the second table: of one read each, in seconds."""
    url = f"{bench.environment['AML_SIMULATOR_URL']}{bench_anchors.cluster_id(bench.subscription)}?api-version={ML}"
    header = f'{{Authorization: "Bearer {bench.environment["BENCH_TOKEN"]}"}}'
    uri = looped("ansible.builtin.uri", f'\n        url: "{url}"\n        headers: {header}\n')
    plain: dict[str, t.Callable[[Bench], Cost]] = {
        "ansible.builtin.ping, further item": lambda one: further_item(one, looped("ansible.builtin.ping", "\n")),
        "ansible.builtin.uri, GET of the cluster, further item": lambda one: further_item(one, uri),
    }
    for title, measure in {**plain, **bench_anchors.ANCHORS}.items():
        _progress(title)
        try:
            cost = measure(bench)
            yield [title, f"{cost.cpu:.3f}", f"{cost.wall:.3f}", ""]
        except NotMeasured as reason:
            yield [title, "", "", str(reason)]


# --- the run ---


def _create_cluster(bench: Bench) -> None:
    """What the measured tasks read."""
    bench.play(f"""    - azureml.compute.arm_resource:
        {{type: Microsoft.Resources/resourceGroups, name: {GROUP}, api_version: "2021-04-01", body: {{location: eastus}}}}
    - azureml.compute.aml_workspace: {{resource_group: {GROUP}, name: {WORKSPACE}, location: eastus}}
    - azureml.compute.aml_compute_cluster:{CLUSTER_TASK}""")


def _progress(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _figures(name: str, make: t.Callable[[], Iterator[Figure]]) -> list[Figure]:
    """The figures of one part; what fails is a row with the reason, and the others are still measured."""
    _progress(name)
    found: list[Figure] = []
    try:
        found.extend(make())
    except (NotMeasured, OSError, subprocess.SubprocessError) as reason:
        found.append(Figure(name, 0, note=f"not measured: {reason}"))
    return found


def profiles(title: str, measure: t.Callable[..., dict[str, float]], *arguments: t.Any) -> list[str]:
    """A table of the parts of a run; why there is none, where it failed."""
    _progress(f"profile: {title}")
    try:
        return bench_profile.table(title, measure(*arguments))
    except (NotMeasured, OSError, ValueError, LookupError) as reason:
        return [f"\n{title}: not measured: {reason}"]


def _filled(folder: Path, *groups: int) -> Path:
    """The directory of a simulator's state that has these groups of workspaces."""
    home = folder / "simulator"
    home.mkdir(parents=True)
    _progress(f"filling a simulator for {folder.name}")
    bench_fleet.fill(home, *groups)
    return home


def measure(folder: Path, options: argparse.Namespace) -> tuple[list[Figure], list[list[str]], list[str]]:
    """The figures, what they are compared with, and the profiles that explain them."""
    figures: list[Figure] = []
    compared: list[list[str]] = []
    explained: list[str] = []

    def wanted(name: str) -> bool:
        return not options.only or any(word in name for word in options.only)

    rounds = options.rounds
    if wanted("tasks") or wanted("loops") or wanted("anchors"):
        with running(folder / "tasks", rounds) as bench:
            _create_cluster(bench)
            if wanted("tasks"):
                figures += _figures("tasks", lambda: task_figures(bench))
                title = "One item of a loop over an unchanged cluster, in the fork"
                given = (bench, "aml_compute_cluster", yaml.safe_load(CLUSTER_TASK), 50)
                explained += profiles(title, bench_profile.profile, *given)
            if wanted("loops"):
                figures += _figures("loops", lambda: loop_figures(bench))
            if wanted("anchors"):
                compared += anchors(bench)
    if wanted("fleets"):
        with running(folder / "fleets", rounds, _filled(folder / "fleets", *bench_fleet.others())) as bench:
            figures += _figures("fleets", lambda: fleet_figures(bench))
            for what, group in (("targets", bench_fleet.MANY), ("objects of six kinds", bench_fleet.MIXED)):
                title = f"`aml_fleet` over 1,000 unchanged {what}, in the fork"
                arguments = {"workspaces": bench_fleet.document(group)}
                explained += profiles(title, bench_profile.profile, bench, "aml_fleet", arguments, 5)
        with running(folder / "creations", rounds, _filled(folder / "creations", bench_fleet.CREATED)) as bench:
            figures += _figures("creations", lambda: creation_figures(bench))
    if wanted("inventory"):
        with running(folder / "inventory", rounds) as bench:
            figures += _figures("inventory", lambda: inventory_figures(bench))
            title = "The inventory of 1,000 nodes, without Ansible's start and output"
            explained += profiles(title, bench_profile.profile_inventory, bench, bench_inventory.own_file(bench))
    if wanted("workspace"):
        with running(folder / "workspace", rounds) as bench:
            figures += _figures("workspace", lambda: workspace_figures(bench))
    if wanted("clone"):
        figures += _figures("clone", lambda: clone_figures(Bench(folder, {}, rounds), options.suite))
    return figures, compared, explained


def tables(figures: t.Sequence[Figure], compared: t.Sequence[list[str]]) -> list[str]:
    lines = [
        "| figure | to reach | CPU | wall | reached | behind it (CPU/wall) |\n|---|---:|---:|---:|---|---|",
        *(f"| {' | '.join(figure.cells())} |" for figure in figures),
    ]
    if compared:
        lines += [
            "\nCompared with, in seconds of one read:\n",
            "| client | CPU | wall | not measured, because |\n|---|---:|---:|---|",
            *(f"| {' | '.join(row)} |" for row in compared),
        ]
    return lines


def short_form(figures: t.Sequence[Figure], head: str) -> str:
    """A table for readers: what was measured, and what is to be reached."""
    lines = [
        f"| {figure.title} | {figure.shown(figure.value)} | {figure.shown(figure.reach)} |"
        for figure in figures
        if figure.value is not None
    ]
    return "\n".join([f"{head}\n", "| figure | measured | to reach |\n|---|---:|---:|", *lines])


def write_pages(figures: t.Sequence[Figure], head: str) -> None:
    """The short form, in docs/speed.md and, of some figures, in the README."""
    _write(PAGE, short_form(figures, head))
    _write(README, short_form([figure for figure in figures if figure.title.startswith(HEADLINES)], head))


def _write(path: Path, text: str) -> None:
    before, _begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not end:
        raise SystemExit(f"{path.name} has no lines {BEGIN!r} and {END!r}.")
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each figure, of which the median counts")
    parser.add_argument(
        "--only", nargs="+", metavar="PART", help="tasks, loops, anchors, fleets, inventory, workspace, clone"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a tenth of the targets and items, once: shows that the benchmark works, not a figure",
    )
    parser.add_argument("--suite", action="store_true", help="also run make test on a fresh clone")
    parser.add_argument(
        "--short", action="store_true", help="also write the short form into docs/speed.md and README.md"
    )
    add_write(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
        for part in (bench_fleet, bench_loops, bench_inventory):
            part.shrink()
    compiled: list[str | Path] = [BIN / "python", "-m", "compileall", "-q", ROOT / ".venv" / "lib", ROOT / "plugins"]
    subprocess.run(compiled, stdout=subprocess.DEVNULL, check=False)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        figures, compared, explained = measure(Path(name), options)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores (the simulator uses one of them), {time.strftime('%Y-%m-%d')}"
    head = f"{machine}, median of {options.rounds} rounds, load average {load:.1f} before the first."
    publish([f"{head}\n", *tables(figures, compared), *explained], options.write)
    if options.short:
        write_pages(
            figures, f"`make bench`, {machine}. Ratios are of CPU time, unless they are about what is waited for."
        )


if __name__ == "__main__":
    main()
