# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the figures of tasks are compared with: modules of other collections and other clients, each of which reads one resource.

Each is installed in an environment of its own below build/clients, as `make clients` does it, from PyPI and npm. AML_BENCH_PEER names the directory of
programs of another environment with other collections and what they import. An anchor that cannot be had is listed with the reason.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.server
import json
import os
import threading
import typing as t
from pathlib import Path

from . import clients
from .bench_tools import AS_MODULE, ML, PROVIDER, Bench, Cost, NotMeasured, looped, median, spent
from .command import BIN

ITEMS = 10
# What has hetzner.hcloud.
ANSIBLE, HCLOUD = "ansible==12.3.0", "hcloud==2.27.0"
GROUP, WORKSPACE, CLUSTER = "ml-bench", "ws-bench", "cpu-cluster"

# azure-ai-ml, as a script that reads the cluster once.
SDK_SCRIPT = f"""
import os
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential
credential = ClientSecretCredential(os.environ["AZURE_TENANT"], os.environ["AZURE_CLIENT_ID"], os.environ["AZURE_SECRET"],
                                    authority=os.environ["AZURE_AUTHORITY_HOST"], disable_instance_discovery=True)
client = MLClient(credential, os.environ["AZURE_SUBSCRIPTION_ID"], "{GROUP}", "{WORKSPACE}", enable_telemetry=False)
compute = client.compute.get("{CLUSTER}")
assert compute.max_instances == 4, compute
"""

# As little as a client can do: azure-core, a token that it is given, one GET.
BARE_SCRIPT = f"""
import json, os
from azure.core.pipeline import Pipeline
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
path = "/subscriptions/" + os.environ["AZURE_SUBSCRIPTION_ID"] + "/resourceGroups/{GROUP}/providers/{PROVIDER}/workspaces/{WORKSPACE}/computes/{CLUSTER}"
request = HttpRequest("GET", os.environ["AML_SIMULATOR_URL"] + path + "?api-version={ML}", headers={{"Authorization": "Bearer " + os.environ["BENCH_TOKEN"]}})
answer = Pipeline(RequestsTransport()).run(request).http_response
assert json.loads(answer.content)["properties"]["computeType"] == "AmlCompute"
"""

NODE_SCRIPT = f"""
const sdk = require("@azure/arm-machinelearning");
const Client = sdk.AzureMachineLearningWorkspaces ?? sdk.AzureMachineLearningServicesManagementClient;
const credential = {{ getToken: async () => ({{ token: process.env.BENCH_TOKEN, expiresOnTimestamp: Date.now() + 3600000 }}) }};
const client = new Client(credential, process.env.AZURE_SUBSCRIPTION_ID, {{ endpoint: process.env.AML_SIMULATOR_URL }});
(async () => {{
  for (let number = 0; number < Number(process.argv[2]); number++) {{
    const found = await (client.computeOperations ?? client.compute).get("{GROUP}", "{WORKSPACE}", "{CLUSTER}");
    if (found.properties.computeType !== "AmlCompute") throw new Error("another answer");
  }}
}})().catch((error) => {{ console.error(error); process.exit(1); }});
"""


