# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users install is what belongs in it, whatever lies in the checkout; and it is signed so that a change shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.azureml.compute.scripts import release

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

# What users have, by the first part of the names; everything else is for who works on the collection.
TOP = {
    "CHANGELOG.md", "CHANGELOG.rst", "FILES.json", "LICENSE", "LICENSES", "MANIFEST.json", "README.md", "changelogs", "docs", "examples", "meta", "playbooks",
    "plugins", "requirements.txt", "roles",
}  # fmt: skip
SECRET = "PLANTED-STRAY-FILE"
# Files that lie about in checkouts: beside what belongs in the tarball, and named as if they belonged there.
STRAY = (
    ".env", "id_rsa", "workspace.yml", "vault.yml", "fleet.yml", "azureml-compute-0.0.9.tar.gz", ".simulator/client-secret", ".vscode/settings.json",
    "plugins/modules/aml_mine.py", "plugins/modules/aml_fleet.py~", "plugins/modules/.aml_fleet.py.swp", "plugins/modules/aml_fleet.py.orig",
    "core.1234", "plugins/modules/#aml_fleet.py#", "plugins/modules/aml_fleet copy.py", "plugins/module_utils/__pycache__/_arm.cpython-311.pyc",
    "plugins/module_utils/_debug.py", "plugins/lookup/mine.py", "roles/aml_nodes/vars/local.yml", "roles/aml_nodes/files/id_ed25519",
    "roles/mine/tasks/main.yml", "playbooks/my-workspace.yml",
    "playbooks/group_vars/all.yml", "playbooks/.env", "meta/runtime.yml.bak", "docs/notes.md", "docs/docsite/rst/draft.rst",
    "examples/vars.yml", "examples/awx/credential.json", "tests/output/junit.xml", "venv/pyvenv.cfg", "venv/lib/python3.11/site-packages/README.md",
    "venv/plugins/modules/aml_fleet.py", "copy/galaxy.yml", "copy/README.md", "copy/plugins/modules/aml_fleet.py", "-rf", "README.md\n", "plugins/modules/*.py",
    "plugins/modules/$(touch oops).py", "plugins/modules/\u202eyp.tfeLotthgir", "plugins/modules/{{ lookup('pipe', 'touch oops') }}.py",
)  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files that git tracks, in a repository of its own, with all of them committed."""
    place = tmp_path_factory.mktemp("checkout")
    for name in release.git(ROOT, "ls-files", "-z").split("\0"):
        if name and (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    for fragment in (place / "changelogs" / "fragments").glob("*.y*ml"):
        fragment.unlink()
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    release.git(place, "init", "-q")
    release.git(place, "add", "--all", "--force")
    # Whether the list is that of today is a question of one test alone.
    (place / "galaxy.yml").write_text(release.with_manifest(place))
    release.git(place, "add", "galaxy.yml")
    release.git(place, *identity, "commit", "-q", "-m", "All files")
    return place


def clutter(checkout: Path, outside: Path) -> None:
    """Plant stray files, and make the modes of those that belong there odd."""
    assert not set(STRAY) & set(release.tracked(checkout)), (
        "a stray file of this test belongs there now: choose another name"
    )
    for name in STRAY:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    (checkout / os.fsdecode(b"plugins/modules/\xff\xfe.py")).write_text(SECRET)
    with (checkout / "plugins" / "big.py").open("wb") as big:
        big.truncate(3 << 30)
    outside.mkdir()
    (outside / "private.py").write_text(SECRET)
    for name, target in (
        ("plugins/modules/linked.py", outside / "private.py"),
        ("roles/linked", outside),
        ("plugins/inside.py", checkout / "README.md"),
    ):
        (checkout / name).symlink_to(target)
    (checkout / "roles" / "gone").symlink_to(outside / "gone")
    (checkout / "venv" / "loop").symlink_to(checkout)
    os.mkfifo(checkout / "plugins" / "pipe.py")
    (checkout / "README.md").chmod(0o666)
    (checkout / "meta" / "runtime.yml").chmod(0o600)
    (checkout / "roles" / "aml_nodes").chmod(0o2777)


def built(checkout: Path, output: Path) -> dict[str, tarfile.TarInfo]:
    """The members of the tarball that ansible-galaxy builds of a folder."""
    command = [
        str(BIN / "ansible-galaxy"),
        "collection",
        "build",
        str(checkout),
        "--output-path",
        str(output),
        "--force",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = output.glob("*.tar.gz")
    with tarfile.open(tarball) as archive:
        members = archive.getmembers()
        for member in members:
            content = archive.extractfile(member)
            assert content is None or SECRET.encode() not in content.read(), member.name
    assert len({member.name for member in members}) == len(members)
    return {member.name: member for member in members}


def test_stray_files_are_not_in_the_tarball(checkout: Path, tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    shutil.copytree(checkout, place, symlinks=True)
    clutter(place, tmp_path / "outside")
    members = built(place, tmp_path / "output")
    files = {
        line.removeprefix("include ")
        for line in yaml.safe_load((checkout / "galaxy.yml").read_text())["manifest"]["directives"]
    }
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
    assert set(members) == files | folders | {"MANIFEST.json", "FILES.json"}
    assert {name.partition("/")[0] for name in members} == TOP
    assert {name for name, member in members.items() if member.isdir()} == folders
    assert [name for name, member in members.items() if not (member.isdir() or member.isfile())] == []
    assert {member.mode for member in members.values() if member.isdir()} == {0o755}
    assert {member.mode for member in members.values() if member.isfile()} == {0o644}
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members.values()} == {(0, 0, "", "")}
    assert not (place / "oops").exists() and not Path("oops").exists()


def test_the_list_has_what_git_tracks_and_nothing_else() -> None:
    listed = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert "build_ignore" not in listed and listed["manifest"]["omit_default_directives"] is True
    assert (ROOT / "galaxy.yml").read_text() == release.with_manifest(ROOT), "run 'make manifest'"
    names = set(release.tracked(ROOT))
    assert names <= set(release.git(ROOT, "ls-files").splitlines())
    # What Galaxy, ansible-core and ansible-builder look for.
    wanted = {
        "README.md",
        "LICENSE",
        "CHANGELOG.rst",
        "changelogs/changelog.yaml",
        "meta/runtime.yml",
        "meta/execution-environment.yml",
        "requirements.txt",
    }
    assert wanted <= names
    tracked = release.git(ROOT, "ls-files", "plugins", "roles", "playbooks").splitlines()
    assert set(tracked) == {name for name in names if name.startswith(("plugins/", "roles/", "playbooks/"))}


def test_a_link_or_a_name_that_is_a_pattern_is_not_listed(checkout: Path, tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    shutil.copytree(checkout, place, symlinks=True)
    for name in ("plugins/modules/*.py", "plugins/modules/a b.py"):
        (place / name).write_text("")
    (place / "plugins" / "modules" / "linked.py").symlink_to("/etc/hostname")
    release.git(place, "add", "--all")
    with pytest.raises(
        release.ReleaseError,
        match=r"Cannot ship 'plugins/modules/\*.py', 'plugins/modules/a b.py', 'plugins/modules/linked.py'",
    ):
        release.with_manifest(place)


def test_documents_link_only_to_what_users_have() -> None:
    """A link of a document in the tarball leads to a file in it, or to an address."""
    names = set(release.tracked(ROOT))
    places = names | {str(parent) for name in names for parent in Path(name).parents}
    dangling, count = [], 0
    for name in sorted(names):
        if not name.endswith(".md"):
            continue
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / name).read_text()):
            if not link.startswith(("https://", "http://")):
                count += 1
                target = os.path.normpath(os.path.join(os.path.dirname(name), link))
                dangling += [f"{name}: {link}"] if target not in places else []
    assert dangling == [] and count > 30


@pytest.fixture(scope="module")
def files(checkout: Path, keys: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files of a signed release, by the ends of their names."""
    output = tmp_path_factory.mktemp("release")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNUPGHOME", str(keys["home"]))
        # The SBOM takes tools that only a release installs: it has a test of its own.
        patch.setattr(release, "build_sbom", lambda _root, tarball, _version: tarball)
        made = release.build(checkout, output, "release@example.com")
    return {"tarball": made[0], **{path.name.removeprefix("azureml-compute-0.1.0-"): path for path in made[2:]}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[dict[str, Path]]:
    """Two throw-away keys in a home of their own, and a keyring with each of their public halves."""
    if not shutil.which("gpg"):
        pytest.skip("missing: gpg (scripts/system-packages installs it)")
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    found = {"home": home}
    for name in ("release", "other"):
        run_gpg(home, "--passphrase", "", "--quick-generate-key", f"{name}@example.com", "ed25519", "sign", "1d")
        public = run_gpg(home, "--export", f"{name}@example.com")
        found[name] = home / f"{name}.kbx"
        run_gpg(home, "--no-default-keyring", "--keyring", str(found[name]), "--import", stdin=public)
    yield found
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def run_gpg(home: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
    return subprocess.run(command, input=stdin, check=True, capture_output=True, timeout=60).stdout


def ansible(place: Path, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command of Ansible that knows the collections of this folder alone."""
    own = {
        "HOME": str(place),
        "ANSIBLE_COLLECTIONS_PATH": str(place),
        "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false",
        "ANSIBLE_NOCOLOR": "1",
    }
    whole = [str(BIN / command[0]), *command[1:]]
    return subprocess.run(
        whole, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **own}, cwd=cwd
    )


def galaxy(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return ansible(place, "ansible-galaxy", "collection", *arguments)


def install(place: Path, tarball: Path) -> subprocess.CompletedProcess[str]:
    """From a file: ansible-core checks its hashes, and signatures only afterwards, with verify."""
    return galaxy(place, "install", str(tarball), "--offline", "-p", str(place))


def verify(place: Path, keyring: Path, signature: Path) -> subprocess.CompletedProcess[str]:
    signed = ("--keyring", str(keyring), "--signature", f"file://{signature}", "--required-valid-signature-count", "+1")
    return galaxy(place, "verify", "azureml.compute", "--offline", "-p", str(place), *signed)


def test_a_signed_release_is_verified_and_a_change_or_another_key_is_refused(
    files: dict[str, Path], keys: dict[str, Path], tmp_path: Path
) -> None:
    signature = files["MANIFEST.json.asc"]
    installed = install(tmp_path, files["tarball"])
    assert installed.returncode == 0, installed.stderr
    verified = verify(tmp_path, keys["release"], signature)
    assert verified.returncode == 0, verified.stderr + verified.stdout
    refused = verify(tmp_path, keys["other"], signature)
    assert refused.returncode != 0 or "Signature verification failed" in refused.stdout + refused.stderr, refused.stdout
    module = next(tmp_path.rglob("aml_fleet.py"))
    module.write_text(module.read_text() + "\n# changed\n")
    changed = verify(tmp_path, keys["release"], signature)
    assert "aml_fleet.py" in changed.stdout + changed.stderr and "modified" in changed.stdout + changed.stderr, (
        changed.stdout + changed.stderr
    )


def test_a_tarball_that_was_changed_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    """By its own list of hashes at the installation, and by the signed sums whatever was adapted in it."""
    with tarfile.open(files["tarball"]) as archive:
        # Python before 3.11.4 knows no filters.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(tmp_path / "source")
    (tmp_path / "source" / "README.md").write_text("changed")
    changed = tmp_path / files["tarball"].name
    with tarfile.open(changed, "w:gz") as archive:
        for path in sorted((tmp_path / "source").iterdir()):
            archive.add(path, path.name)
    refused = install(tmp_path / "place", changed)
    assert refused.returncode != 0 and "Checksum mismatch" in refused.stderr, refused.stderr
    for place, good in ((files["tarball"].parent, True), (tmp_path, False)):
        check = ["sha256sum", "--check", "--ignore-missing", str(files["SHA256SUMS"])]
        done = subprocess.run(check, cwd=place, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is good, done.stdout + done.stderr


def test_the_sums_are_signed_and_cover_every_file(files: dict[str, Path], keys: dict[str, Path]) -> None:
    sums = {line.split("  ")[1]: line.split("  ")[0] for line in files["SHA256SUMS"].read_text().splitlines()}
    assert sums == {
        path.name: release.sha256(path) for name, path in files.items() if not name.startswith("SHA256SUMS")
    }
    signed = ("--verify", str(files["SHA256SUMS.asc"]), str(files["SHA256SUMS"]))
    run_gpg(keys["home"], "--no-default-keyring", "--keyring", str(keys["release"]), *signed)
    with pytest.raises(subprocess.CalledProcessError):
        run_gpg(keys["home"], "--no-default-keyring", "--keyring", str(keys["other"]), *signed)


def test_the_same_commit_gives_the_same_bytes(files: dict[str, Path], checkout: Path, tmp_path: Path) -> None:
    again = tmp_path / "clone"
    release.git(tmp_path, "clone", "-q", str(checkout), str(again))
    assert release.build_tarball(again, tmp_path / "output").read_bytes() == files["tarball"].read_bytes()


def test_a_checkout_that_is_not_clean_or_has_no_changelog_is_not_released(checkout: Path, tmp_path: Path) -> None:
    place = tmp_path / "clone"
    release.git(tmp_path, "clone", "-q", str(checkout), str(place))
    assert release.check_checkout(place) == "0.1.0"
    (place / "vault.yml").write_text(SECRET)
    with pytest.raises(release.ReleaseError, match=r"differs from HEAD \(vault.yml\)"):
        release.check_checkout(place)
    (place / "vault.yml").unlink()
    commit = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Change")
    for name, text, message in (
        ("changelogs/fragments/new.yml", "bugfixes: [A bug.]", "lacks 1 fragments"),
        ("plugins/modules/aml_new.py", "", "Run 'make manifest'"),
        ("changelogs/changelog.yaml", "releases: {}", "has no release 0.1.0"),
    ):
        (place / name).parent.mkdir(exist_ok=True)
        (place / name).write_text(text)
        release.git(place, "add", "--all")
        release.git(place, *commit)
        with pytest.raises(release.ReleaseError, match=message):
            release.check_checkout(place)
        release.git(place, "reset", "-q", "--hard", "HEAD^")


@pytest.mark.slow
def test_the_sbom_names_each_package_with_its_hashes(files: dict[str, Path], tmp_path: Path) -> None:
    tools = ROOT / ".nox" / "release" / "bin"
    if not (tools / "cyclonedx-py").exists():
        pytest.skip("missing: .nox/release with cyclonedx-py ('make release' makes it)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(release, "BIN", tools)
        tarball = Path(shutil.copy(files["tarball"], tmp_path))
        first = release.build_sbom(ROOT, tarball, "0.1.0").read_text()
        assert release.build_sbom(ROOT, tarball, "0.1.0").read_text() == first
    sbom = json.loads(first)
    assert sbom["bomFormat"] == "CycloneDX" and sbom["metadata"]["component"]["hashes"][0]["content"] == release.sha256(
        tarball
    )
    pinned = set(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / release.LOCK).read_text(), re.MULTILINE))
    assert {(component["name"], component["version"]) for component in sbom["components"]} == pinned
    assert all("hashes" in json.dumps(component) for component in sbom["components"])


@pytest.mark.slow
def test_relative_paths_are_those_of_the_user(files: dict[str, Path], tmp_path: Path) -> None:
    """A playbook of the installed collection takes them from the directory in which the command was started."""
    installed = install(tmp_path, files["tarball"])
    assert installed.returncode == 0, installed.stderr
    work = tmp_path / "work"
    (work / "parts").mkdir(parents=True)
    totals = {"targets": 0, "failed": 0}
    named = {"name": "ws", "resource_group": "ml", "subscription_id": "00000000-0000-4000-8000-000000000000"}
    scope = f"/subscriptions/{named['subscription_id']}/resourceGroups/ml"
    workspace = f"{scope}/providers/Microsoft.MachineLearningServices/workspaces/ws"
    result = {"changed": False, "targets": [], "undeclared": [], "totals": totals, "document": [workspace]}
    result["workspaces"] = [{"id": workspace, **named}]
    (work / "parts" / "fleet-00000000.json").write_text(json.dumps(result))
    paths = ("-e", "aml_reports=parts", "-e", "aml_reports_to=merged")
    done = ansible(tmp_path, "ansible-playbook", "azureml.compute.merge_reports", *paths, cwd=work)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((work / "merged" / "fleet.json").read_text())["totals"] == totals
    assert [path.parent for path in tmp_path.rglob("fleet.json")] == [work / "merged"]
    # The names of the variables are those of the installed roles.
    refused = ansible(
        tmp_path, "ansible-playbook", "azureml.compute.merge_reports", "-e", "aml_drift_fial=true", cwd=work
    )
    assert refused.returncode == 2 and "Did you mean aml_drift_fail?" in refused.stdout
