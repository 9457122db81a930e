# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance walk, recorded from a second simulator that guesses otherwise: exactly the changed guesses are found. `make acceptance-proof` has them all."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.azureml.compute.tests.conformance.test_recordings import differences
from azureml_simulator import App, cli
from azureml_simulator.acceptance import compare, guesses, masks, record, walk
from azureml_simulator.entra.directory import DEFAULT_SUBSCRIPTION, TENANT

SUB = f"/subscriptions/{DEFAULT_SUBSCRIPTION}"
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
GROUP, SUFFIX = f"{SUB}/resourceGroups/rg-users", "qxyvk"
FACTS = Path(__file__).parents[2] / "conformance" / "facts" / "guesses.yml"
CHANGED: dict[str, Any] = {
    "unknown_api_version": "InvalidApiVersionParameter",
    "vnet_put_without_subnets": "delete",
    "deployment_not_cancellable_code": "NothingToCancel",
    "trailing_dash": "refuse",
    "datastore.replaced_status": 201,
    "patch_without_change_status": 202,
    "recreate_keeps_old_size": True,
}
UNCHANGED = ("conflict_code", "compute_not_found.code", "unsigned_poll.status")


def walked(app: App, *steps: str) -> record.Recorder:
    """The walk on an app, with the names of a user."""
    app.configure({"clock": {"speed": 0.0}})
    app.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"})
    values = {"sub": SUB, "group": GROUP, "loc": "eastus", "n": SUFFIX, "tenant": TENANT}
    hidden = record.masks_for(DEFAULT_SUBSCRIPTION, TENANT, "rg-users", SUFFIX, {})
    recorder = record.Recorder(app.call, app.clock.advance, values, hidden, now=app.clock.now, interval=30.0)
    recorder.walk(walk.chosen(list(steps), {}))
    return recorder


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = App()
    for path, value in CHANGED.items():
        app.configure(guesses.change(path, value))
    recorder = walked(app, "reading", "deployment", "cluster", "datastore")
    assert recorder.clean_up() == []
    assert [doc["type"] for doc in app.store.children(GROUP)] == []
    file = tmp_path_factory.mktemp("recordings") / "other.json"
    record.write(file, recorder, against="a simulator", location="eastus", targets={})
    return file


def test_exactly_the_changed_guesses_are_found(recording: Path) -> None:
    found = compare.compare(compare.read(recording), [*CHANGED, *UNCHANGED])
    assert {verdict.guess: verdict.value for verdict in found.verdicts if verdict.other} == CHANGED
    assert {verdict.guess for verdict in found.verdicts if verdict.settled and not verdict.other} == set(UNCHANGED)
    assert "reading.unknown-version: error.code" in {entry.fact for entry in found.differences} and found.same > 300
    text = "\n".join(compare.lines(found))
    assert "trailing_dash is 'refuse', and not 'accept' (cluster.trailing-dash: status)" in text
    # The name that was refused in the recording is created in the replay, so that its body says nothing.
    facts = {*compare.facts(compare.read(recording)["exchanges"]), *compare.Replay(compare.read(recording)).facts()}
    assert found.not_compared and found.same + len(found.differences) + found.not_compared == len(facts)
    assert json.loads(json.dumps(compare.as_json(found)))["guesses"][0]["value"] == "InvalidApiVersionParameter"


