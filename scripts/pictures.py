# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation, from real runs on a simulator: a fleet that is made, in a terminal, and its drift report after others changed things.

    .venv/bin/python -m scripts.pictures        needs Chromium; writes into docs/images

The quickstart's picture is made by scripts/picture.py from its own output.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import typing as t
import urllib.request
from pathlib import Path

import yaml
from PIL import Image
from rich.style import Style
from rich.text import Text

from .bench_tools import running
from .command import BIN, ROOT
from .picture import write

sys.path.insert(0, str(ROOT / "tests"))
from ansible_collections.azureml.compute.tests.support.browser import CHROMIUM, FLAGS  # noqa: E402
from ansible_collections.azureml.compute.tests.support.terminal import Terminal  # noqa: E402

IMAGES = ROOT / "docs" / "images"
GROUP, NETWORK, IDENTITY = (
    "ml-prod",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
)
PLACE = "/subscriptions/{{ lookup('ansible.builtin.env', 'AZURE_SUBSCRIPTION_ID') }}/resourceGroups/" + GROUP
SUBNET = {"network_settings": {"subnet": f"{PLACE}/providers/{NETWORK}/ml-vnet/subnets/training"}}
TRAINER = {"identity": {"type": "user_assigned", "user_assigned_identities": [f"{PLACE}/providers/{IDENTITY}/trainer"]}}
SSH = {
    "ssh_public_access_enabled": True,
    "ssh_settings": {"admin_username": "azureuser", "admin_password": "Pass-word-1234"},
}

Task = dict[str, t.Any]


def cluster(name: str, size: str = "Standard_D4s_v3", most: int = 4, **more: t.Any) -> Task:
    return {"type": "amlcompute", "name": name, "size": size, "max_instances": most, **more}


def instance(name: str, **more: t.Any) -> Task:
    return {"type": "computeinstance", "name": name, "size": "Standard_D4s_v3", **more}


MADE = [
    {"name": "ws-vision-prod", "computes": [
        cluster("cpu-small", min_instances=1, **SUBNET, **TRAINER), cluster("cpu-large", most=8, **SUBNET, **TRAINER), cluster("cpu-nightly"),
        cluster("old-cluster", "Standard_D2s_v3", 2), instance("ci-ada-vision"),
    ]},
    {"name": "ws-text-prod", "computes": [
        cluster("cpu-train", most=6, min_instances=2), cluster("cpu-batch"), instance("ci-bob-text"), instance("ci-eve-text"),
    ]},
    {"name": "ws-forecast", "computes": [*(cluster(f"cpu-{letter}", "Standard_D2s_v3", 2) for letter in "abcdefghi"), instance("ci-carol-forecast")]},
]  # fmt: skip
BY_HAND = [
    ("ws-vision-prod", "aml_compute_cluster", {"name": "cpu-large", "max_instances": 12}),
    (
        "ws-vision-prod",
        "aml_compute_cluster",
        {"name": "quick-test", "location": "eastus", "size": "Standard_D4s_v3", "max_instances": 2, **SSH},
    ),
    ("ws-text-prod", "aml_compute_cluster", {"name": "cpu-batch", "state": "absent"}),
    ("ws-text-prod", "aml_compute_instance", {"name": "ci-eve-text", "state": "stopped"}),
    (
        "ws-forecast",
        "aml_compute_cluster",
        {"name": "cpu-c", "idle_time_before_scale_down": 3600, "tags": {"owner": "carol"}},
    ),
]


def declared() -> list[Task]:
    """What the report is about: one cluster is not declared any more, one instance is to run, and one workspace was never made."""
    document: list[Task] = json.loads(json.dumps(MADE))
    document[0]["computes"] = [compute for compute in document[0]["computes"] if compute["name"] != "old-cluster"]
    document[1]["computes"][3]["state"] = "started"
    document[2]["computes"][2]["idle_time_before_scale_down"] = 120
    return [*document, {"name": "ws-lab", "computes": [cluster("cpu-lab")]}]


def resource(kind: str, name: str, version: str, **properties: t.Any) -> Task:
    body: Task = {"location": "eastus", **({"properties": properties} if properties else {})}
    return {"azureml.compute.arm_resource": {"type": kind, "name": name, "api_version": version, "body": body}}


def world() -> list[Task]:
    subnets = [{"name": "training", "properties": {"addressPrefix": "10.0.1.0/24"}}]
    regions = {"ws-forecast": "westeurope"}
    return [
        resource("Microsoft.Resources/resourceGroups", GROUP, "2021-04-01"),
        resource(NETWORK, "ml-vnet", "2024-05-01", addressSpace={"addressPrefixes": ["10.0.0.0/16"]}, subnets=subnets),
        resource(IDENTITY, "trainer", "2023-01-31"),
        *(
            {
                "azureml.compute.aml_workspace": {
                    "name": workspace["name"],
                    "location": regions.get(workspace["name"], "eastus"),
                }
            }
            for workspace in MADE
        ),
    ]


