# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build what users install, from a list of what belongs in it.

    python -m scripts.release manifest                  # write the list of files into galaxy.yml, from git
    python -m scripts.release build [--key KEY]         # tarball, SBOM and SHA-256 sums of HEAD in build/release/; with a key, signatures
    python -m scripts.release lock                      # write execution-environment.lock.txt, with the newest versions

The same commit gives the same bytes. docs/development/releasing.md is the procedure.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import typing as t
from pathlib import Path

import yaml

from .command import BIN, ROOT

LOCK = "execution-environment.lock.txt"
# What belongs in the tarball: files, and folders of which every file that git tracks belongs in it. All else stays in the repository.
SHIPPED = (
    "CHANGELOG.md", "CHANGELOG.rst", "LICENSE", "LICENSES/", "README.md", "changelogs/changelog.yaml", "changelogs/config.yaml", "docs/", "examples/", "meta/",
    "playbooks/", "plugins/", "requirements.txt", "roles/",
)  # fmt: skip
NOT_SHIPPED = ("docs/development/",)
# ansible-galaxy makes these two.
MADE = ("FILES.json", "MANIFEST.json")
# A name in a directive is a pattern: only names that match nothing but themselves are allowed.
PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


class ReleaseError(Exception):
    """Why there is no release."""


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def tracked(root: Path) -> dict[str, str]:
    """The files that git tracks and that belong in the tarball, with their modes in git."""
    modes = {}
    for line in git(root, "ls-files", "-s", "-z").split("\0"):
        mode, _tab, name = line.partition("\t")
        if any(
            name == place or (place.endswith("/") and name.startswith(place)) for place in SHIPPED
        ) and not name.startswith(NOT_SHIPPED):
            modes[name] = mode[:6]
    return modes


def directives(root: Path) -> list[str]:
    """One directive for each file that belongs in the tarball."""
    files = tracked(root)
    wrong = sorted(
        name for name, mode in files.items() if not PLAIN_NAME.fullmatch(name) or mode not in ("100644", "100755")
    )
    if wrong:
        raise ReleaseError(
            f"Cannot ship {', '.join(map(repr, wrong))}: only regular files with plain names are allowed. Rename or remove them."
        )
    return [f"include {name}" for name in sorted(files)]


def with_manifest(root: Path) -> str:
    """galaxy.yml with the list of files that git tracks now."""
    text = (root / "galaxy.yml").read_text()
    head = text.partition("\nmanifest:\n")[0].rstrip()
    lines = "".join(f"    - {line}\n" for line in directives(root))
    return f"{head}\nmanifest:\n  omit_default_directives: true\n  directives:\n{lines}"


def expected_members(root: Path) -> dict[str, int]:
    """The members of the tarball and their modes: tracked files, the folders above them, and what ansible-galaxy makes."""
    files = {name: 0o755 if mode == "100755" else 0o644 for name, mode in tracked(root).items()}
    folders = {str(parent): 0o755 for name in files for parent in Path(name).parents if str(parent) != "."}
    return {**dict.fromkeys(MADE, 0o644), **files, **folders}


def check_members(tarball: Path, expected: t.Mapping[str, int]) -> None:
    """Raise unless the tarball has exactly these members, as regular files and folders."""
    with tarfile.open(tarball) as archive:
        members = archive.getmembers()
    modes = {member.name: member.mode for member in members}
    wrong = [f"{name}: unexpected" for name in sorted(set(modes) - set(expected))]
    wrong += [f"{name}: missing" for name in sorted(set(expected) - set(modes))]
    wrong += [
        f"{name}: mode {modes[name]:o}, expected {mode:o}"
        for name, mode in sorted(expected.items())
        if modes.get(name, mode) != mode
    ]
    wrong += [
        f"{member.name}: neither a file nor a folder" for member in members if not (member.isfile() or member.isdir())
    ]
    if wrong or len(modes) != len(members):
        raise ReleaseError(
            "The tarball is not what belongs in it:\n  " + "\n  ".join(wrong or ["a member occurs twice"])
        )


def check_checkout(root: Path) -> str:
    """Raise unless HEAD can be released; return its version."""
    changes = git(root, "status", "--porcelain", "--untracked-files=all").splitlines()
    if changes:
        raise ReleaseError(
            f"The checkout differs from HEAD ({', '.join(line[3:] for line in changes[:5])}). Commit the changes or remove the files."
        )
    version = str(yaml.safe_load((root / "galaxy.yml").read_text())["version"])
    known = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text())["releases"]
    fragments = [
        name for name in git(root, "ls-files", "changelogs/fragments").splitlines() if name.endswith((".yml", ".yaml"))
    ]
    if version not in known or fragments:
        cause = f"has no release {version}" if version not in known else f"lacks {len(fragments)} fragments"
        raise ReleaseError(f"changelogs/changelog.yaml {cause}. Run 'antsibull-changelog release', then commit.")
    if (root / "galaxy.yml").read_text() != with_manifest(root):
        raise ReleaseError(
            "The manifest in galaxy.yml differs from the files that git tracks. Run 'make manifest', then commit."
        )
    return version


