# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs of the example project (examples/awx/project), run as AWX runs them: see ``Controller`` in awx.py.

The collection is installed where an execution environment has it, from the build context that ansible-builder makes of
execution-environment.yml, so that a file that the image would lack is missed here too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import typing as t
import uuid
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.plugins.module_utils._auth.options import ENVIRONMENT
from ansible_collections.azureml.compute.plugins.module_utils._auth.sources import sign_in
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import CredentialError
from ansible_collections.azureml.compute.tests.support.awx import (
    PROJECT,
    Controller,
    Credential,
    Job,
    artifacts,
    sliced,
)

from .conftest import BIN, ROOT, Simulator
from .test_fleet_kill import WORKSPACES as MADE
from .test_fleet_kill import Azure, azure, finish, start_with  # noqa: F401  # pylint: disable=unused-import

# The certificates of a private cloud: AWX has them in the setting "Extra environment variables".
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
DECLARATION = "workspaces/vision.yml"
WORKSPACES = "inventory/workspaces.aml_compute.yml"
FLEET = "fleets/production.yml"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The part of an execution environment's file system that jobs see: the collection, and nothing else."""
    folder = tmp_path_factory.mktemp("image")
    definition = ROOT / "execution-environment.yml"
    subprocess.run(
        [str(BIN / "ansible-builder"), "create", "-f", str(definition), "-c", str(folder / "context")],
        check=True,
        capture_output=True,
        timeout=60,
    )
    built, place = folder / "context" / "_build" / "collection", folder / "usr/share/ansible/collections"
    command = [str(BIN / "ansible-galaxy"), "collection", "install", "--offline", str(built), "-p", str(place)]
    environment = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"}
    subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment)
    return folder


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory, image: Path, simulator: Simulator) -> Controller:
    """AWX with the example project, in which the cluster keeps a node, so that there is something to stop."""
    (cluster,) = yaml.safe_load((PROJECT / DECLARATION).read_text())["aml_clusters"]
    environment = {name: simulator.environment[name] for name in CERTIFICATES}
    example = Controller(tmp_path_factory.mktemp("awx"), image, environment)
    return edited(example, DECLARATION, aml_clusters=[{**cluster, "min_instances": 1}])


@pytest.fixture(scope="module")
def credential(simulator: Simulator) -> Credential:
    known = simulator.environment
    return Credential(
        subscription=known["AZURE_SUBSCRIPTION_ID"],
        client=known["AZURE_CLIENT_ID"],
        tenant=known["AZURE_TENANT"],
        secret=known["AZURE_SECRET"],
        cloud_environment=known["AZURE_CLOUD_ENVIRONMENT"],
    )


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """The survey's answers. A resource group of these tests' own: what a survey or a template sets wins over the declaration."""
    return {"aml_declaration": "vision", "aml_resource_group": f"rg-{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module")
def provisioned(controller: Controller, credential: Credential, answers: dict[str, str]) -> Job:
    return controller.run("provision.yml", credential, answers)


def edited(controller: Controller, name: str, **more: t.Any) -> Controller:
    """The same controller with another commit of the project, in which one file says something more."""
    project = controller.folder / uuid.uuid4().hex
    shutil.copytree(controller.project, project)
    content = yaml.safe_load((project / name).read_text())
    (project / name).write_text(yaml.safe_dump({**content, **more}))
    return replace(controller, project=project, folder=project.with_suffix(".jobs"))


def changed(job: Job) -> int:
    return int(job.stats["changed"].get("localhost", 0))


def test_provision(provisioned: Job, credential: Credential) -> None:
    assert (provisioned.status, provisioned.code) == ("successful", 0), provisioned.stdout
    assert changed(provisioned) >= 3, "the group, the workspace and the cluster at least"
    (cluster,) = [compute for result in provisioned.results("computes") for compute in result["computes"]]
    assert (cluster["name"], cluster["provisioning_state"]) == ("cpu-cluster", "Succeeded")
    assert provisioned.holding("cpu-cluster"), "the search finds what is there"
    skipped = [row for row in provisioned.events if row["event"] == "runner_on_skipped"]
    assert skipped and "skipping: " not in provisioned.stdout, "the project's ansible.cfg"
    assert provisioned.holding(credential.secret) == []


