# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates: what the ecosystem asks of a collection (``make gates``, or one of them: ``.venv/bin/nox -s NAME``).

antsibull-nox.toml configures the sessions that antsibull-nox has ready. Those here need neither a container engine nor anything but PyPI.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import antsibull_nox
import nox
from antsibull_nox.sessions.collections import prepare_collections

ROOT = Path(__file__).resolve().parent
# What is supported: ansible-core, and the Python that it runs on here.
CORES = (("2.19", "3.11"), ("2.20", "3.12"), ("2.21", "3.13"))

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

# ansible-test fetches this script from a host of its own, unless its cache has it. pip comes with Python, and its newer versions from PyPI.
GET_PIP = """import ensurepip, os, subprocess, sys
ensurepip.bootstrap()
os.environ.pop("PIP_CONFIG_FILE")  # ensurepip wants pip without settings; what follows wants them
subprocess.check_call([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "pip=={version}"])
"""


def offer_interpreters() -> None:
    """Put pyenv's interpreters on the path, behind whose shims a version that is not the global one is hidden."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for python in sorted({python for _core, python in CORES}):
        called = f"python{python}"
        found = shutil.which(called)
        if found and subprocess.run([found, "--version"], capture_output=True, check=False).returncode == 0:
            continue
        for place in sorted(versions.glob(f"{python}.*/bin")):
            if (place / called).exists():
                os.environ["PATH"] = f"{place}{os.pathsep}{os.environ['PATH']}"


def pip_settings(session: nox.Session) -> str:
    """What pip is set to here, as a file: ansible-test hides pip's variables from pip."""
    rows = {}
    for line in (session.run("python", "-m", "pip", "config", "list", silent=True, log=False) or "").splitlines():
        key, _equals, value = line.partition("=")  # global.cert='...', :env:.cert='...'; the environment comes last and wins
        if key.startswith(("global.", "install.", ":env:.")) and not key.endswith("config-file"):
            rows[key.rpartition(".")[2]] = value.strip("'").replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in rows.items())


def ansible_test_home(session: nox.Session, python: str) -> Path:
    """A home folder for ansible-test, which keeps its environments there from run to run; yours is not touched."""
    home = ROOT / ".nox" / "ansible-test-home"
    asked = f"""import types; from ansible_test._internal.python_requirements import get_venv_packages
print(get_venv_packages(types.SimpleNamespace(version={python!r}))["pip"])"""
    version = (session.run("python", "-c", asked, silent=True, log=False) or "").strip()
    files = {".config/pip/pip.conf": pip_settings(session), f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py": GET_PIP.format(version=version)}
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


def ansible_test(session: nox.Session, core: str, python: str, *command: str) -> None:
    """Run ansible-test of one ansible-core on a copy of the collection, in an environment of its own for each of its tests."""
    session.install(f"ansible-core~={core}.0")
    collection = prepare_collections(session, ansible_core_version=core, install_in_site_packages=False, install_out_of_tree=True)
    if collection is None:
        session.error("The collection could not be copied.")
    home = ansible_test_home(session, python)
    with session.chdir(collection.current_path):
        session.run("ansible-test", *command, "-v", "--venv", "--python", python, *session.posargs, env={"HOME": str(home)})


for _core, _python in CORES:

    @nox.session(name=f"ansible-test-sanity-{_core}", python=_python)
    def sanity(session: nox.Session, core: str = _core, python: str = _python) -> None:
        """ansible-test sanity, with no ignore file."""
        ansible_test(session, core, python, "sanity")

    @nox.session(name=f"ansible-test-units-{_core}", python=_python)
    def units(session: nox.Session, core: str = _core, python: str = _python) -> None:
        """ansible-test units."""
        ansible_test(session, core, python, "units", "--num-workers", "2")


offer_interpreters()
antsibull_nox.load_antsibull_nox_toml()
