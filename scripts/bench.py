# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: what one task of ours costs, beside what cannot be cheaper and beside the plain SDK. Prints tables.

All in one run on one machine, against a simulator of its own; what counts is the ratio. A loop of 10 items is timed as the difference between a play
with 11 items and one with 1, so that Ansible's start is not in it. Bytecode is compiled first: without, imports look three times slower than users see.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

from .command import BIN, ROOT
from .environment import own_environment

ITEMS = 10
ROUNDS = 3
GROUP, WORKSPACE, CLUSTER = "ml-bench", "ws-bench", "cpu-cluster"

CLUSTER_TASK = f"""
        resource_group: {GROUP}
        workspace: {WORKSPACE}
        name: {CLUSTER}
        size: Standard_DS3_v2
        min_instances: 0
        max_instances: 4
        idle_time_before_scale_down: 120
        tags: {{team: vision}}
"""

# Reads the same cluster ITEMS times by azure-ai-ml, as a script that somebody would write; prints the seconds for each.
SDK_SCRIPT = f"""
import os, sys, time
started = time.perf_counter()
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential
credential = ClientSecretCredential(os.environ["AZURE_TENANT"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_SECRET"],
                                    authority=os.environ["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True)
client = MLClient(credential, os.environ["AZURE_SUBSCRIPTION_ID"], "{GROUP}", "{WORKSPACE}", enable_telemetry=False)
compute = client.compute.get("{CLUSTER}")
assert compute.max_instances == 4, compute
print(time.perf_counter() - started)
"""