def test_a_recording_has_nothing_of_the_user(recording: Path) -> None:
    assert recording.stat().st_mode & 0o777 == 0o600
    text = recording.read_text()
    assert "rg-users" not in text and SUFFIX not in text
    keys = next(entry for entry in json.loads(text)["exchanges"] if entry["name"] == "workspace.keys")["answer"]["body"]
    assert keys["userStorageKey"] == keys["notebookAccessKeys"]["primaryAccessKey"] == masks.HIDDEN
    assert {entry["name"] for entry in json.loads(text)["exchanges"]} > {"cluster.create", "workspace.create"}
    assert walk._blob()["properties"]["credentials"]["secrets"]["key"] not in text


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        (
            "x",
            "/subscriptions/aaaaaaaa-1111-4000-8000-00000000000b/resourceGroups/rg",
            f"{SUB}/resourceGroups/acceptance",
        ),
        ("x", "larger targets of RG and rg-other", "larger targets of acceptance and rg-other"),
        ("x", "acc-qxyvk and st1QXYVK", "acc-zzzzz and st1zzzzz"),
        ("principalId", "bbbbbbbb-1111-4000-8000-00000000000b", "99999999-0000-4000-8000-000000000001"),
        ("createdBy", "Jane Doe", "someone"),
        ("x", "sent by jane.doe@contoso.com", "sent by someone@example.org"),
        ("publicIpAddress", "20.1.2.3", "203.0.113.1"),
        ("addressPrefix", "10.0.0.0/24", "10.0.0.0/24"),
        ("primaryKey", "abc", masks.HIDDEN),
        ("passwords", [{"name": "one", "value": "abc"}], [{"name": "one", "value": masks.HIDDEN}]),
        ("credentials", {"secretsType": "Sas", "sas": "abc"}, {"secretsType": "Sas", "sas": masks.HIDDEN}),
        ("x", "A1" * 32 + "==", masks.HIDDEN),
        ("code", "A" * 64, "A" * 64),
        ("createdAt", "2026-11-29T10:00:00.123Z", "2026-11-29T10:00:00.123Z"),
        ("resourceId", "0123456789abcdef0123456789abcdef", "0" * 32),
        ("count", 3, 3),
    ],
)
def test_masks(name: str, value: Any, masked: Any) -> None:
    hidden = record.masks_for("aaaaaaaa-1111-4000-8000-00000000000b", "t", "rg", SUFFIX, {})
    assert hidden.value({name: value})[name] == masked


def test_the_names_of_a_target_are_masked_and_words_of_the_walk_are_not() -> None:
    target = "/subscriptions/s/resourceGroups/rg-theirs/providers/Microsoft.ContainerService/managedClusters"
    hidden = record.masks_for("s", "t", "rg", SUFFIX, {"Kubernetes": f"{target}/secret-project"})
    masked = hidden.text("Cluster Secret-Project in rg-theirs cannot be read.")
    assert masked == "Cluster target in acceptance cannot be read."
    hidden = record.masks_for("s", "t", "rg", SUFFIX, {"Kubernetes": f"{target}/kubernetes"})
    assert hidden.value({"computeType": "Kubernetes"}) == {"computeType": "Kubernetes"}


def test_every_attachment_is_known_by_its_name() -> None:
    """Or the walk would end with a Delete of it."""
    names = {
        call.path.rpartition("/")[2]
        for step in walk.STEPS
        for call in step.calls
        if call.makes and "resourceId" in json.dumps(call.body or {}) and "/computes/" in call.path
    }
    assert names and all(name.startswith(record._ATTACHED) for name in names)


def test_every_name_that_the_walk_creates_is_one_that_the_service_takes() -> None:
    """Or the step shows how a name is refused, and nothing else."""
    made = {
        call.path.partition("?")[0].replace("{n}", SUFFIX) for step in walk.STEPS for call in step.calls if call.makes
    }
    names = {path.rpartition("/")[2] for path in made if "/computes/" in path}
    assert len(names) > 10
    assert [name for name in names if not re.fullmatch(r"[a-zA-Z](?![a-zA-Z0-9-]*-\d+$)[a-zA-Z0-9-]{2,23}", name)] == []


def test_what_is_attached_is_detached_only() -> None:
    """A Delete could reach the resource that the user gave as the target."""
    attached = {step.name for step in walk.STEPS if step.target}
    sent = {
        call.name: call.path for step in walk.STEPS if step.target for call in step.calls if call.method == "DELETE"
    }
    assert attached and {name.partition(".")[0] for name in sent} == attached
    assert {path.partition("underlyingResourceAction=")[2] for path in sent.values()} == {"Detach"}


