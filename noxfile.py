# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever has an environment of its own: the gates (``make gates``, or one of them: ``.venv/bin/nox -s NAME``), releases, older versions.

antsibull-nox.toml configures the sessions that antsibull-nox has ready. Those here need neither a container engine nor anything but PyPI.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import antsibull_nox
import nox
from antsibull_nox.sessions.collections import prepare_collections

ROOT = Path(__file__).resolve().parent
# nox may be installed anywhere, also where the simulator is not.
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "simulator")]
from scripts.environment import foreign_names

# What is supported: ansible-core, and the Python that it runs on here.
NAME = "azureml.compute"
CORES = (("2.19", "3.11"), ("2.20", "3.12"), ("2.21", "3.13"))
NEWEST = CORES[-1]
LOWEST_PYTHON = CORES[0][1]
# The real ansible-playbook, on what a user starts with: everything is made, again, and with one number changed.
PLAYBOOK = "tests/integration/test_provision_workspace.py::test_everything_again_and_one_number"
# Tasks of every sort as modules and in process, with the same results.
BOTH_WAYS = ("tests/integration/test_in_process.py", "-k", "not long_loop")

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

# ansible-test fetches this script from a host of its own, unless its cache has it. pip comes with Python, and its newer versions from PyPI.
GET_PIP = """import ensurepip, os, subprocess, sys
ensurepip.bootstrap()
os.environ.pop("PIP_CONFIG_FILE")  # ensurepip wants pip without settings; what follows wants them
subprocess.check_call([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "pip=={version}"])
"""


# References to Ansible's own documentation are looked up there, over the network, where AML_DOCS_INTERSPHINX is set. Elsewhere those that
# Ansible's templates and our texts are known to make are left alone; any other that leads nowhere is an error all the same.
WITHOUT_OTHER_SITES = r"""
import re
intersphinx_mapping = {}
_OTHER = re.compile(
    r"ansible_collections\.ansible\.builtin\.\w+|common_return_values|action_plugins|callback_plugins|ansible_configuration_settings"
    r"|NO_COLOR|ANSIBLE_[A-Z_]+"
)


def _as_it_is(app, env, node, shown):
    return shown if _OTHER.fullmatch(node.get("reftarget", "")) else None


def setup(app):
    app.connect("missing-reference", _as_it_is)
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
        key, _equals, value = line.partition(
            "="
        )  # global.cert='...', :env:.cert='...'; the environment comes last and wins
        if key.startswith(("global.", "install.", ":env:.")) and not key.endswith("config-file"):
            rows[key.rpartition(".")[2]] = value.strip("'").replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in rows.items())


def ansible_test_home(session: nox.Session, python: str) -> Path:
    """A home folder for ansible-test, which keeps its environments there from run to run; yours is not touched."""
    home = ROOT / ".nox" / "ansible-test-home"
    asked = f"""import types; from ansible_test._internal.python_requirements import get_venv_packages
print(get_venv_packages(types.SimpleNamespace(version={python!r}))["pip"])"""
    version = (session.run("python", "-c", asked, silent=True, log=False) or "").strip()
    files = {
        ".config/pip/pip.conf": pip_settings(session),
        f".ansible/test/cache/get_pip_{version.replace('.', '_')}.py": GET_PIP.format(version=version),
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    return home


def ansible_test(session: nox.Session, core: str, python: str, *command: str) -> None:
    """Run ansible-test of one ansible-core on a copy of the collection, in an environment of its own for each of its tests."""
    session.install(f"ansible-core~={core}.0")
    collection = prepare_collections(
        session, ansible_core_version=core, install_in_site_packages=False, install_out_of_tree=True
    )
    if collection is None:
        session.error("The collection could not be copied.")
    home = ansible_test_home(session, python)
    with session.chdir(collection.current_path):
        session.run(
            "ansible-test", *command, "-v", "--venv", "--python", python, *session.posargs, env={"HOME": str(home)}
        )


for _core, _python in CORES:

    @nox.session(name=f"ansible-test-sanity-{_core}", python=_python)
    def sanity(session: nox.Session, core: str = _core, python: str = _python) -> None:
        """ansible-test sanity, with no ignore file."""
        ansible_test(session, core, python, "sanity")


@nox.session(name=f"ansible-test-units-{NEWEST[0]}", python=NEWEST[1])
def units(session: nox.Session) -> None:
    """ansible-test units: tests/unit, each test in a process of its own."""
    ansible_test(session, *NEWEST, "units", "--num-workers", "2")


@nox.session(name="plain-english")
def plain_english(session: nox.Session) -> None:
    """Idioms in the documentation, in messages and in task names."""
    session.install("pyyaml")
    session.run("python", "-m", "scripts.plain_english")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over the plugins and the simulator."""
    session.install("-r", "requirements.txt", "-r", "tests/unit/requirements.txt", *tools("mypy", "types-"))
    session.run("python", "-m", "scripts.types")