def cluster_id(subscription: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/{PROVIDER}/workspaces/{WORKSPACE}/computes/{CLUSTER}"


def further_item(bench: Bench, task: str, way: str = AS_MODULE, place: Path = BIN, items: int = ITEMS) -> Cost:
    """The cost of one of so many further items of a loop, without Ansible's start.

    A first run is not counted: it reads the peer's files into memory and compiles what its installer did not.
    """
    bench.play(task, way, place=place)
    costs = []
    for _round in range(bench.rounds):
        first, more = (bench.play(task, way, items=number, place=place) for number in (1, items + 1))
        costs.append(more.minus(first, items))
    found = median(costs)
    if found.cpu <= 0:
        raise NotMeasured("a further item costs less than two runs of one item differ by")
    return found


def installed(make: t.Callable[..., t.Any], *arguments: t.Any) -> t.Any:
    """What an installation returns; NotMeasured with the reason where it fails."""
    try:
        return make(*arguments)
    except clients.NotInstalledError as error:
        raise NotMeasured(f"it cannot be installed here: {error}") from error


def _peer(name: str, *packages: str) -> Path:
    """The directory of programs of an environment with Ansible's community package."""
    return Path(os.environ.get("AML_BENCH_PEER") or installed(clients.install_python, name, ANSIBLE, *packages))


def hcloud_server(bench: Bench) -> Cost:
    """hetzner.hcloud.server on a server as declared; a scripted HTTP server answers as api.hetzner.cloud does."""
    peer = _peer("ansible", HCLOUD)
    with _scripted({"/servers": _hcloud_answer()}) as url:
        options = {
            "name": "bench",
            "server_type": "cx22",
            "state": "present",
            "api_token": "bench",
            "api_endpoint": url,
        }
        task = looped("hetzner.hcloud.server", f" {json.dumps(options)}\n", unchanged=True)
        return further_item(bench, task, place=peer)


def azcollection(bench: Bench) -> Cost:
    """azure.azcollection.azure_rm_ml_compute_info of the cluster. One further item: each takes seconds."""
    collections, peer = installed(clients.azcollection)
    options = {"resource_group": GROUP, "ml_workspace": WORKSPACE, "name": CLUSTER}
    task = looped("azure.azcollection.azure_rm_ml_compute_info", f" {json.dumps(options)}\n")
    there = dataclasses.replace(bench, environment={**bench.environment, "ANSIBLE_COLLECTIONS_PATH": str(collections)})
    return further_item(there, task, place=peer, items=1)


def azure_cli(bench: Bench) -> Cost:
    """`az resource show` of the cluster, after `az login`."""
    az = installed(clients.install_python, "azure-cli", clients.AZURE_CLI) / "az"
    environment = {**bench.environment, "AZURE_CORE_COLLECT_TELEMETRY": "false"}
    account = [
        "-u",
        environment["AZURE_CLIENT_ID"],
        f"-p={environment['AZURE_SECRET']}",
        "--tenant",
        environment["AZURE_TENANT"],
    ]
    spent([az, "login", "--service-principal", *account, "-o", "none"], environment)
    command = [az, "resource", "show", "--ids", cluster_id(bench.subscription), "--api-version", ML, "-o", "none"]
    return median([spent(command, environment)[0] for _round in range(bench.rounds)])


def javascript(bench: Bench, reads: int = 1) -> Cost:
    """A process of Node.js that reads the cluster so many times."""
    installed(clients.install, *clients.JAVASCRIPT)
    script = bench.folder / "read.cjs"
    script.write_text(NODE_SCRIPT)
    environment = {**bench.environment, "NODE_PATH": str(clients.BUILD / "javascript" / "node_modules")}
    environment["NODE_EXTRA_CA_CERTS"] = bench.environment["SSL_CERT_FILE"]
    command: list[str | Path] = ["node", script, str(reads)]
    return median([spent(command, environment)[0] for _round in range(bench.rounds)])


def javascript_further(bench: Bench) -> Cost:
    """Each further read in the same process."""
    return javascript(bench, ITEMS + 1).minus(javascript(bench), ITEMS)


def bare(bench: Bench) -> Cost:
    """A Python process that reads the cluster once with azure-core, and does nothing else."""
    script = bench.folder / "bare.py"
    script.write_text(BARE_SCRIPT)
    return median([spent([BIN / "python", script], bench.environment)[0] for _round in range(bench.rounds)])


def sdk(bench: Bench) -> Cost:
    """A Python process that reads the cluster once with azure-ai-ml."""
    script = bench.folder / "sdk.py"
    script.write_text(SDK_SCRIPT)
    return median([spent([BIN / "python", script], bench.environment)[0] for _round in range(bench.rounds)])


ANCHORS: dict[str, t.Callable[[Bench], Cost]] = {
    "hetzner.hcloud.server, unchanged, further item": hcloud_server,
    "azure.azcollection.azure_rm_ml_compute_info, further item": azcollection,
    "`az resource show`": azure_cli,
    "JavaScript SDK, a process that reads it": javascript,
    "JavaScript SDK, each further read": javascript_further,
    "azure-ai-ml, a process that reads it": sdk,
    "the bare client, a process that reads it": bare,
}


@contextlib.contextmanager
def _scripted(answers: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    """The URL of an HTTP server that gives each path its answer, whatever the query."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = answers.get(self.path.partition("?")[0])
            data = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments: t.Any) -> None:
            """Nothing is logged."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def _hcloud_answer() -> dict[str, t.Any]:
    """GET /servers with one server, as the reference of the API shows it."""
    location = {"id": 1, "name": "fsn1", "description": "Falkenstein DC Park 1", "country": "DE", "city": "Falkenstein", "latitude": 50.4,
                "longitude": 12.3, "network_zone": "eu-central"}  # fmt: skip
    kind = {"id": 1, "name": "cx22", "description": "CX22", "cores": 2, "memory": 4.0, "disk": 40, "prices": [], "storage_type": "local",
            "cpu_type": "shared", "architecture": "x86", "deprecation": None, "deprecated": False}  # fmt: skip
    image = {"id": 2, "name": "ubuntu-24.04", "type": "system", "status": "available", "description": "Ubuntu 24.04", "image_size": None, "disk_size": 5,
             "created": "2024-04-25T13:26:27+00:00", "created_from": None, "bound_to": None, "os_flavor": "ubuntu", "os_version": "24.04",
             "rapid_deploy": True, "protection": {"delete": False}, "deprecated": None, "labels": {}, "deleted": None,
             "architecture": "x86"}  # fmt: skip
    server = {
        "id": 42, "name": "bench", "status": "running", "created": "2026-01-01T00:00:00+00:00", "labels": {}, "server_type": kind, "location": location,
        "datacenter": {"id": 4, "name": "fsn1-dc14", "description": "Falkenstein 1", "location": location,
                       "server_types": {"supported": [1], "available": [1], "available_for_migration": []}},
        "image": image, "iso": None, "rescue_enabled": False, "locked": False, "backup_window": None, "outgoing_traffic": 0, "ingoing_traffic": 0,
        "included_traffic": 0, "protection": {"delete": False, "rebuild": False}, "volumes": [], "load_balancers": [], "primary_disk_size": 40,
        "placement_group": None, "private_net": [],
        "public_net": {"ipv4": None, "ipv6": None, "floating_ips": [], "firewalls": []},
    }  # fmt: skip
    page = {"page": 1, "per_page": 25, "previous_page": None, "next_page": None, "last_page": 1, "total_entries": 1}
    return {"servers": [server], "meta": {"pagination": page}}
