# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that every ARM answer has (docs/facts.md a.3 [REC R1-R11]) and the rate limits that they count down."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azureml_simulator.faults import throttled
from azureml_simulator.http import Request, Response

_CONTEXT = f"appId=cid-v1:{uuid.uuid4()}"
_FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "CONFIG_NOCACHE",
}
_PROVIDER = "/providers/microsoft.machinelearningservices/"


def add_common(request: Request, response: Response, seconds: float) -> None:
    """Gateway answers lack the resource provider's own headers; what the values of 2025 look like in full is not known."""
    guid, now = str(uuid.uuid4()), datetime.now(UTC)
    headers = {
        **_FIXED,
        "x-ms-request-id": guid,
        "x-ms-correlation-request-id": guid,
        "x-ms-routing-request-id": f"EASTUS:{now:%Y%m%dT%H%M%SZ}:{guid}",
        "X-MSEdge-Ref": f"Ref A: {uuid.uuid4().hex.upper()} Ref B: EASTUS Ref C: {now:%Y-%m-%dT%H:%M:%SZ}",
    }
    if not response.gateway:
        who = request.principal
        headers["Request-Context"] = _CONTEXT
        headers["x-ms-response-type"] = "standard"
        headers["x-request-time"] = f"{seconds:.3f}"
        if who is not None:
            headers["x-ms-operation-identifier"] = (
                f"tenantId={who.tenant},objectId={who.object_id}/eastus/{uuid.uuid4()}"
            )
        if _PROVIDER in request.path.lower():
            headers["azureml-served-by-cluster"] = "vienna-eastus-01"
    response.headers = {**headers, **response.headers}


@dataclass
class _Bucket:
    left: float
    filled: float


class RateLimits:
    """Token buckets per caller, subscription and class of method, on the real clock; refusing only where asked to."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._buckets: dict[tuple[str, str, str], _Bucket] = {}

    def clear(self) -> None:
        self._buckets.clear()

    def take(self, request: Request, subscription: str) -> tuple[dict[str, str], Response | None]:
        """The headers to add, and the refusal if there is one."""
        settings = self._config["ratelimit"]
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(request.method, "writes")
        capacity, rate = settings[kind]["capacity"], settings[kind]["per_second"]
        who = request.principal.object_id if request.principal else ""
        now = time.monotonic()
        bucket = self._buckets.setdefault((who, subscription, kind), _Bucket(capacity, now))
        bucket.left = min(capacity, bucket.left + (now - bucket.filled) * rate)
        bucket.filled = now
        if bucket.left < 1 and settings["enforce"]:
            return {}, throttled(subscription, kind.rstrip("s"), who, int(settings["retry_after"]))
        bucket.left = max(0.0, bucket.left - 1)
        left = int(bucket.left)
        # All callers together have more, of which each request takes one as well: 249 beside 3749.
        everybody = capacity * (settings["global_factor"] - 1) + left
        return {
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(left),
            f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(everybody),
        }, None
