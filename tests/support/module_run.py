# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's own ``main`` on a scripted wire: real argument spec, real engine, real ARM client; no socket, no real time.

    result = run("aml_compute_cluster", {...}, [Call("GET", ...), ...])

``result`` is what the module printed, plus ``wire`` (what was sent) for the test. The script must be played to its end.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import traceback
import typing as t
from unittest import mock

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.azureml.compute.plugins.module_utils._engine import reconciler
from ansible_collections.azureml.compute.plugins.module_utils._module import entry
from ansible_collections.azureml.compute.plugins.module_utils._module import task as _task
from ansible_collections.azureml.compute.tests.support.wire import Call, Sent, Wire

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
PROVIDER = "/providers/Microsoft.MachineLearningServices"
WORKSPACE_ID = f"{GROUP_ID}{PROVIDER}/workspaces/ws-one"
ML = "2026-05-01"

_SIGN_IN = {
    "subscription_id": SUBSCRIPTION,
    "tenant": "tenant-one",
    "client_id": "client-one",
    "secret": "top-secret-value",
}
_MODULES = "ansible_collections.azureml.compute.plugins.modules."


class Printed(dict[str, t.Any]):
    """A module's result, and the wire that it was made on."""

    wire: Wire
    text: str = ""

    @property
    def sent(self) -> list[Sent]:
        return self.wire.sent

    @property
    def writes(self) -> list[Sent]:
        return [request for request in self.sent if request.method not in ("GET", "HEAD")]

    @property
    def methods(self) -> list[str]:
        return [request.method for request in self.sent]

    @property
    def waited(self) -> float:
        """Seconds on the fake clock."""
        return sum(self.wire.clock.slept)

    @property
    def fields(self) -> dict[str, tuple[t.Any, t.Any]]:
        """The planned changes: field -> (before, after)."""
        return {change["field"]: (change["before"], change["after"]) for change in self["plan"]["changes"]}


def run(name: str, options: dict[str, t.Any], calls: t.Iterable[Call] = (), *, check: bool = False) -> Printed:
    """Run the module to its end; fails the test when a scripted request never came."""
    wire = Wire(calls)
    module = importlib.import_module(_MODULES + name)
    arguments = {**_SIGN_IN, **options, "_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp"}
    printed = io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(patch_module_args(arguments))
        stack.enter_context(mock.patch.object(_task.Task, "client", property(lambda task: _client(task, wire))))
        times = {"sleep": wire.clock.sleep, "clock": wire.clock}
        stack.enter_context(mock.patch.dict(reconciler.Reconciler.__init__.__kwdefaults__, times))
        stack.enter_context(contextlib.redirect_stdout(printed))
        stack.enter_context(contextlib.suppress(SystemExit))
        stack.enter_context(mock.patch.object(entry, "_fail", _loud(wire, entry._fail)))
        module.main()
    text = printed.getvalue()
    result = Printed(json.loads(text.strip().splitlines()[-1]))
    result.wire, result.text = wire, text
    wire.done()
    return result


def _loud(wire: Wire, fail: t.Callable[..., None]) -> t.Callable[..., None]:
    """The module's own funnel for errors, except that a broken script of the wire fails the test with what was sent."""

    def funnel(task: t.Any, error: t.Any) -> None:
        if error.code == "InternalError":
            exception = traceback.format_exc()
            last = wire.sent[-1] if wire.sent else None
            where = [line for line in exception.splitlines() if "plugins" in line][-3:]
            scripted = [f"{call.method} {call.path}" for call in wire.transport.calls[:3]]
            pytest.fail(
                "\n".join([error.message, *where, f"last request: {last}", f"still scripted: {scripted}"]),
                pytrace=False,
            )
        fail(task, error)

    return funnel


def _client(task: t.Any, wire: Wire) -> t.Any:
    assert task.sign_in is not None
    if task._client is None:
        task._client = wire.client(retries=task.params["retries"], retry_timeout=task.params["retry_timeout"])
    return task._client


def failed(code: str, *arguments: t.Any, **more: t.Any) -> Printed:
    """Run the module; it must fail with this code. The result."""
    result = run(*arguments, **more)
    assert result.get("failed") is True, result
    assert result["failure"]["code"] == code, result["failure"]
    return result


def succeeded(*arguments: t.Any, **more: t.Any) -> Printed:
    """Run the module; it must not fail. The result."""
    result = run(*arguments, **more)
    assert not result.get("failed"), result.get("msg")
    return result
