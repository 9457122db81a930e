# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_simulator/: for tests and for the owner of the simulator's directory, from the loopback only.

It makes principals and shows the state, so a server asks for the secret in the directory's `control-token` (`Authorization: Bearer`). Without it there is
only `GET health`, which says that the server answers and nothing else. Secrets of a rehearsal are masked here as in the request log.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azureml_simulator import __version__
from azureml_simulator.faults import FaultError
from azureml_simulator.http import ArmError, Request, Response
from azureml_simulator.request_log import mask

if TYPE_CHECKING:
    from azureml_simulator.app import App

_SHOWN = ("object_id", "app_id", "tenant", "name", "type", "username")


def handle(app: App, request: Request) -> Response:
    """Route one control request."""
    name = request.path.removeprefix("/_simulator/")
    if not _is_owner(app, request):
        if (request.method, name) == ("GET", "health"):
            return Response(200, {"status": "ok"})
        message = "The control API needs the header 'Authorization: Bearer <AML_SIMULATOR_CONTROL_TOKEN>'; `azureml-simulator env` prints that variable."
        return Response(
            401, {"error": {"code": "ControlTokenMissing", "message": message}}, {"WWW-Authenticate": "Bearer"}
        )
    action = _ACTIONS.get((request.method, name))
    if action is None:
        known = sorted(f"{method} {path}" for method, path in _ACTIONS)
        return Response(404, {"error": {"code": "NotFound", "message": f"The control API has {', '.join(known)}."}})
    try:
        with app.store.transaction():
            return Response(200, action(app, request))
    except ArmError as error:
        return error.to_response(request)
    except (FaultError, ValueError, KeyError, TypeError) as error:
        return Response(400, {"error": {"code": "BadRequest", "message": str(error)}})


def _is_owner(app: App, request: Request) -> bool:
    if app.control_token is None:
        return True
    kind, _space, token = str(request.headers.get("authorization", "")).partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), app.control_token.encode())


def _health(app: App, request: Request) -> Any:
    return {"status": "ok", "version": __version__, "pid": os.getpid(), "time": app.clock.iso()}


def _reset(app: App, request: Request) -> Any:
    app.reset()
    return {"status": "ok"}


def _get_config(app: App, request: Request) -> Any:
    return dict(app.config)


def _put_config(app: App, request: Request) -> Any:
    app.configure(request.json_object)
    return dict(app.config)


def _put_clock(app: App, request: Request) -> Any:
    app.clock.advance(float(request.json_object["advance"]))
    return {"time": app.clock.iso()}


def _get_requests(app: App, request: Request) -> Any:
    return app.log.entries(int(request.query.get("since", "0")), request.query.get("path", ""))


def _delete_requests(app: App, request: Request) -> Any:
    app.log.clear()
    return {"status": "ok"}


def _put_faults(app: App, request: Request) -> Any:
    return app.faults.put(request.json)


def _get_faults(app: App, request: Request) -> Any:
    return app.faults.list()


def _delete_faults(app: App, request: Request) -> Any:
    app.faults.clear()
    return []


def _get_principals(app: App, request: Request) -> Any:
    return [{key: entry[key] for key in _SHOWN if key in entry} for entry in app.directory.all()]


def _put_principals(app: App, request: Request) -> Any:
    """Register principals and assign their roles; `roles` is a list of {role, scope}."""
    orders = request.json
    shown = []
    for order in orders if isinstance(orders, list) else [orders]:
        roles = order.pop("roles", [])
        unknown = [entry["role"] for entry in roles if app.rbac.role(entry["role"]) is None]
        if unknown:
            raise ValueError(f"no role named {', '.join(unknown)}")
        entry = app.directory.put(order)
        for role in roles:
            app.grant(entry["object_id"], role["role"], role["scope"])
        shown.append({key: entry[key] for key in _SHOWN if key in entry})
    return shown


def _state(app: App, request: Request) -> Any:
    rows = app.store.db.execute("SELECT id, type FROM resources ORDER BY seq").fetchall()
    active = app.store.db.execute("SELECT id, target FROM operations WHERE status='InProgress' ORDER BY due").fetchall()
    return {
        "time": app.clock.iso(),
        "resources": [{"id": row[0], "type": row[1], "document": mask(app.store.get(row[0]))} for row in rows],
        "operations": [{"id": row[0], "target": row[1]} for row in active],
    }


_ACTIONS: dict[tuple[str, str], Callable[[App, Request], Any]] = {
    ("GET", "health"): _health,
    ("POST", "reset"): _reset,
    ("GET", "config"): _get_config,
    ("PUT", "config"): _put_config,
    ("PUT", "clock"): _put_clock,
    ("GET", "requests"): _get_requests,
    ("DELETE", "requests"): _delete_requests,
    ("GET", "faults"): _get_faults,
    ("PUT", "faults"): _put_faults,
    ("DELETE", "faults"): _delete_faults,
    ("GET", "principals"): _get_principals,
    ("PUT", "principals"): _put_principals,
    ("GET", "state"): _state,
}
