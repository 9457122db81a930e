# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module's own ``main`` against the simulator in the same process: no socket, no real time, thousands of runs in a minute.

    def test_something(azure):
        done = azure.run("aml_compute_cluster", name="cpu", size="Standard_D4s_v3", max_instances=4)
        assert done["changed"]

A module's sleeping advances the simulator's clock. The environment decides nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import importlib
import io
import json
import os
import sqlite3
import typing as t
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from ansible.module_utils._internal import _traceback
from ansible.module_utils.common import warnings
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args
from ansible_collections.azureml.compute.plugins.module_utils._arm import operations
from ansible_collections.azureml.compute.plugins.module_utils._arm.client import ArmClient
from ansible_collections.azureml.compute.plugins.module_utils._arm.cloud import PUBLIC
from ansible_collections.azureml.compute.plugins.module_utils._arm.retry import Clock, RetryPolicy
from ansible_collections.azureml.compute.plugins.module_utils._arm.tokens import TokenSource
from ansible_collections.azureml.compute.plugins.module_utils._arm.transport import Transport
from ansible_collections.azureml.compute.plugins.module_utils._core import interrupt
from ansible_collections.azureml.compute.plugins.module_utils._engine import reconciler
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import PREVIEW, STABLE
from ansible_collections.azureml.compute.plugins.module_utils._fleet import executor
from ansible_collections.azureml.compute.plugins.module_utils._kinds import retirements
from ansible_collections.azureml.compute.plugins.module_utils._module import task as _task
from ansible_collections.azureml.compute.plugins.module_utils._reconcilers import job_check
from azure.core.pipeline.transport import HttpTransport
from azureml_simulator.app import App
from azureml_simulator.http import Headers, Principal, Request

from .bodies_by_version import not_in_version
from .hints import strange_options

if os.environ.get("AML_TEST_ACTIONS"):
    from ansible_collections.azureml.compute.tests.support import through_action

SUBSCRIPTION = "11111111-0000-4000-8000-000000000001"
GROUP = "rg-test"
WORKSPACE = "ws-test"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
WORKSPACE_ID = f"{GROUP_ID}/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
ML = STABLE
SECRET = "the-simulators-own-secret"

_MODULES = "ansible_collections.azureml.compute.plugins.modules."


class Token(t.NamedTuple):
    token: str
    expires_on: float = 4_000_000_000.0


class Credential:
    """The simulator's own tokens, which do not expire."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def get_token_info(self, *scopes: str, options: dict[str, t.Any] | None = None) -> Token:
        self.azure.tokens += 1
        return Token(self.azure.app.token(self.azure.principal))


class _Response:
    """As much of azure.core.rest.HttpResponse as azure-core's policies and the client look at."""

    reason = ""

    def __init__(self, request: t.Any, answer: t.Any) -> None:
        self.request, self.status_code, self.content = request, answer.status, answer.payload()
        self.headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}


