# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Break the plan, the rules, the retries and the cost in every way that mutmut knows, and say which breakage no test noticed.

    python -m scripts.mutants                    all files: score of each, and the mutants that nothing explains
    python -m scripts.mutants _engine/plan.py    one file
    python -m scripts.mutants --write FILE       the table also as Markdown

mutmut works on a copy in ``tests/output/mutants``: the checkout is never changed. Survivors that change nothing that anybody can see are listed, each
with its reason, in ``tests/equivalent_mutants.yml``; an entry there that is no survivor any more is an error. Exit code 1: there is something to look at.

mutmut changes the bodies of functions; what a decorator stands before (properties) and what runs at import (tables, patterns) it leaves alone.
"""

from __future__ import annotations

import argparse
import configparser
import os
import shutil
import subprocess
import sys
import typing as t
from collections import Counter
from pathlib import Path

import yaml

from .command import ROOT, add_write, publish

WORK = ROOT / "tests" / "output" / "mutants"
MUTMUT = str(Path(sys.executable).with_name("mutmut"))
UTILS = "ansible_collections/azureml/compute/plugins/module_utils"
EQUIVALENT = ROOT / "tests" / "equivalent_mutants.yml"

# What is broken -> the fast tests that must notice.
FILES = {
    "_engine/plan.py": ["test_plan.py"],
    "_core/canon.py": ["test_fields.py", "test_plan.py"],
    "_core/paths.py": ["test_fields.py", "test_plan.py"],
    "_engine/fields.py": ["test_fields.py", "test_plan.py"],
    "_engine/rules.py": ["test_rules.py"],
    "_arm/answers.py": ["test_arm_retry.py"],
    "_arm/retry.py": ["test_arm_retry.py"],
    "_fleet/cost.py": ["test_cost.py"],
    "_fleet/prices.py": ["test_cost.py"],
}

# The same examples in each run; and no time for the explanation of failures, which nobody reads here.
PYTEST = ["-p", "no:cacheprovider", "--hypothesis-profile=ci", "--assert=plain", "--tb=no"]


class Mutant(t.NamedTuple):
    """One change of one function, as its lines before and after; and what the tests made of it."""

    file: str
    function: str
    status: str
    was: str = ""
    now: str = ""

    @property
    def noticed(self) -> bool:
        return self.status in ("killed", "timeout", "segfault")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"some of {', '.join(FILES)}")
    add_write(parser)
    options = parser.parse_args()
    files = options.files or list(FILES)
    prepare(files)
    run("run", "--max-children", str(os.cpu_count() or 2))
    mutants = found()
    explained, stale = sort_out(mutants, files)
    table = tabulated(mutants, explained, files)
    print()
    publish(table, options.write)
    left = [mutant for mutant in mutants if not mutant.noticed and mutant not in explained]
    for mutant in left:
        print(f"\n{mutant.file}, {mutant.function}: {mutant.status}\n  - {mutant.was}\n  + {mutant.now}")
    for entry in stale:
        print(f"\n{EQUIVALENT.name}: no survivor any more: {entry['function']}: {entry['now']}")
    return 1 if left or stale else 0


def prepare(files: list[str]) -> None:
    """A copy in which the collection lies as it is imported: mutmut finds a function's mutants by its module's name."""
    shutil.rmtree(WORK, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__", "output", ".hypothesis")
    shutil.copytree(ROOT / "plugins", WORK / "src" / Path(UTILS).parent, ignore=ignored)
    shutil.copytree(ROOT / "tests", WORK / "tests", ignore=ignored)
    shutil.copy(ROOT / "pytest.ini", WORK)
    tests = dict.fromkeys(f"tests/unit/module_utils/{name}" for file in files for name in FILES[file])
    config = configparser.ConfigParser()
    config["mutmut"] = {
        "source_paths": "src",
        "only_mutate": "\n".join(f"*/module_utils/{file}" for file in files),
        "also_copy": "pytest.ini",
        "pytest_add_cli_args": "\n".join(PYTEST),
        "pytest_add_cli_args_test_selection": "\n".join(tests),
        "use_git_change_detection": "false",
    }
    with (WORK / "setup.cfg").open("w") as target:
        config.write(target)


def run(*arguments: str) -> None:
    """mutmut's progress is for a terminal; elsewhere it goes to a file, of which the end is shown where mutmut fails."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    log = WORK / "mutmut.log"
    with log.open("w") as file:
        done = subprocess.run(
            [MUTMUT, *arguments], cwd=WORK, env=environment, stdout=None if sys.stdout.isatty() else file, check=False
        )
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]} failed.\n{log.read_text()[-3000:]}")


def found() -> list[Mutant]:
    """All mutants; the lines of those that the tests did not notice."""
    # By 'mutmut show' this takes a second each.
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    os.chdir(WORK)
    mutants = []
    results = subprocess.run(
        [MUTMUT, "results", "--all", "true"], cwd=WORK, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    for line in results.splitlines():
        name, _colon, status = line.strip().rpartition(": ")
        module, _dot, mangled = name.rpartition(".")
        function = mangled.partition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        mutant = Mutant("/".join(module.split(".")[-2:]) + ".py", function, status)
        if not mutant.noticed:
            diff = get_diff_for_mutant(name).splitlines()
            mutant = mutant._replace(was=lines(diff, "-"), now=lines(diff, "+"))
        mutants.append(mutant)
    return mutants


def lines(diff: list[str], sign: str) -> str:
    return " ".join(line[1:].strip() for line in diff if line.startswith(sign) and not line.startswith(sign * 3))


def sort_out(mutants: list[Mutant], files: list[str]) -> tuple[set[Mutant], list[dict[str, str]]]:
    """The survivors that are explained, and the explanations that explain none."""
    entries = [entry for entry in yaml.safe_load(EQUIVALENT.read_text()) or [] if entry["file"] in files]
    explained: set[Mutant] = set()
    stale = []
    for entry in entries:
        fitting = {
            mutant
            for mutant in mutants
            if not mutant.noticed
            and all(getattr(mutant, key) == entry[key] for key in ("file", "function", "was", "now"))
        }
        explained |= fitting
        if not fitting:
            stale.append(entry)
    return explained, stale


def tabulated(mutants: list[Mutant], explained: set[Mutant], files: list[str]) -> list[str]:
    """Score: of the mutants that change something that anybody can see, the share that a test noticed. An endless loop is noticed by its time."""
    rows = [
        "| file | mutants | noticed | of these by time | equivalent | survived | no test | score |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for file in [*files, "all"]:
        here = [mutant for mutant in mutants if file in (mutant.file, "all")]
        count = Counter(verdict(mutant, explained) for mutant in here)
        real = len(here) - count["equivalent"]
        score = f"{100 * count['noticed'] / real:.1f} %" if real else "-"
        endless = sum(mutant.status == "timeout" for mutant in here)
        left = f"{count['equivalent']} | {count['survived']} | {count['no test']}"
        rows.append(f"| {file} | {len(here)} | {count['noticed']} | {endless} | {left} | {score} |")
    return rows


def verdict(mutant: Mutant, explained: set[Mutant]) -> str:
    if mutant.noticed:
        return "noticed"
    if mutant in explained:
        return "equivalent"
    return "no test" if mutant.status == "no tests" else "survived"


if __name__ == "__main__":
    sys.exit(main())