class Studio:
    """A folder and a simulator's environment, in which playbooks run."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment

    def written(self, *tasks: Task) -> list[str]:
        """The command for a play of these tasks."""
        defaults = {"group/azureml.compute.all": {"resource_group": GROUP}}
        play = {
            "name": "Fleet",
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": defaults,
            "tasks": list(tasks),
        }
        (self.folder / "site.yml").write_text(yaml.safe_dump([play], sort_keys=False))
        return [str(BIN / "ansible-playbook"), str(self.folder / "site.yml")]

    def run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)

    def speed(self, factor: float) -> None:
        control = f"{self.environment['AML_SIMULATOR_URL']}/_simulator/config"
        body = json.dumps({"clock": {"speed": factor}}).encode()
        # Not by curl: its command line, with the secret, would be there for every user to read.
        headers = {"Authorization": f"Bearer {self.environment['AML_SIMULATOR_CONTROL_TOKEN']}"}
        context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])
        with urllib.request.urlopen(
            urllib.request.Request(control, data=body, method="PUT", headers=headers), context=context
        ) as answer:
            answer.read()

    def progress(self) -> None:
        """The moment at which some are done and the most are under way."""
        command = self.written(
            {
                "name": "Compute targets of three workspaces",
                "azureml.compute.aml_fleet": {"name": "production", "workspaces": MADE},
            }
        )
        terminal = Terminal(command, {**self.environment, "ANSIBLE_CALLBACKS_ENABLED": "azureml.compute.aml_progress"})
        best: tuple[int, list[Text]] = (0, [])

        def look(lines: list[str]) -> None:
            nonlocal best
            under_way, done = (sum(word in line for line in lines) for word in ("create  ", "create done"))
            if min(done, 4) and under_way + min(done, 4) > best[0]:
                best = (under_way + min(done, 4), _texts(terminal.screen))

        terminal.until_its_end(look)
        write(IMAGES / "progress.svg", "ansible-playbook site.yml", best[1], width=80)

    def report(self) -> Path:
        variables = {"aml_resource_group": GROUP, "aml_fleet_name": "production", "aml_fleet_workspaces": declared()}
        (self.folder / "fleet.yml").write_text(yaml.safe_dump(variables))
        self.run(
            [
                str(BIN / "ansible-playbook"),
                "azureml.compute.drift_report",
                "-e",
                f"@{self.folder}/fleet.yml",
                "-e",
                f"aml_drift_folder={self.folder}",
            ]
        )
        return self.folder / "drift.html"


def _texts(screen: t.Any) -> list[Text]:
    """The lines of a terminal with their colours."""
    names = {"brown": "yellow", "default": None}
    lines = []
    for y, row in enumerate(screen.display):
        if not row.strip():
            continue
        line, cells = Text(), [screen.buffer[y][x] for x in range(len(row.rstrip()))]
        for (colour, bold), some in itertools.groupby(cells, key=lambda cell: (cell.fg, cell.bold)):
            line.append("".join(cell.data for cell in some), Style(color=names.get(colour, colour), bold=bold))
        lines.append(line)
    return lines


def shoot(page: Path, target: Path, width: int, height: int) -> None:
    """A picture of a page's upper part. A window of headless Chromium is never narrower than 500 pixels: a phone stands in the middle of one."""
    if CHROMIUM is None:
        raise SystemExit("Missing: chromium. As root on Debian or Ubuntu: scripts/system-packages browser")
    frame, window = page.with_name("frame.html"), max(width, 500)
    style = f"display:block;margin:0 auto;border:0;width:{width}px;height:{height}px"
    frame.write_text(f'<body style="margin:0;background:#c9ced6"><iframe src="{page.name}" style="{style}"></iframe>')
    with tempfile.TemporaryDirectory() as profile:
        own = [
            f"--user-data-dir={profile}",
            "--hide-scrollbars",
            f"--window-size={window},{height}",
            f"--screenshot={target}",
        ]
        subprocess.run([CHROMIUM, *FLAGS, *own, f"file://{frame}"], check=True, capture_output=True, timeout=120)
    with Image.open(target) as picture:
        few = picture.convert("RGB").quantize(255, method=Image.Quantize.MAXCOVERAGE)
    few.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1000} kB")


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    try:
        with running(folder, rounds=1) as bench:
            studio = Studio(folder, bench.environment)
            studio.speed(120)
            studio.run(studio.written(*world()))
            studio.speed(3)
            studio.progress()
            studio.speed(120)
            studio.run(
                studio.written(
                    *(
                        {f"azureml.compute.{module}": {"workspace": place, **options}}
                        for place, module, options in BY_HAND
                    )
                )
            )
            page = studio.report()
        shoot(page, IMAGES / "drift-desktop.png", 1240, 1640)
        shoot(page, IMAGES / "drift-phone.png", 390, 1180)
        graph = re.search(r"<section><details[^>]*><summary>Topology.*?</section>", page.read_text(), re.DOTALL)
        if graph is None:
            raise SystemExit("The page has no topology.")
        alone = re.sub(
            r"<main>.*</main>",
            lambda _all: f"<main>{graph[0]}</main>",
            page.read_text(),
            flags=re.DOTALL,
        )
        page.write_text(alone)
        shoot(page, IMAGES / "drift-topology.png", 1200, 625)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