def simulator(command: str, environment: dict[str, str]) -> str:
    answer = subprocess.run(
        [BIN / "azureml-simulator", command], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return answer.stdout


def exported(text: str) -> dict[str, str]:
    pairs = (line.removeprefix("export ").partition("=") for line in text.splitlines())
    return {name: shlex.split(value)[0] for name, _equals, value in pairs}


@contextlib.contextmanager
def running_simulator(home: str) -> t.Iterator[dict[str, str]]:
    own = own_environment()
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    own |= {"AML_SIMULATOR_HOME": home, "PATH": f"{BIN}:{own['PATH']}"}
    own |= {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    try:
        yield own | exported(simulator("start", own))
    finally:
        simulator("stop", own)


def play(
    folder: str, environment: dict[str, str], task: str, items: int, interpreter: str | None = None, place: Path = BIN
) -> float:
    """Seconds that the ansible-playbook of a place takes for one play with a loop of so many items."""
    path = Path(folder) / "play.yml"
    variables = f"{{n: {items}, ansible_python_interpreter: {interpreter or place / 'python'}}}"
    path.write_text(
        f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  vars: {variables}\n  tasks:\n{task}"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [place / "ansible-playbook", path], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return seconds


def looped(module: str, arguments: str) -> str:
    return f'    - {module}:{arguments}      loop: "{{{{ range(n) | list }}}}"\n      register: result\n'


def create(folder: str, environment: dict[str, str]) -> None:
    """What the measured tasks look at."""
    setup = f"""    - azureml.compute.arm_resource:
        {{type: Microsoft.Resources/resourceGroups, name: {GROUP}, api_version: "2021-04-01", body: {{location: eastus}}}}
    - azureml.compute.aml_workspace: {{resource_group: {GROUP}, name: {WORKSPACE}, location: eastus}}
    - azureml.compute.aml_compute_cluster:{CLUSTER_TASK}"""
    play(folder, environment, setup, 1)


def tasks(environment: dict[str, str]) -> dict[str, str]:
    url = (
        f"{environment['AML_SIMULATOR_URL']}/subscriptions/{environment['AZURE_SUBSCRIPTION_ID']}/resourceGroups/{GROUP}/providers"
        f"/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}/computes/{CLUSTER}?api-version=2025-12-01"
    )
    header = f'{{Authorization: "Bearer {environment["BENCH_TOKEN"]}"}}'
    # A run that changed something would have measured something else.
    unchanged = '    - ansible.builtin.assert: {that: "not result.changed"}\n'
    return {
        "ansible.builtin.ping": looped("ansible.builtin.ping", "\n"),
        "ansible.builtin.uri (GET of the cluster)": looped(
            "ansible.builtin.uri", f'\n        url: "{url}"\n        headers: {header}\n'
        ),
        "aml_compute_cluster, no change": looped("azureml.compute.aml_compute_cluster", CLUSTER_TASK) + unchanged,
        "aml_compute_info, one cluster": looped(
            "azureml.compute.aml_compute_info",
            f"\n        resource_group: {GROUP}\n        workspace: {WORKSPACE}\n        name: {CLUSTER}\n",
        ),
    }


def peak_memory(folder: str, environment: dict[str, str], task: str) -> float:
    """MB of the largest process that Ansible started as the module's interpreter."""
    report = Path(folder) / "memory"
    report.unlink(missing_ok=True)
    wrapper = Path(folder) / "python"
    wrapper.write_text(
        f"#!{BIN / 'python'}\nimport resource, subprocess, sys\n"
        f"code = subprocess.call([{str(BIN / 'python')!r}, *sys.argv[1:]])\n"
        f"open({str(report)!r}, 'a').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) + chr(10))\nsys.exit(code)\n"
    )
    wrapper.chmod(0o755)
    play(folder, environment, task, 1, str(wrapper))
    return max(int(line) for line in report.read_text().split()) / 1024


def sdk(folder: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds and MB of a process that reads the cluster once with azure-ai-ml."""
    script = Path(folder) / "sdk.py"
    script.write_text(SDK_SCRIPT)
    times, memory = [], 0.0
    for _round in range(ROUNDS):
        started = time.perf_counter()
        process = subprocess.Popen([BIN / "python", script], env=environment, stdout=subprocess.DEVNULL)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit("The azure-ai-ml script failed.")
        times.append(time.perf_counter() - started)
        memory = max(memory, usage.ru_maxrss / 1024)
    return statistics.median(times), memory


def token(environment: dict[str, str]) -> str:
    code = (
        "import os; from azure.identity import ClientSecretCredential as C; e = os.environ;"
        "c = C(*[e['AZURE_' + n] for n in ('TENANT', 'CLIENT_ID', 'SECRET')], authority=e['AZURE_AUTHORITY_HOST'], disable_instance_discovery=True);"
        "print(c.get_token(e['AML_SIMULATOR_URL'] + '/.default').token)"
    )
    return subprocess.run(
        [BIN / "python", "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    subprocess.run(
        [BIN / "python", "-m", "compileall", "-q", ROOT / ".venv" / "lib", ROOT / "plugins"],
        stdout=subprocess.DEVNULL,
        check=False,
    )
    with tempfile.TemporaryDirectory() as folder, running_simulator(f"{folder}/simulator") as environment:
        create(folder, environment)
        environment["BENCH_TOKEN"] = token(environment)
        measured = {name: [] for name in tasks(environment)}
        for _round in range(ROUNDS):
            # Interleaved, so that what else the machine does hits all alike.
            for name, task in tasks(environment).items():
                first, more = (play(folder, environment, task, items) for items in (1, ITEMS + 1))
                measured[name].append((more - first) / ITEMS)
        seconds = {name: statistics.median(values) for name, values in measured.items()}
        memory = {name: peak_memory(folder, environment, task) for name, task in tasks(environment).items()}
        (
            seconds["azure-ai-ml script (a process that reads it)"],
            memory["azure-ai-ml script (a process that reads it)"],
        ) = sdk(folder, environment)
    table(seconds, memory)


def table(seconds: dict[str, float], memory: dict[str, float]) -> None:
    ping = seconds["ansible.builtin.ping"]
    print(f"\nSeconds per item, median of {ROUNDS} rounds of a loop of {ITEMS}; peak memory of the module's process.")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print("| task | s/item | times ping | MB |\n|---|---:|---:|---:|")
    for name, value in seconds.items():
        print(f"| {name} | {value:.3f} | {value / ping:.2f} | {memory[name]:.0f} |")
    ours = "aml_compute_cluster, no change"
    print(
        f"\nTo hold: {ours}: at most 2.5 times ping (now {seconds[ours] / ping:.2f}) and 80 MB (now {memory[ours]:.0f})."
    )
    print(json.dumps({"seconds": seconds, "megabytes": memory}), file=sys.stderr)


if __name__ == "__main__":
    main()
