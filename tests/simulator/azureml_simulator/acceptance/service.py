# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk on Azure, with real credentials: `azureml-simulator record`.

The subscription is AZURE_SUBSCRIPTION_ID, the credential what azure-identity finds (AZURE_CLIENT_ID and so on, or `az login`). Everything that the walk
creates has one suffix in its name and is deleted at the end, also after an interruption; what existed before is not deleted. With the variables of a running
simulator the walk runs on the simulator. azure-identity and requests are needed here alone, so they are no dependencies of the package.
"""

from __future__ import annotations

import argparse
import os
import random
import string
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import requests
from azure.core.credentials import TokenCredential
from azure.identity import DefaultAzureCredential, EnvironmentCredential
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from azureml_simulator.acceptance import record, walk

MANAGEMENT = "https://management.azure.com"


class Service:
    """Sends requests with the caller's token."""

    def __init__(self) -> None:
        self.url = os.environ.get("AML_SIMULATOR_URL") or MANAGEMENT
        self._credential = self._find_credential()
        self._session = requests.Session()
        # Throttled requests were not processed, whatever their method.
        patient = Retry(total=6, status_forcelist=(429,), allowed_methods=None, backoff_factor=2, raise_on_status=False)
        self._session.mount("https://", HTTPAdapter(max_retries=patient))

    def _find_credential(self) -> TokenCredential:
        if self.url != MANAGEMENT:
            return EnvironmentCredential(authority=self.url, disable_instance_discovery=True)
        return DefaultAzureCredential()

    def send(self, method: str, address: str, body: Any) -> record.Answer:
        token = self._credential.get_token(f"{self.url}/.default").token
        url = address if address.startswith("https://") else self.url + address
        if not url.startswith(self.url + "/"):
            raise ValueError(
                f"The service names an address elsewhere, and the token is not sent there: {url.split('?')[0]}"
            )
        answer = self._session.request(
            method, url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=120, allow_redirects=False
        )
        return _Answer(answer)

    def tenant(self, subscription: str) -> str:
        answer = self.send("GET", f"/subscriptions/{subscription}?api-version=2021-04-01", None)
        if answer.status != 200:
            raise SystemExit(f"The subscription {subscription} cannot be read: {answer.status} {answer.body}")
        return str(answer.body["tenantId"])


class _Answer:
    def __init__(self, answer: requests.Response) -> None:
        self.status, self.headers = answer.status_code, answer.headers
        try:
            self.body: Any = answer.json() if answer.content else None
        except ValueError:
            self.body = answer.text[:200]


def table(steps: Iterable[walk.Step]) -> Iterator[str]:
    """The steps with minutes and cost."""
    steps = list(steps)
    for step in steps:
        needs = f" (needs {', '.join(step.needs)})" if step.needs else ""
        target = f" (give --target {step.target}=ID)" if step.target else ""
        yield f"{step.name:18} {step.minutes:3} min  {step.dollars:5.2f} USD  {step.title}{needs}{target}"
    yield f"{'together':18} {sum(s.minutes for s in steps):3} min  {sum(s.dollars for s in steps):5.2f} USD"


def main(options: argparse.Namespace) -> int:
    """Run the command. Raises ValueError for options that do not fit."""
    targets = dict(target.partition("=")[::2] for target in options.target if target)
    steps = walk.chosen(_listed(options.steps) or None, targets, _listed(options.skip))
    print("\n".join(table(walk.STEPS if options.list else steps)), flush=True)
    if options.list:
        return 0
    if not all((options.resource_group, options.recording, os.environ.get("AZURE_SUBSCRIPTION_ID"))):
        raise ValueError("RECORDING, --resource-group and the variable AZURE_SUBSCRIPTION_ID are required.")
    if not options.yes and input("Create these in the subscription, and delete them at the end? (yes/no) ") != "yes":
        return 1
    return run(options, steps, targets)


def _listed(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def run(options: argparse.Namespace, steps: list[walk.Step], targets: dict[str, str]) -> int:
    record.prepare(options.recording)
    service, subscription, group = Service(), os.environ["AZURE_SUBSCRIPTION_ID"], options.resource_group
    path = f"/subscriptions/{subscription}/resourceGroups/{group}"
    answer = service.send("GET", f"{path}?api-version=2021-04-01", None)
    if answer.status != 200:
        print(f"The resource group {group} cannot be read ({answer.status}). Create it first.", file=sys.stderr)
        return 1
    suffix = "".join(random.choices(string.ascii_lowercase, k=5))
    tenant, location = service.tenant(subscription), str(answer.body["location"])
    values = {"sub": f"/subscriptions/{subscription}", "group": path, "loc": location, "n": suffix, "tenant": tenant}
    masks = record.masks_for(subscription, tenant, group, suffix, targets)
    interval = 0.2 if service.url != MANAGEMENT else 10.0
    recorder = record.Recorder(service.send, time.sleep, values, masks, say=_say, interval=interval)
    left = ["(kept)"]
    try:
        recorder.walk(steps, targets)
    finally:
        try:
            against = record.AZURE if service.url == MANAGEMENT else "a simulator"
            record.write(options.recording, recorder, against=against, location=location, targets=targets)
            _say(f"Recorded in {options.recording}.")
        finally:
            if not options.keep:
                _say("Deleting what the walk made.")
                left = recorder.clean_up()
    if left:
        print("Still there:", *left, sep="\n  ", file=sys.stderr)
    return int(bool(left) and not options.keep)


def _say(text: str) -> None:
    print(text, flush=True)