@pytest.mark.usefixtures("provisioned")
def test_drift(controller: Controller, credential: Credential, answers: dict[str, str], simulator: Simulator) -> None:
    mark = simulator.mark()
    drift = controller.run("provision.yml", credential, answers, check=True)
    assert (drift.status, drift.code, changed(drift)) == ("successful", 0, 0), drift.stdout
    assert drift.holding(credential.secret) == []
    assert simulator.writes(mark) == [], "a check wrote"


def test_a_wrong_credential(controller: Controller, credential: Credential, answers: dict[str, str]) -> None:
    wrong = replace(credential, secret="not-the-secret-7f3a")
    job = controller.run("provision.yml", wrong, answers)
    assert (job.status, job.code) == ("failed", 2), job.stdout
    failure = job.results("failure")[-1]["failure"]
    assert failure["code"] == "AADSTS7000215", "what the token endpoint said"
    assert "environment (client secret)" in failure["message"], "which credential it was"
    assert job.stats["failures"] == {"localhost": 1}
    assert job.holding("AADSTS7000215"), "the search finds what is there"
    assert job.holding(wrong.secret) == []


def test_the_built_in_credential_is_enough(credential: Credential) -> None:
    """Both forms of the built-in type, with the empty values that AWX sets as well; a certificate needs a type of one's own."""
    known = {name for names in ENVIRONMENT.values() for name in names}
    person = Credential(subscription="s", username="user@example.com", password="p")
    assert set(credential.environment()) | set(person.environment()) <= known
    chosen = sign_in({}, credential.environment())
    assert (chosen.source, chosen.subscription_id) == ("environment (client secret)", credential.subscription)
    chosen = sign_in({}, person.environment())
    assert chosen.source == "environment (user and password)"
    with pytest.raises(CredentialError) as refused:
        sign_in({"auth_source": "env"}, Credential(subscription="s").environment())
    assert refused.value.code == "CredentialIncomplete"


@pytest.fixture(scope="module")
def workspaces(controller: Controller, provisioned: Job, answers: dict[str, str]) -> Controller:
    """The inventory source of workspaces, in the tests' own group only: other tests leave workspaces behind too."""
    assert provisioned.code == 0
    return edited(controller, WORKSPACES, resource_groups=[answers["aml_resource_group"]])


def test_inventory_update(workspaces: Controller, credential: Credential, answers: dict[str, str]) -> None:
    job, found = workspaces.update_inventory(WORKSPACES, credential)
    assert (job.status, job.code) == ("successful", 0), job.stdout
    assert found is not None
    assert found["aml_workspaces"]["hosts"] == ["ws-awx"]
    host = found["_meta"]["hostvars"]["ws-awx"]
    assert answers["aml_resource_group"] in str(host["resource_group"])
    assert host["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    assert job.holding(credential.secret) == []

    job, found = workspaces.update_inventory(WORKSPACES, replace(credential, secret="not-the-secret-7f3a"))
    assert (job.status, found) == ("failed", None), "an inventory that cannot be read is a failure, not an empty one"
    assert "AADSTS7000215" in job.stdout
    assert job.holding("not-the-secret-7f3a") == []


def test_stop(
    controller: Controller,
    workspaces: Controller,
    credential: Credential,
    answers: dict[str, str],
    simulator: Simulator,
) -> None:
    """All workspaces of the inventory, as a check; then the one of the survey."""
    _job, inventory = workspaces.update_inventory(WORKSPACES, credential)
    mark = simulator.mark()
    everywhere = controller.run(
        "stop.yml", credential, {"aml_hosts": "aml_workspaces"}, check=True, inventory=inventory
    )
    assert (everywhere.status, everywhere.code) == ("successful", 0), everywhere.stdout
    assert everywhere.stats["changed"] == {"ws-awx": 1}, "the workspace is the host"
    (change,) = [change for result in everywhere.results("compute") for change in result["plan"]["changes"]]
    assert (change["field"], change["before"], change["after"]) == ("min_instances", 1, 0)
    assert simulator.writes(mark) == [], "a check wrote"

    one = controller.run("stop.yml", credential, {**answers, "aml_stop_busy": "false"})
    assert (one.status, changed(one)) == ("successful", 1), one.stdout
    (write,) = simulator.writes(mark)
    assert write["body"] == {"properties": {"properties": {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 4}}}}
    assert one.holding(credential.secret) == []


