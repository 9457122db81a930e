# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the controller that only their owner may read: what a role may take as it is, and what it must work on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._machines.ssh_keys import (
    KeyPair,
    PrivateFile,
    newest_pair,
    read_private,
)

needs_ssh_keygen = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None,
    reason="missing: ssh-keygen; scripts/system-packages installs OpenSSH's client",
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.mkdir(mode=0o700)
    return made


def make(path: Path, kind: str = "rsa", passphrase: str = "") -> str:
    size = ["-b", "2048"] if kind == "rsa" else []
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *size, "-N", passphrase, "-C", "c", "-f", str(path)], check=True)
    return path.with_name(f"{path.name}.pub").read_text().strip()


def fingerprint(path: Path) -> str:
    shown = subprocess.run(
        ["ssh-keygen", "-l", "-E", "sha256", "-f", str(path)], check=True, capture_output=True, text=True
    )
    return shown.stdout.split()[1]


@needs_ssh_keygen
def test_the_newest_pair_as_ssh_keygen_shows_it(directory: Path) -> None:
    first, tenth = directory / "aml_rsa", directory / "aml_rsa-10"
    shutil.copytree(directory, directory / "aml_rsa-other")
    public = make(first)
    assert newest_pair(str(directory), "aml_rsa") == KeyPair(str(first), public, fingerprint(first))
    # Others may see that there are keys.
    directory.chmod(0o755)
    assert newest_pair(str(directory), "aml_rsa") == KeyPair(str(first), public, fingerprint(first))
    # Neither by name nor by age: -10 is newer than -9.
    public = make(tenth)
    shutil.copy2(first, directory / "aml_rsa-9")
    assert newest_pair(str(directory), "aml_rsa") == KeyPair(str(tenth), public, fingerprint(tenth))


@needs_ssh_keygen
@pytest.mark.parametrize("wrong", ["directory", "file", "passphrase", "kind", "no key", "no pair", "no directory"])
def test_a_pair_that_needs_work_is_not_taken(directory: Path, wrong: str) -> None:
    key = directory / "aml_rsa"
    if wrong != "no pair":
        make(key, "ed25519" if wrong == "kind" else "rsa", "a long passphrase" if wrong == "passphrase" else "")
    if wrong == "no key":
        key.write_text("something else")
    if wrong in ("directory", "file"):
        (directory if wrong == "directory" else key).chmod(0o775)
    asked = directory / "none" if wrong == "no directory" else directory
    assert newest_pair(str(asked), "aml_rsa") is None


def test_a_file_is_private_with_its_directory(directory: Path) -> None:
    file = directory / "known_hosts"
    assert read_private(str(file)) == PrivateFile("", False)
    file.write_bytes(b"a ssh-rsa AAAA\n\xff\n")
    file.chmod(0o600)
    assert read_private(str(file)) == PrivateFile("a ssh-rsa AAAA\n\udcff\n", True)
    file.chmod(0o644)
    assert not read_private(str(file)).private
    file.chmod(0o600)
    directory.chmod(0o755)
    assert read_private(str(file)).private
    directory.chmod(0o775)
    assert not read_private(str(file)).private


def test_a_file_that_cannot_be_read_is_an_error(directory: Path) -> None:
    (directory / "folder").mkdir()
    with pytest.raises(OSError):
        read_private(str(directory / "folder"))
    (directory / "dangling").symlink_to(directory / "nowhere")
    with pytest.raises(OSError):
        read_private(str(directory / "dangling"))
