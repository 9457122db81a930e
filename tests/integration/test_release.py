# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users install is what belongs in it, whatever lies in the checkout; and it is signed so that a change shows."""
from __future__ import annotations

import importlib.util
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

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_SPEC = importlib.util.spec_from_file_location("release", ROOT / "scripts" / "release.py")
assert _SPEC and _SPEC.loader
release: t.Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(release)

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
    "plugins/module_utils/_debug.py", "plugins/lookup/mine.py", "roles/aml_nodes/vars/main.yml", "roles/aml_nodes/files/id_ed25519",
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
    release.git(place, *identity, "commit", "-q", "-m", "All files")
    return place


def clutter(checkout: Path, outside: Path) -> None:
    """Plant stray files, and make the modes of those that belong there odd."""
    for name in STRAY:
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SECRET)
    (checkout / os.fsdecode(b"plugins/modules/\xff\xfe.py")).write_text(SECRET)
    with (checkout / "plugins" / "big.py").open("wb") as big:
        big.truncate(3 << 30)
    outside.mkdir()
    (outside / "private.py").write_text(SECRET)
    for name, target in (("plugins/modules/linked.py", outside / "private.py"), ("roles/linked", outside), ("plugins/inside.py", checkout / "README.md")):
        (checkout / name).symlink_to(target)
    (checkout / "roles" / "gone").symlink_to(outside / "gone")
    (checkout / "venv" / "loop").symlink_to(checkout)
    os.mkfifo(checkout / "plugins" / "pipe.py")
    (checkout / "README.md").chmod(0o666)
    (checkout / "meta" / "runtime.yml").chmod(0o600)
    (checkout / "roles" / "aml_nodes").chmod(0o2777)


def built(checkout: Path, output: Path) -> dict[str, tarfile.TarInfo]:
    """The members of the tarball that ansible-galaxy builds of a folder."""
    command = [str(BIN / "ansible-galaxy"), "collection", "build", str(checkout), "--output-path", str(output), "--force"]
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
    files = {line.removeprefix("include ") for line in yaml.safe_load((checkout / "galaxy.yml").read_text())["manifest"]["directives"]}
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
    wanted = {"README.md", "LICENSE", "CHANGELOG.rst", "changelogs/changelog.yaml", "meta/runtime.yml", "meta/execution-environment.yml", "requirements.txt"}
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
    with pytest.raises(release.ReleaseError, match=r"Cannot ship 'plugins/modules/\*.py', 'plugins/modules/a b.py', 'plugins/modules/linked.py'"):
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