class _InProcess(HttpTransport):
    """azure-core's way to the simulator without a socket."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, request: t.Any, **kwargs: t.Any) -> t.Any:
        parts = urlsplit(request.url)
        body = request.content or b""
        data = body.encode() if isinstance(body, str) else body
        headers = Headers({"Host": parts.netloc, **request.headers})
        self.azure.meanwhile(request.method, unquote(parts.path))
        path, query = unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True))
        sent = json.loads(data) if data else None
        self.azure.check_version(request.method, path, sent, query.get("api-version", ""))
        answer = self.azure.app.handle(Request(request.method, path, query, headers, data))
        self.azure.sent.append(Sent(request.method, path, sent, answer.status, query.get("api-version", "")))
        return _Response(request, answer)


class Sent(t.NamedTuple):
    """One request that a module sent."""

    method: str
    path: str
    body: t.Any
    status: int
    api_version: str = ""


def _main(module: str, options: dict[str, t.Any], *, check: bool, diff: bool) -> tuple[dict[str, t.Any], str]:
    """Run a module's own ``main``; its result, and what it printed."""
    ansibles = {"_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_remote_tmp": "/tmp"}
    if "inject_invocation" in PASS_VARS:
        # The newer ones put the arguments into the result only where the user wants to see them.
        ansibles["_ansible_inject_invocation"] = True
    printed = io.StringIO()
    with (
        patch_module_args({**options, **ansibles}),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        importlib.import_module(_MODULES + module).main()
    text = printed.getvalue()
    return json.loads(text.strip().splitlines()[-1]), text


_RUN = through_action.run if os.environ.get("AML_TEST_ACTIONS") else _main


class Azure:
    """A simulated Azure with one workspace, and the modules that run against it."""

    def __init__(self) -> None:
        self.app = App()
        # Far from the evenings at which schedules of tests stop something, whatever the time is here.
        self.app.clock.advance_to(3)
        self.sent: list[Sent] = []
        self.tokens = 0
        self.slept = 0.0
        # Called before each request of a module is handled, with its method and path: what other writers do meanwhile.
        self.meanwhile: t.Callable[[str, str], None] = lambda method, path: None
        # Who the modules are; None is the default service principal, which owns all.
        self.principal: Principal | None = None
        self.today = datetime.date(2026, 11, 29)
        # What requests sent in an API version that cannot write it.
        self.not_in_version: set[str] = set()

    # --- the modules ---

    def run(
        self, module: str, /, *, check: bool = False, diff: bool = False, ok: bool | None = True, **options: t.Any
    ) -> dict[str, t.Any]:
        """Run a module. ``ok``: it must succeed (True), fail (False), or may do either (None). ``sent`` holds the requests of this run."""
        self.sent, self.tokens = [], 0
        imported = importlib.import_module(_MODULES + module)
        spec = getattr(imported, "SPEC", {})
        scope = {
            "subscription_id": SUBSCRIPTION,
            "tenant": "aaaaaaaa-0000-4000-8000-00000000000a",
            "client_id": "client",
            "secret": SECRET,
        }
        for option, value in (("resource_group", GROUP), ("workspace", WORKSPACE)):
            # A workspace's own modules take ``workspace`` for a name, which most of their tests do not mean.
            if (
                option in spec
                and option not in options
                and not (option == "workspace" and module in ("aml_workspace", "aml_workspace_info"))
            ):
                scope[option] = value
        with contextlib.ExitStack() as stack:
            stack.enter_context(mock.patch.object(_task.Task, "client", property(self._client)))
            timed = {"sleep": self.sleep, "clock": self.app.clock.now}
            stack.enter_context(mock.patch.dict(reconciler.Reconciler.__init__.__kwdefaults__, timed))
            timed_job = {**timed, "now": self.app.clock.now}
            stack.enter_context(mock.patch.dict(job_check.JobCheck.__init__.__kwdefaults__, timed_job))
            stack.enter_context(
                mock.patch.dict(executor.Executor.__init__.__kwdefaults__, {"clock": self.app.clock.now})
            )
            stack.enter_context(
                mock.patch.object(interrupt.Interruption, "pause", lambda _run, seconds: self.sleep(seconds))
            )
            # Not by mock.patch.dict, which sets all variables again: a tenth of what the run of a module takes.
            stack.callback(_set_home, os.environ.get("HOME"))
            _set_home("/nonexistent")
            # What is retired does not change while the tests grow old.
            stack.enter_context(mock.patch.object(retirements, "today", lambda: self.today))
            # ansible-core collects a process's warnings; each run stands for a process of its own.
            stack.enter_context(mock.patch.dict(warnings._global_warnings, clear=True))
            # Nor is what an earlier task asked for in the way of tracebacks kept.
            stack.enter_context(mock.patch.object(_traceback, "_module_tracebacks_enabled_events", None))
            result, self.text = _RUN(module, {**scope, **options}, check=check, diff=diff)
        # ansible-core prints warnings as typed events; what a user reads is their text.
        result["warnings"] = [
            warning if isinstance(warning, str) else warning["event"]["msg"] for warning in result.get("warnings", [])
        ]
        failed = bool(result.get("failed"))
        assert ok is None or failed is not ok, result.get("msg", result)
        if failed:
            # What nobody foresaw is a bug in any test.
            assert result.get("failure", {}).get("code") != "InternalError", result.get("exception", result)
            strange = strange_options(module, result.get("failure", {}).get("hint"))
            # A hint may name what the declaration has, be it an option of another module.
            assert not [option for option in strange if f"'{option}'" not in repr(options)], result["failure"]
        return result

    def check_version(self, method: str, path: str, body: t.Any, api_version: str) -> None:
        """Remember what of a request's body its API version cannot write: no test may send any."""
        if method in ("PUT", "PATCH"):
            # Threads of a fleet ask at the same time, and one connection to the database must not run one statement twice at once.
            with self.app.exclusive():
                existing = self.app.store.get(path)
            kind = (existing or {}).get("properties", {}).get("computeType")
            for property_ in not_in_version(method, path, body, api_version, kind):
                self.not_in_version.add(f"{method} {path} at {api_version}: {property_}")

    def sleep(self, seconds: float) -> None:
        """Simulated time passes; several threads of a fleet may sleep while others ask."""
        with self.app.exclusive():
            self.slept += seconds
            self.app.clock.advance(seconds)

    def transport(self) -> t.Any:
        """The way to the simulator."""
        return _InProcess(self)

    def credential(self) -> Credential:
        return Credential(self)

    def _client(self, task: t.Any) -> ArmClient:
        assert task.sign_in is not None
        if task._client is None:
            task._client = ArmClient(
                PUBLIC,
                TokenSource(self.credential, PUBLIC.scope, source="test"),
                Transport("functional-tests", wire=self.transport()),
                RetryPolicy(
                    task.params["retries"],
                    task.params["retry_timeout"],
                    Clock(self.app.clock.now, self.sleep, lambda: 0.0),
                ),
                task.events.on_event,
            )
        return task._client

    # --- what was sent, and what is there ---

    @property
    def writes(self) -> list[Sent]:
        """The requests of the last run that change something."""
        return [
            request
            for request in self.sent
            if request.method not in ("GET", "HEAD") and not request.path.endswith(("/listNodes", "/listKeys"))
        ]

    @property
    def reads(self) -> list[Sent]:
        return [request for request in self.sent if request.method in ("GET", "HEAD")]

    def run_as_planned(
        self, module: str, action: str, after: t.Callable[[Azure], None] = lambda _azure: None, **options: t.Any
    ) -> t.Any:
        """Run a module in check mode, which changes nothing, and then for real, which does what the plan says; ``after`` looks at what each printed."""
        before = self.compute(options["name"])
        planned = self.run(module, check=True, **options)
        after(self)
        assert self.writes == [] and self.compute(options["name"]) == before
        done = self.run(module, **options)
        after(self)
        for key in ("plan", "diff", "changed"):
            assert planned[key] == done[key]
        assert done["plan"]["action"] == action and done["changed"] is (action != "none")
        assert bool(self.writes) is done["changed"]
        assert action == "none" or done["diff"]["before"] != done["diff"]["after"]
        return done

    def arm(self, method: str, path: str, body: t.Any = None, version: str = ML, wait: float = 3600.0) -> t.Any:
        """A request of somebody else's; then enough simulated time for what it started."""
        answer = self.app.call(method, f"{path}?api-version={version}" if "?" not in path else path, body)
        assert answer.status < 400, answer.body
        if method not in ("GET", "HEAD"):
            self.app.clock.advance(wait)
        return answer.body

    def get(self, path: str, version: str = ML) -> t.Any:
        return self.app.call("GET", f"{path}?api-version={version}").body

    def compute(self, name: str) -> t.Any:
        """A compute target with all that any API version shows."""
        return self.get(f"{WORKSPACE_ID}/computes/{name}", PREVIEW)

    def resource(
        self,
        type_: str,
        name: str,
        body: dict[str, t.Any] | None = None,
        version: str = "2023-01-01",
        group: str = GROUP,
    ) -> str:
        """Make a resource of another provider; its id."""
        identifier = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{type_}/{name}"
        self.arm("PUT", identifier, {"location": "eastus", **(body or {})}, version)
        return identifier

    def identity(self, name: str) -> str:
        return self.resource("Microsoft.ManagedIdentity/userAssignedIdentities", name, version="2023-01-31")

    def subnet(self, network: str = "vnet", name: str = "training") -> str:
        subnets = [{"name": name, "properties": {"addressPrefix": "10.0.1.0/24"}}]
        body = {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}
        return self.resource("Microsoft.Network/virtualNetworks", network, body, "2024-05-01") + f"/subnets/{name}"

    def make_workspace(self, name: str = WORKSPACE, group: str = GROUP, **properties: t.Any) -> str:
        """A workspace with its dependents, made without azure-ai-ml."""
        group_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}"
        self.arm("PUT", group_id, {"location": "eastus"}, "2021-04-01")
        short = "".join(character for character in name if character.isalnum())[:16].lower()
        storage = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}
        vault = {
            "properties": {
                "tenantId": "aaaaaaaa-0000-4000-8000-00000000000a",
                "sku": {"family": "A", "name": "standard"},
                "accessPolicies": [],
            }
        }
        dependents = {
            "storageAccount": self.resource(
                "Microsoft.Storage/storageAccounts", f"st{short}", storage, "2023-01-01", group
            ),
            "keyVault": self.resource("Microsoft.KeyVault/vaults", f"kv{short}", vault, "2023-07-01", group),
            "applicationInsights": self.resource(
                "Microsoft.Insights/components", f"ai{short}", {"kind": "web"}, "2020-02-02", group
            ),
        }
        identifier = f"{group_id}/providers/Microsoft.MachineLearningServices/workspaces/{name}"
        body = {
            "location": "eastus",
            "identity": {"type": "SystemAssigned"},
            "properties": {**dependents, **properties},
        }
        self.arm("PUT", identifier, body)
        return identifier