def test_what_existed_before_is_not_deleted() -> None:
    app = App()
    app.call("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "eastus"})
    network = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/acc-{SUFFIX}"
    app.store.put(
        network, {"name": "acc", "type": "Microsoft.Network/virtualNetworks", "location": "eastus", "properties": {}}
    )
    recorder = walked(app, "network", "deployment")
    assert recorder.clean_up() == []
    assert [doc["id"] for doc in app.store.children(GROUP, "Microsoft.Network/virtualNetworks")] == [network]


def test_an_error_in_one_deletion_leaves_nothing_else() -> None:
    app = App()
    recorder = walked(app, "network", "deployment")
    answer = recorder.send

    def broken(method: str, address: str, body: Any) -> record.Answer:
        if method == "DELETE" and "/virtualNetworks/" in address:
            raise ConnectionResetError("the connection broke")
        return answer(method, address, body)

    recorder.send = broken
    assert [left.rpartition(": ")[2] for left in recorder.clean_up()] == ["the connection broke"]
    assert [doc["type"] for doc in app.store.children(GROUP)] == ["Microsoft.Network/virtualNetworks", SUBNETS]


def test_what_an_interrupted_walk_was_creating_is_deleted() -> None:
    app = App()
    recorder = walked(app, "network")
    cut = [replace(call, follow=False) for call in walk.BY_NAME["workspace"].calls if call.makes]
    for call in cut:
        recorder.exchange(call, "", patience=1)
        if not call.name.endswith(".create"):
            app.clock.advance(60)
    assert recorder.clean_up() == [] and app.store.children(GROUP) == []


@pytest.mark.parametrize("path", ["missing/azure.json", "."])
def test_a_file_that_cannot_be_written_is_refused_before_the_walk(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: mask)
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", DEFAULT_SUBSCRIPTION)
    with pytest.raises(SystemExit):
        cli.main(["record", str(tmp_path / path), "--resource-group", "rg", "--yes"])
    assert "cannot be written" in capsys.readouterr().err


def test_no_other_file_is_written_in_the_place_of_a_recording(tmp_path: Path) -> None:
    """In a folder of several users, another one may have put a link or a pipe there."""
    others, link, pipe = tmp_path / "others", tmp_path / "link.json", tmp_path / "pipe.json"
    others.write_text("precious")
    link.symlink_to(others)
    os.mkfifo(pipe)
    for path in (link, pipe):
        with pytest.raises(ValueError, match="cannot be written"):
            record.prepare(path)
    assert others.read_text() == "precious"


def test_what_cannot_be_deleted_is_named() -> None:
    app = App()
    recorder = walked(app, "network")
    lock = f"{GROUP}/providers/Microsoft.Authorization/locks/l?api-version=2020-05-01"
    app.call("PUT", lock, {"properties": {"level": "CanNotDelete"}})
    [left] = recorder.clean_up()
    assert "virtualNetworks/acc-qxyvk" in left and "ScopeLocked" in left


def test_an_attachment_needs_an_id_and_a_step_what_it_needs() -> None:
    with pytest.raises(ValueError, match="id of a Databricks"):
        walk.chosen(["databricks"], {})
    with pytest.raises(ValueError, match="no step nothing"):
        walk.chosen(["nothing"], {})
    with pytest.raises(ValueError, match="Nothing attaches a databricks"):
        walk.chosen(None, {"databricks": "x"})
    with pytest.raises(ValueError, match="workspace cannot be skipped, because cluster, datastore"):
        walk.chosen(None, {}, ["workspace", "versions"])
    with pytest.raises(ValueError, match="no step workspaces"):
        walk.chosen(None, {}, ["workspaces"])
    names = {step.name for step in walk.chosen(None, {}, ["instance", "cluster", "network"])}
    assert names == {*walk.DEFAULT} - {"instance", "cluster", "network"}
    target = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/mine"
    assert [step.name for step in walk.chosen(["databricks"], {"Databricks": target})] == ["workspace", "databricks"]
    assert record.masked_target(target).endswith("/Microsoft.Databricks/workspaces/target")
    names = [call.name for step in walk.STEPS for call in step.calls]
    assert len(names) == len(set(names)) and all(step.minutes for step in walk.STEPS)


def test_each_guess_is_compared_or_says_why_not() -> None:
    known = guesses.leaves(App().config["guesses"])
    assert set(known) == set(guesses.BY_PATH) | set(guesses.NOT_COMPARED)
    documented = yaml.safe_load(FACTS.read_text())["settings"]
    # A setting is documented by its path, or with those of the same group.
    assert [path for path in known if not any(path == name or path.startswith(f"{name}.") for name in documented)] == []
    assert all(guess.others and known[guess.path] not in guess.others for guess in guesses.GUESSES)


def test_the_command(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "GUESSES", ())
    monkeypatch.setattr(os, "umask", lambda mask: mask)  # of this process, which runs other tests too
    assert cli.main(["compare", str(recording)]) == 1
    assert "- network.get: properties.subnets: recorded '[]', simulated 'absent'" in capsys.readouterr().out
    (tmp_path / "none.json").write_text("{}")
    with pytest.raises(SystemExit):
        cli.main(["compare", str(tmp_path / "none.json")])
    assert "is not a recording" in capsys.readouterr().err


def test_a_recording_can_be_a_conformance_test_as_it_is(recording: Path) -> None:
    found = differences(recording.parent)
    assert list(found) == [recording.name] and "cluster.trailing-dash: status" in found[recording.name]
