# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a module as its job sees it: options, client, events."""

from __future__ import annotations

import functools
import threading
import time
import typing as t

from .._arm.cloud import Cloud, find_cloud
from .._arm.tokens import TokenSource
from .._auth import sources
from .._auth.credentials import SignIn
from .._core import canon
from .._core.arm_id import Target, workspace_target
from .._core.client import Client
from .._core.errors import AmlError
from .._core.events import Events
from .._core.findings import refuse
from .._engine import rules, versions
from .._engine.behaviour import Behaviour
from .._options import specs
from . import all_wrong
from .raw_module import RawModule

VERSION = "0.1.0"
USER_AGENT = f"ansible-collection-azureml.compute/{VERSION}"


class Task:
    """One run of a module: its options, what was given of them, and the way to the service."""

    def __init__(self, module: RawModule, spec: specs.Spec) -> None:
        self.module = module
        self.params: dict[str, t.Any] = module.params
        self.asked: dict[str, t.Any] = module.asked
        self._spec = spec
        self.warnings: list[str] = []
        # Items of lists that the service sent in another shape than documented: warned about, and in the result's ``failures``.
        self.malformed: list[AmlError] = []
        self.auth: dict[str, t.Any] | None = None
        self._sign_in: SignIn | None = None
        self._cloud: Cloud | None = None
        self._credential: TokenSource | None = None
        self._client: Client | None = None
        # How the client waits; a job that can be interrupted sets its own before the first request.
        self.sleep: t.Callable[[float], None] = time.sleep
        self.events = Events(hide=self._shown)
        self._hiding = threading.Lock()

    def offline(self, asked: dict[str, t.Any], given: dict[str, t.Any], params: dict[str, t.Any]) -> Task:
        """The same task with other options, which ends where it would need the service."""
        other = _OfflineTask(self.module, {})
        other.asked, other.given, other.params = asked, given, params
        return other

    @functools.cached_property
    def given(self) -> dict[str, t.Any]:
        """The options that were given, checked, with nulls."""
        return specs.given(self._spec, self.module.raw, self.params)

    @property
    def raw(self) -> dict[str, t.Any]:
        """The arguments as they were given, with nulls and without types."""
        return self.module.raw

    def is_null(self, option: str) -> bool:
        """Whether the option was given without a value, as a variable that is null gives it."""
        return self.raw.get(option, "") is None

    def hide(self, secrets: t.Iterable[str | None]) -> None:
        """Mask these texts in whatever leaves the task."""
        self.module.hide(secrets)

    @property
    def is_hidden(self) -> bool:
        """Whether the task has no_log."""
        return bool(self.module.no_log)

    @property
    def workspace(self) -> Target:
        """The workspace that the options name."""
        return workspace_target(self.subscription_id, self.params["resource_group"], self.params["workspace"])

    @property
    def api_version(self) -> str:
        """The API version that the task asks for, or the one that most requests use."""
        return str(self.params.get("api_version") or versions.STABLE)

    @property
    def spoken(self) -> bool:
        """Whether the service may have been asked something."""
        return self._client is not None or self._credential is not None

    @property
    def check_mode(self) -> bool:
        return bool(self.module.check_mode)

    @property
    def diff_mode(self) -> bool:
        return bool(self.module._diff)

    @property
    def sign_in(self) -> SignIn:
        """Who signs in, found offline."""
        if self._sign_in is None:
            self._sign_in = sources.sign_in(self.params)
            self.module.hide(self._sign_in.secrets)
            self.auth = self._sign_in.facts()
            self.warnings += self._sign_in.warnings
        return self._sign_in

    @property
    def subscription_id(self) -> str:
        """Of the task, or of what signs in; a GUID in any case, since addresses are made of it."""
        subscription = str(self.params.get("subscription_id") or self.sign_in.require_subscription())
        refuse(rules.subscription_id(subscription))
        return subscription

    @property
    def cloud(self) -> Cloud:
        if self._cloud is None:
            self._cloud = find_cloud(self.params, fallback=self.sign_in.cloud_environment, verify=self.sign_in.verify)
        return self._cloud

    @property
    def credential(self) -> TokenSource:
        """One credential object for the client and for azure-ai-ml, so that there is one token."""
        if self._credential is None:
            self._credential = self.sign_in.credential(self.cloud)
        return self._credential

    @property
    def client(self) -> Client:
        """The ARM client; made at the first use, which is the first time that anything of Azure's is imported."""
        if self._client is None:
            from .._arm.client import ArmClient
            from .._arm.retry import Clock, RetryPolicy
            from .._arm.transport import Transport

            def sleep(seconds: float) -> None:
                # A job may replace ``self.sleep`` later too.
                self.sleep(seconds)

            policy = RetryPolicy(self.params["retries"], self.params["retry_timeout"], Clock(sleep=sleep))
            transport = Transport(USER_AGENT, self.sign_in.verify)
            self._client = ArmClient(self.cloud, self.credential, transport, policy, self.events.on_event)
        return self._client

    def hide_tokens(self) -> None:
        """The tokens that the task got are as secret as what it got them for."""
        for source in (self._credential, self._client):
            if source is not None:
                self.module.hide(source.secrets)

    def masked(self, tree: t.Any) -> t.Any:
        """Values that leave the task in another way than by its result, without secrets."""
        with self._hiding:
            self.hide_tokens()
            return self.module.masked(tree)

    def _shown(self, text: str) -> str:
        """A text that goes past what ansible-core does for results, from any thread."""
        with self._hiding:
            self.hide_tokens()
            return self.module.hidden(text)

    def behaviour(self) -> Behaviour:
        names = ("wait", "wait_timeout", "wait_interval", "on_immutable_change", "append_tags", "force")
        options = {name: self.params[name] for name in names if self.params.get(name) is not None}
        options["can_replace"] = "on_immutable_change" in self.params
        always = any(self.params.get(name) == "always" for name in ("update_password", "update_certificate"))
        return Behaviour(
            check_mode=self.check_mode,
            update_secrets=always,
            created_earlier=frozenset(map(canon.arm_id, self.params.get("resources_created_earlier") or [])),
            events=self.events,
            **options,
        )


class _OfflineTask(Task):
    """A task without the service."""

    @property
    def client(self) -> t.NoReturn:
        raise all_wrong.Online

    cloud = credential = client