def _set_home(folder: str | None) -> None:
    if folder is None:
        os.environ.pop("HOME", None)
    else:
        os.environ["HOME"] = folder


class _Saved(t.NamedTuple):
    """The state of a simulated Azure, and the simulated time at which it was saved."""

    database: sqlite3.Connection
    simulated: float


@functools.cache
def _workspace_saved() -> _Saved:
    """An Azure with the workspace, which most tests begin with: made once, because its requests take longer than what many tests do."""
    made = Azure()
    made.make_workspace()
    database = sqlite3.connect(":memory:", check_same_thread=False)
    made.app.store.db.backup(database)
    saved = _Saved(database, made.app.clock.now())
    made.app.close()
    return saved


def few_polls() -> t.Any:
    """Poll an operation of ten minutes ten times and not sixty: polls were a quarter of what these tests took. Their pace has unit tests."""
    return mock.patch.multiple(operations, _PATIENCE=1.0, LONGEST_STEP=600.0)


@pytest.fixture
def azure() -> t.Iterator[Azure]:
    saved, made = _workspace_saved(), Azure()
    saved.database.backup(made.app.store.db)
    made.app.store.generation += 1
    made.app.clock.advance(saved.simulated - made.app.clock.now())
    try:
        with few_polls():
            yield made
        assert not made.not_in_version, sorted(made.not_in_version)
    finally:
        made.app.close()