def repack(source: Path, target: Path, epoch: int) -> None:
    """Write the tarball again with times of the commit, so that the same commit gives the same bytes."""
    content = io.BytesIO()
    with tarfile.open(source) as old, tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member in old.getmembers():
            member.mtime, member.uid, member.gid, member.uname, member.gname, member.pax_headers = (
                epoch,
                0,
                0,
                "",
                "",
                {},
            )
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    with target.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=epoch) as packed:
        packed.write(content.getvalue())


def build_tarball(root: Path, output: Path) -> Path:
    """Build HEAD in an empty folder, where nothing else lies."""
    epoch = int(git(root, "log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as place:
        source, built = Path(place) / "source", Path(place) / "built"
        source.mkdir()
        packed = subprocess.run(
            ["git", "-C", str(root), "archive", "--format=tar", "HEAD"], capture_output=True, check=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", str(source)], input=packed, check=True)
        command = [str(BIN / "ansible-galaxy"), "collection", "build", str(source), "--output-path", str(built)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "ANSIBLE_NOCOLOR": "true"}
        )
        if done.returncode:
            raise ReleaseError(f"ansible-galaxy collection build failed: {done.stderr.strip()}")
        (tarball,) = built.glob("*.tar.gz")
        output.mkdir(parents=True, exist_ok=True)
        target = output / tarball.name
        repack(tarball, target, epoch)
    check_members(target, expected_members(root))
    return target


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build_sbom(root: Path, tarball: Path, version: str) -> Path:
    """Describe the collection and the packages that it runs with (CycloneDX 1.6): those of the lock file, which tests and images use."""
    target = tarball.with_name(tarball.name.removesuffix(".tar.gz") + ".cdx.json")
    command = [
        str(BIN / "cyclonedx-py"),
        "requirements",
        str(root / LOCK),
        "--sv",
        "1.6",
        "--of",
        "JSON",
        "--output-reproducible",
        "-o",
        str(target),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"cyclonedx-py failed: {done.stderr.strip()}")
    sbom = json.loads(target.read_text())
    sbom.setdefault("metadata", {})["component"] = {
        "type": "library", "bom-ref": "azureml.compute", "group": "azureml", "name": "compute", "version": version,
        "purl": f"pkg:generic/azureml/compute@{version}", "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
        "hashes": [{"alg": "SHA-256", "content": sha256(tarball)}],
    }  # fmt: skip
    target.write_text(json.dumps(sbom, indent=2, sort_keys=True) + "\n")
    return target


def sign(path: Path, key: str) -> Path:
    """Write a detached signature beside a file."""
    target = path.with_name(path.name + ".asc")
    command = [
        "gpg",
        "--batch",
        "--yes",
        "--armor",
        "--local-user",
        key,
        "--output",
        str(target),
        "--detach-sign",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"gpg could not sign {path.name} with the key {key}: {done.stderr.strip()}")
    return target


def build(root: Path, output: Path, key: str | None) -> list[Path]:
    """Make all files of a release; the last one is that of the sums, or its signature."""
    version = check_checkout(root)
    tarball = build_tarball(root, output)
    files = [tarball, build_sbom(root, tarball, version)]
    manifest = tarball.with_name(tarball.name.removesuffix(".tar.gz") + "-MANIFEST.json")
    with tarfile.open(tarball) as archive:
        member = archive.extractfile("MANIFEST.json")
        assert member is not None
        manifest.write_bytes(member.read())
    files.append(manifest)
    if key:
        files.append(sign(manifest, key))
    sums = output / "SHA256SUMS"
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files))
    return [*files, sums, *([sign(sums, key)] if key else [])]


def lock(root: Path) -> None:
    """Pin what the image of execution-environment.yml installs, with hashes, for its Python."""
    command = [
        str(BIN / "uv"), "pip", "compile", "--quiet", "--generate-hashes", "--python-version", "3.13", "--python-platform", "linux", "--upgrade",
        "--no-config", "--default-index", "https://pypi.org/simple", "--no-header", "--output-file", LOCK, "execution-environment.in.txt",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"uv pip compile failed: {done.stderr.strip()}")
    text = (root / LOCK).read_text()
    (root / LOCK).write_text(
        f"# Made by 'make lock' of execution-environment.in.txt, for Python 3.13 on Linux. Do not edit.\n{text}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("manifest", help="write the list of files into galaxy.yml")
    commands.add_parser("lock", help=f"write {LOCK}")
    options = commands.add_parser("build", help="build the files of a release of HEAD")
    options.add_argument("--key", help="id or fingerprint of the GnuPG key to sign with; without it, nothing is signed")
    options.add_argument("--output", type=Path, default=ROOT / "build" / "release", help="the folder for the files")
    arguments = parser.parse_args()
    try:
        if arguments.command == "manifest":
            (ROOT / "galaxy.yml").write_text(with_manifest(ROOT))
        elif arguments.command == "lock":
            lock(ROOT)
        else:
            for path in build(ROOT, arguments.output, arguments.key):
                print(path)
            if not arguments.key:
                print("Nothing is signed: set KEY to sign.", file=sys.stderr)
    except ReleaseError as error:
        raise SystemExit(f"Error: {error}") from None


if __name__ == "__main__":
    main()
