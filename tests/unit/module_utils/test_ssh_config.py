# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that an SSH configuration has entries for, and the home directory that OpenSSH takes (ssh_config(5))."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._machines import ssh_config

CONFIG = """\
Include {folder}/more-*.conf
User ada
host = one "two words" ws-*.example !ws-bad
# BEGIN azureml.compute rg/ws
Host ws-mine
# END azureml.compute rg/ws
# BEGIN azureml.compute rg/other
Host other-theirs
# END azureml.compute rg/other
Match host matched
  HostName 10.0.0.9
   Host\ttabbed # a remark
Host *
Host **
"""


def test_patterns(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "more-1.conf").write_text(f"Host included\nInclude {tmp_path}/config\n")
    found = ssh_config.patterns(str(tmp_path / "config"), "rg/ws")
    assert set(found) == {"included", "one", "two words", "ws-*.example", "other-theirs", "tabbed"}
    assert "ws-mine" in ssh_config.patterns(str(tmp_path / "config"))
    assert ssh_config.patterns(str(tmp_path / "missing")) == []


def test_a_configuration_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        ssh_config.patterns(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("ONE", "one"),
        ("ws-a.example", "ws-*.example"),
        ("ws-a", None),
        ("x1", "x?"),
        ("x12", None),
        ("a", None),
        ("[ab]", "[ab]"),
    ],
)
def test_entry_of(name: str, entry: str | None) -> None:
    assert ssh_config.entry_of(name, ["one", "ws-*.example", "x?", "[ab]"]) == entry


def test_the_home_directory_does_not_depend_on_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = pwd.getpwuid(os.getuid()).pw_dir
    for value in (str(tmp_path), "", "/"):
        monkeypatch.setenv("HOME", value)
        assert (ssh_config.home_path("~/.ssh/config"), ssh_config.home_path("~")) == (f"{home}/.ssh/config", home)
    assert ssh_config.home_path("/a/~/b") == "/a/~/b" and ssh_config.home_path("a~") == "a~"


@pytest.mark.skipif(
    shutil.which("ssh") is None, reason="OpenSSH's client is missing: scripts/system-packages installs it"
)
def test_openssh_takes_the_same_home_directory(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("Host x\n  UserKnownHostsFile ~/known\n")
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        ["ssh", "-G", "-F", "config", "x"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert f"userknownhostsfile {ssh_config.home_path('~/known')}" in done.stdout.splitlines()