# --- the drift report ---


@pytest.fixture
def store() -> t.Iterator[tuple[str, dict[str, bytes]]]:
    """A store of files as Azure Blob Storage is one, behind a URL with an access signature: its URL, and its files by their names."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def name(self) -> str:
            path, _mark, query = self.path.partition("?")
            return path.removeprefix("/reports/") if query == "sig=planted-signature" else ""

        def do_GET(self) -> None:
            known = files.get(self.name())
            self.answer(404, b"<Error>BlobNotFound</Error>") if known is None else self.answer(200, known)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            allowed = self.name() and self.headers["x-ms-blob-type"] == "BlockBlob"
            if allowed:
                files[self.name()] = body
            self.answer(201 if allowed else 403)

        def log_message(self, *_arguments: t.Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/reports?sig=planted-signature", files
        server.shutdown()


@pytest.mark.usefixtures("provisioned")
def test_the_drift_report_is_stored_and_fails_the_job(
    controller: Controller,
    credential: Credential,
    answers: dict[str, str],
    store: tuple[str, dict[str, bytes]],
    simulator: Simulator,
) -> None:
    """The first report of a store, which answers 404 to the question for an earlier one."""
    url, files = store
    group = answers["aml_resource_group"]
    computes = [{"type": "amlcompute", "name": "cpu-cluster", "max_instances": 9}]
    document = {"aml_fleet_workspaces": [{"name": "ws-awx", "resource_group": group, "computes": computes}]}
    awx = edited(controller, FLEET, aml_fleet_name="", **document)
    awx = replace(awx, task_env={**awx.task_env, "AML_REPORT_URL": url})
    survey = {"aml_document": "production", "drift_fails": "true"}
    mark = simulator.mark()
    job = awx.run("drift.yml", credential, survey)
    assert (job.status, job.code) == ("failed", 2), job.stdout
    assert "Targets differ from their declaration" in job.stdout
    assert set(files) == {"drift.json", "drift.md", "drift.html", "drift.xml", "drift.csv"}
    report = json.loads(files["drift.json"])
    assert report["drifted"] and job.stats["artifact_data"]["drifted"] is True
    assert simulator.writes(mark) == [], "a report wrote"
    assert job.holding("cpu-cluster"), "the search finds what is there"
    assert job.holding("planted-signature") == []


# --- a fleet in slices ---


def fleet_document(group: str) -> dict[str, t.Any]:
    """A fleet over all workspaces that were made but one, which is a host of the inventory all the same."""
    computes = [
        {"type": "amlcompute", "name": name, "size": "Standard_DS2_v2", "min_instances": 1, "max_instances": 2}
        for name in ("small", "large")
    ]
    return {
        "aml_fleet_defaults": {},
        "aml_fleet_prune": "delete",
        "aml_fleet_workspaces": [
            {"name": f"ws-{number}", "resource_group": group, "computes": computes}
            for number in reversed(range(MADE - 1))
        ],
    }


def merged_by(job: Job) -> dict[str, t.Any]:
    (facts,) = [
        result["ansible_facts"]
        for result in job.results("ansible_facts")
        if "aml_fleet_merged" in result["ansible_facts"]
    ]
    return t.cast("dict[str, t.Any]", facts["aml_fleet_merged"])


def plans(result: dict[str, t.Any]) -> list[tuple[str, str, t.Any]]:
    return [
        (target["id"], target["action"], target["changes"]) for target in (*result["targets"], *result["undeclared"])
    ]


def test_four_slices_do_what_one_run_does(
    controller: Controller,
    credential: Credential,
    azure: Azure,  # noqa: F811
    simulator: Simulator,
    tmp_path: Path,
) -> None:
    group = f"sl{uuid.uuid4().hex[:6]}"
    azure.make_workspaces(group)
    # What the fleet has made once and does not declare any more: pruned by the slice of its workspace.
    old = {"location": "eastus", "tags": {"azureml-compute-fleet": "production"}, "properties": {"computeType": "AmlCompute", "properties": {
        "vmSize": "STANDARD_DS2_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 1}}}}  # fmt: skip
    simulator.arm("PUT", f"{azure.workspace(group, 1)}/computes/old", body=old)
    simulator.control("PUT", "clock", {"advance": 600})
    document = fleet_document(group)
    awx = edited(edited(controller, WORKSPACES, resource_groups=[group]), FLEET, **document)
    _job, inventory = awx.update_inventory(WORKSPACES, credential)
    assert inventory is not None and len(inventory["aml_workspaces"]["hosts"]) == MADE
    everywhere = {"aml_hosts": "aml_workspaces"}

    whole = {
        "name": "production",
        "workspaces": document["aml_fleet_workspaces"],
        "prune": "delete",
        "full_result": True,
    }
    planned = finish(start_with(azure, tmp_path, **whole, _ansible_check_mode=True))
    assert planned["totals"] == {
        "targets": 2 * (MADE - 1),
        "failed": 0,
        "undeclared": 1,
        "create": 2 * (MADE - 1),
        "delete": 1,
    }

    mark = simulator.mark()
    simulator.control("PUT", "config", {"quotas": {"*": {"standardDSv2Family": 15}}})
    refused = awx.run("fleet.yml", credential, everywhere, inventory=sliced(inventory, 1, 4))
    simulator.control("PUT", "config", {"quotas": {"*": {"standardDSv2Family": 16}}})
    assert refused.code == 2 and {result["failure"]["code"] for result in refused.results("failure")} == {
        "PreflightFailed"
    }, refused.stdout
    assert simulator.writes(mark) == [], "four of eight clusters would have passed, but not all of them"

    jobs = awx.run_slices("fleet.yml", credential, everywhere, inventory, 4)
    assert [(job.status, job.code) for job in jobs] == [("successful", 0)] * 4, "".join(job.stdout for job in jobs)
    assert all(len(job.stats["ok"]) < MADE for job in jobs), "no slice knows all hosts"
    report = awx.run("merge.yml", credential, {}, inherited=artifacts(jobs))
    assert report.code == 0, report.stdout
    merged = merged_by(report)
    assert merged["complete"] and merged["totals"] == planned["totals"] and plans(merged) == plans(planned)
    assert azure.states(group) == {
        f"ws-{number}/{name}": "Succeeded" for number in range(MADE - 1) for name in ("small", "large")
    }
    assert finish(start_with(azure, tmp_path, **whole))["totals"] == {
        "targets": 2 * (MADE - 1),
        "failed": 0,
        "none": 2 * (MADE - 1),
    }


def test_a_plan_is_approved_between_two_jobs(
    controller: Controller,
    credential: Credential,
    azure: Azure,  # noqa: F811
    simulator: Simulator,
) -> None:
    """The plan job passes its plan as an artifact; the job behind the approval applies it, and not when the state has changed."""
    group = f"ap{uuid.uuid4().hex[:6]}"
    azure.make_workspaces(group)
    awx = edited(controller, FLEET, **fleet_document(group), aml_fleet_limit=["ws-0/*"])
    mark = simulator.mark()
    # In check mode, as a template of the job type "Check" runs.
    template = edited(awx, FLEET, aml_fleet_plan_file="plan.json", aml_fleet_artifacts=True)
    planned = template.run("fleet.yml", credential, {}, check=True)
    assert planned.code == 0 and simulator.writes(mark) == [], planned.stdout
    assert "ws-0/small" in planned.stdout and "2 targets: 2 create planned." in planned.stdout
    inherited = artifacts([planned])
    assert len(inherited["aml_fleet_plan"]["targets"]) == 2
    assert f"Plan {inherited['aml_fleet_plan']['digest']}: artifact aml_fleet_plan of this job" in planned.stdout
    assert "plan.json" not in planned.stdout, "a path in a container that no longer exists"
    # A variable of the template, which AWX trusts, unlike answers of a survey.
    behind = edited(awx, FLEET, aml_fleet_approved_plan="{{ aml_fleet_plan }}")
    applied = behind.run("fleet.yml", credential, {}, inherited=inherited)
    assert applied.code == 0 and changed(applied) == 1, applied.stdout
    again = behind.run("fleet.yml", credential, {}, inherited=inherited)
    assert again.code == 2 and {result["failure"]["code"] for result in again.results("failure")} == {"PlanChanged"}
    assert "approved is create" in again.stdout