@nox.session
def complexity(session: nox.Session) -> None:
    """Functions that are too complex."""
    session.install(*tools("radon"))
    session.run("python", "-m", "scripts.complexity")


@nox.session
def docsite(session: nox.Session) -> None:
    """Build the documentation as a site, with every warning an error; it lies in build/docsite/."""
    session.install("antsibull-docs", "ansible-core", "ansible-pygments", "sphinx", "sphinx-ansible-theme")
    collection = prepare_collections(session, install_in_site_packages=False, install_out_of_tree=True)
    if collection is None:
        session.error("The collection could not be copied.")
    site = Path(session.create_tmp()).resolve() / "site"
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(mode=0o755)
    session.run(
        "antsibull-docs",
        "sphinx-init",
        "--use-current",
        "--squash-hierarchy",
        "--fail-on-error",
        "--dest-dir",
        str(site),
        NAME,
    )
    if not os.environ.get("AML_DOCS_INTERSPHINX"):
        (site / "conf.py").write_text((site / "conf.py").read_text() + WITHOUT_OTHER_SITES)
    session.run(str(site / "build.sh"), env={"ANSIBLE_COLLECTIONS_PATH": str(collection.current_place)})
    target = ROOT / "build" / "docsite"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site / "build" / "html", target)
    session.log(f"Built {len(list(target.rglob('*.html')))} pages in build/docsite/index.html.")


@nox.session
def changelog(session: nox.Session) -> None:
    """Lint the changelog and its fragments; CHANGELOG.md and CHANGELOG.rst are what they make."""
    session.install("antsibull-changelog[toml]", "ansible-core")
    collection = prepare_collections(session, install_in_site_packages=False, install_out_of_tree=True)
    if collection is None:
        session.error("The collection could not be copied.")
    with session.chdir(collection.current_path):
        session.run("antsibull-changelog", "lint")
        session.run("antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml")
        session.run("antsibull-changelog", "generate", env={"ANSIBLE_COLLECTIONS_PATH": str(collection.current_place)})
    for name in ("CHANGELOG.md", "CHANGELOG.rst"):
        if (collection.current_path / name).read_text() != (ROOT / name).read_text():
            session.error(f"{name} is not what changelogs/changelog.yaml makes: run 'antsibull-changelog generate'.")
    session.log(f"{len(list((ROOT / 'changelogs' / 'fragments').glob('*.y*ml')))} fragments, 2 generated files.")


@nox.session(name="execution-environment")
def execution_environment(session: nox.Session) -> None:
    """ansible-builder reads the collection's metadata, and makes the build context of an image with it. The image itself takes a container engine."""
    session.install("ansible-builder", "ansible-core")
    collection = prepare_collections(session, install_in_site_packages=False, install_out_of_tree=True)
    if collection is None:
        session.error("The collection could not be copied.")
    session.run("ansible-builder", "introspect", "--sanitize", str(collection.current_place))
    context = Path(session.create_tmp()) / "context"
    shutil.rmtree(context, ignore_errors=True)
    session.run(
        "ansible-builder",
        "create",
        "--file",
        "execution-environment.yml",
        "--context",
        str(context),
        "--output-filename",
        "Containerfile",
    )
    session.log(f"A context of {len([path for path in context.rglob('*') if path.is_file()])} files.")


