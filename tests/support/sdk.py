# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-ai-ml with a simulated world in place of the network."""

from __future__ import annotations

import io
import time
import uuid
from typing import Any

from ansible_collections.azureml.compute.tests.support.world import World
from azure.ai.ml import MLClient
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests import Response as Answer
from requests import Session
from requests.adapters import BaseAdapter

ENDPOINTS = (
    "azure_portal", "resource_manager", "active_directory", "aml_resource_id", "storage_endpoint", "registry_discovery_endpoint",
)  # fmt: skip


class InProcess(BaseAdapter):
    """Asks the app in place of a socket."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def send(self, request: Any, **_options: Any) -> Answer:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        answer = self.world.app.call(request.method, request.url, body or None, token=token)
        made = Answer()
        made.status_code, made.url, made.request = answer.status, request.url, request
        made.raw = io.BytesIO(answer.payload())
        made.headers.update({"Content-Type": "application/json; charset=utf-8", **answer.headers})
        return made

    def close(self) -> None:
        pass


class Transport(RequestsTransport):
    """Simulated time passes where the client sleeps."""

    def __init__(self, world: World) -> None:
        session = Session()
        session.mount("https://", InProcess(world))
        super().__init__(session=session, session_owner=False)
        self.world = world

    def sleep(self, duration: float) -> None:
        self.world.wait(duration)


class Credential:
    """A token of the simulator's own."""

    def __init__(self, world: World) -> None:
        self.world = world

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self.world.app.token(), int(time.time()) + 3600)


def client(subscription: str, workspace: str | None, credential: Any, **options: Any) -> MLClient:
    """A client of a cloud of its own, whose endpoints do not exist. AZUREML_CURRENT_CLOUD must be set, or it asks for a list of clouds."""
    endpoints = dict.fromkeys(ENDPOINTS, "https://simulator.invalid/")
    cloud = {"cloud": f"Sim{uuid.uuid4().hex}", "cloud_metadata": endpoints}
    return MLClient(credential, subscription, "rg", workspace, **cloud, enable_telemetry=False, **options)