def declared(path: Path) -> list[str]:
    """The requirements of a file, without comments."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def tools(*names: str) -> list[str]:
    """The requirements of development whose names begin so."""
    return [line for line in declared(ROOT / "requirements-dev.txt") if line.startswith(names)]


def show_the_checkout(session: nox.Session) -> None:
    """Make the checkout visible in this session's environment as the collection, as 'make setup' does in .venv."""
    purelib = (
        session.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", silent=True, log=False)
        or ""
    ).strip()
    link = Path(purelib) / "ansible_collections" / "azureml" / "compute"
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT)


def run_tests(session: nox.Session, *packages: str, in_process: bool = False) -> None:
    """The unit and functional tests, one real playbook on the simulator, and tasks in both ways, with this session's Python and packages.

    ``in_process``: the functional tests and those of faults run modules through their action plugins, as Ansible does by default.
    """
    session.install("-r", "requirements.txt", "-r", "tests/unit/requirements.txt", *tools("ansible-runner"), *packages)
    show_the_checkout(session)
    settings = dict.fromkeys(foreign_names())
    names = [line.partition(">=")[0] for line in declared(ROOT / "requirements.txt")]
    versions = "import importlib.metadata as m, platform; print('Versions: Python', platform.python_version(), *(f'{n} {m.version(n)}' for n in %r))"
    session.run("python", "-c", versions % names, log=False)
    workers = os.environ.get("AML_TEST_WORKERS", "2")
    pytest = ("python", "-m", "pytest", "-q")
    if session.posargs:
        session.run(*pytest, "-n", workers, *session.posargs, env=settings)
        return
    if in_process:
        session.run(*pytest, "-n", workers, "tests/unit", env=settings)
        for folder in ("tests/functional", "tests/faults"):
            session.run(*pytest, "-n", workers, folder, env={**settings, "AML_TEST_ACTIONS": "1"})
    else:
        session.run(*pytest, "-n", workers, "tests/unit", "tests/functional", env=settings)
    session.run(*pytest, PLAYBOOK, env=settings)
    session.run(*pytest, *BOTH_WAYS, env=settings)


for _core, _python in CORES:

    @nox.session(name=f"core-{_core}-python-{_python}", python=_python)
    def core_and_python(session: nox.Session, core: str = _core, python: str = _python) -> None:
        """The unit and functional tests and playbooks; with the oldest and the newest ansible-core the functional tests run in process."""
        run_tests(session, f"ansible-core~={core}.0", in_process=(core, python) in (CORES[0], NEWEST))


@nox.session(python=LOWEST_PYTHON)
def lowest(session: nox.Session) -> None:
    """The same with the lowest versions that requirements.txt declares, each of them exactly."""
    run_tests(session, *(line.replace(">=", "==") for line in declared(ROOT / "requirements.txt")))


@nox.session
def molecule(session: nox.Session) -> None:
    """molecule test --all: each role on the simulator."""
    session.install("-r", "requirements-dev.txt")
    show_the_checkout(session)
    session.run("molecule", "test", "--all", *session.posargs)


@nox.session(default=False)
def conformance(session: nox.Session) -> None:
    """The simulator against each known fact about Azure (make conformance): with an older azure-ai-ml, beside the newest that .venv has."""
    # azure-ai-ml 1.31 imports six and does not declare it.
    session.install("azure-ai-ml==1.31.*", "azure-identity", "six")
    own = str(ROOT / ".venv" / "bin" / "python")
    session.run(
        own,
        "-m",
        "scripts.conformance",
        "--sdk",
        f"1.31={Path(session.bin) / 'python'}",
        *session.posargs,
        external=True,
    )


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Build the files of a release, or pin the packages of the execution environment (make release, make lock)."""
    session.install("-r", "requirements-release.txt")
    session.run("python", "-m", "scripts.release", *session.posargs)


offer_interpreters()
antsibull_nox.load_antsibull_nox_toml()
