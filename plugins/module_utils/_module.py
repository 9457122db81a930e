# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule by composition: the common options, sign-in, one funnel for errors, one shape of results.

Nothing of Azure's is imported before the arguments have been checked.
"""
from __future__ import annotations

import copy
import threading
import time
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from . import _all_wrong, _argspec, _cloud, _credentials, _http, _redact, _rules, _values, _yaml
from ._errors import AmlError, add_way_on, unforeseen
from ._progress import Events
from ._reconcile import Behaviour, Outcome

VERSION = "0.1.0"

Result = dict[str, t.Any]


class _RawModule(AnsibleModule):
    """Keeps the arguments as they were given: AnsibleModule itself makes null and unset the same.

    With ``definition_kinds``, the arguments are merged with those of the definition before AnsibleModule checks them; and AnsibleModule is not left to
    make something else of a value (see ``_values``). ``refused`` is what is wrong; nothing else is then checked, and the task must fail with it.
    """

    raw: dict[str, t.Any] = {}
    # The arguments as they were given, also when they were refused.
    asked: dict[str, t.Any] = {}

    def __init__(self, *, definition_kinds: t.Sequence[str] = (), free_form: t.Sequence[str] = (), **arguments: t.Any) -> None:
        self.definition_kinds = definition_kinds
        self.free_form = free_form
        self.refused: Exception | None = None
        super().__init__(**arguments)

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values = _redact.Secrets(self.no_log_values)
        _redact.KNOWN.clear()
        _redact.SHOWN.clear()
        _redact.SHOWN.update(self._shown_variables())
        try:
            # What cannot be walked cannot be searched for secrets, and is shown nowhere.
            _yaml.check_depth(self.params, "The options")
            # All of it before AnsibleModule writes the arguments to the system's log, or fails with them.
            self._hide_secrets()
            if self.definition_kinds and self.params.get("definition") is not None:
                # Few tasks have a definition: the others need not pay for its import.
                from . import _definition

                self.params = _definition.merge(self.params, self.argument_spec, self.definition_kinds)
                self._hide_secrets()
            self.asked = self.params
            _rules.refuse(self._spec_findings())
        except Exception as error:  # the funnel of run() takes it: what AnsibleModule does not expect here would be printed as it is
            self.refused = error
            self.params = {name: value for name, value in self.params.items() if name.startswith("_ansible_")}
            self.argument_spec = {name: {**row, "required": False} for name, row in self.argument_spec.items()}
            self.required_if = self.required_by = self.required_together = self.required_one_of = None
        self.raw = copy.deepcopy(self.params)
        # A null is none of an option's choices to AnsibleModule, though it may say that there is to be none: ``raw`` has it.
        self.params = _values.without_null_choices(self.argument_spec, self.params)

    def _spec_findings(self) -> _rules.Findings:
        names = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
        constraints = {name: getattr(self, name) for name in names}
        return _all_wrong.spec_findings(self.argument_spec, self.params, str(self.params.get("_ansible_module_name", self._name)), **constraints)

    def _hide_secrets(self) -> None:
        if self.definition_kinds:
            self.hide(_redact.in_definition(self.params.get("definition")))
        self.hide(_redact.in_options(self.argument_spec, self.params))
        self.hide(_redact.in_free_form([self.params.get(name) for name in self.free_form]))
        _redact.hide_variables(_redact.parsed(self.params))

    def _shown_variables(self) -> set[str]:
        names = self.params.get("show_variables") or ()
        return {one.strip() for one in (names.split(",") if isinstance(names, str) else map(str, names))} if isinstance(names, (str, list)) else set()

    def hide(self, secrets: t.Iterable[str | None]) -> None:
        """Keep these texts, in any encoding, out of all that the module says from now on."""
        for secret in secrets:
            if secret:
                self.no_log_values.add(_redact.printed(secret))
                _redact.KNOWN.add(_redact.printed(secret))

    def hidden(self, text: str) -> str:
        """A message as it may be shown."""
        masked = _redact.KNOWN.mask(text)
        return str(remove_values(_redact.printable(_redact.without_signatures(masked)), self.no_log_values))

    def _safe(self, result: Result) -> Result:
        return t.cast(Result, _redact.KNOWN.mask_tree(_redact.without_values(result, _redact.SHOWN)))

    # --- the ways out; ansible-core itself takes them too, when it refuses an argument ---

    def exit_json(self, **result: t.Any) -> t.NoReturn:
        # ansible-core adds the arguments.
        self.params = self._safe(_redact.parsed(self.params))
        super().exit_json(**self._safe(result))

    def fail_json(self, msg: str, **result: t.Any) -> t.NoReturn:
        self.params = self._safe(_redact.parsed(self.params))
        super().fail_json(msg=self.hidden(str(msg)), **self._safe(result))

    def warn(self, warning: str, **more: t.Any) -> None:
        super().warn(self.hidden(str(warning)), **more)

    def log(self, msg: t.Any, log_args: t.Any = None) -> None:
        # The text of the arguments, in which a mapping is one text.
        shown = self._safe(_redact.parsed({name: value for name, value in self.params.items() if not name.startswith("_ansible_")}))
        public = {name: value if str(value).startswith("NOT_LOGGING") else self.hidden(str(shown.get(name))) for name, value in (log_args or {}).items()}
        text = " ".join(f"{name}={value}" for name, value in public.items())
        super().log(f"Invoked with {text}" if public else self.hidden(str(msg)), public or None)


class Task:
    """One run of a module: its options, what was given of them, and the way to the service."""

    def __init__(self, module: _RawModule, spec: _argspec.Spec) -> None:
        self.module = module
        self.params: dict[str, t.Any] = module.params
        self.asked: dict[str, t.Any] = module.asked
        self.given = _argspec.given(spec, module.raw, module.params)
        self.warnings: list[str] = []
        # Items of lists that the service sent in another shape than documented: warned about, and in the result's ``failures``.
        self.malformed: list[AmlError] = []
        self.auth: dict[str, t.Any] | None = None
        self._sign_in: t.Any = None
        self._cloud: t.Any = None
        self._credential: t.Any = None
        self._client: t.Any = None
        # How the client waits; a job that can be interrupted sets its own before the first request.
        self.sleep: t.Callable[[float], None] = time.sleep
        self.events = Events(hide=self._shown)
        self._hiding = threading.Lock()

    def offline(self, asked: dict[str, t.Any], given: dict[str, t.Any], params: dict[str, t.Any]) -> Task:
        """The same task with other options, which ends where it would need the service."""
        other = _OfflineTask(self.module, {})
        other.asked, other.given, other.params = asked, given, params
        return other

    @property
    def spoken(self) -> bool:
        """Whether the service may have been asked something."""
        return self._client is not None or self._credential is not None

    @property
    def check_mode(self) -> bool:
        return bool(self.module.check_mode)

    @property
    def sign_in(self) -> t.Any:
        """Who signs in, found offline."""
        if self._sign_in is None:
            self._sign_in = _credentials.sign_in(self.params)
            self.module.hide(self._sign_in.secrets)
            self.auth = self._sign_in.facts()
            self.warnings += self._sign_in.warnings
        return self._sign_in

    @property
    def subscription_id(self) -> str:
        """Of the task, or of what signs in; a GUID in any case, since addresses are made of it."""
        found = str(self.params.get("subscription_id") or self.sign_in.require_subscription())
        _rules.refuse(_rules.subscription_id(found))
        return found

    @property
    def cloud(self) -> t.Any:
        if self._cloud is None:
            self._cloud = _cloud.find_cloud(
                self.params, fallback=self.sign_in.cloud_environment, verify=self.sign_in.verify
            )
        return self._cloud

    @property
    def credential(self) -> t.Any:
        """One credential object for the client and for azure-ai-ml, so that there is one token."""
        if self._credential is None:
            self._credential = self.sign_in.credential(self.cloud)
        return self._credential

    @property
    def client(self) -> t.Any:
        """The ARM client; made at the first use, which is the first time that anything of Azure's is imported."""
        if self._client is None:
            from ._arm import ArmClient

            self._client = ArmClient(
                self.cloud,
                self.credential,
                retries=self.params["retries"],
                retry_timeout=self.params["retry_timeout"],
                user_agent=f"ansible-collection-azureml.compute/{VERSION}",
                verify=self.sign_in.verify,
                sleep=self.sleep,
                on_event=self.events.on_event,
            )
        return self._client

    def hide_tokens(self) -> None:
        """The tokens that the task got are as secret as what it got them for."""
        for source in (self._credential, self._client):
            if source is not None:
                self.module.hide(source.secrets)

    def _shown(self, text: str) -> str:
        """A text that goes past what ansible-core does for results, from any thread."""
        with self._hiding:
            self.hide_tokens()
            return self.module.hidden(text)

    def behaviour(self) -> Behaviour:
        names = ("wait", "wait_timeout", "wait_interval", "on_immutable_change", "append_tags", "force")
        options = {name: self.params[name] for name in names if self.params.get(name) is not None}
        always = any(self.params.get(name) == "always" for name in ("update_password", "update_certificate"))
        return Behaviour(check_mode=self.check_mode, update_secrets=always, events=self.events, **options)


class _OfflineTask(Task):
    """A task without the service."""

    @property
    def client(self) -> t.Any:
        raise _all_wrong.Online

    cloud = credential = client


def outcome_result(outcome: Outcome, key: str, shown: t.Any) -> Result:
    """The result of a module that brings one resource to a state; ``shown`` goes under ``key``."""
    diff = {**outcome.plan.diff(), "before_header": outcome.title, "after_header": outcome.title}
    result = {"changed": outcome.plan.changed, "plan": outcome.plan.to_dict(), "diff": diff, key: shown}
    if outcome.operation is not None:
        result["operation"] = outcome.operation
    result["warnings"] = outcome.warnings
    return result


def run(
    job: t.Callable[[Task], Result], spec: _argspec.Spec, *, definition: t.Sequence[str] = (), free_form: t.Sequence[str] = (), **constraints: t.Any
) -> None:
    """A module's ``main``: check the arguments, do the job, and end in one of two ways.

    spec         the module's own options; sign-in and client options are added
    definition   the CLI's types that the module's ``definition`` takes; that option is added too
    free_form    options that hold mappings without a spec, whose secrets are told by their names
    constraints  ``required_if`` and the like, for AnsibleModule
    """
    own = {**_argspec.DEFINITION_SPEC, **spec} if definition else spec
    full = {**_credentials.AUTH_SPEC, **_credentials.CLIENT_SPEC, **own}
    module = _RawModule(argument_spec=full, supports_check_mode=True, definition_kinds=definition, free_form=free_form, **constraints)
    task = Task(module, full)
    try:
        if module.refused is not None:
            raise module.refused
        result = job(task)
    except AmlError as error:
        # Only what was refused before the first request; a refusal after it is about what was read.
        _fail(task, error if task.spoken else _all_wrong.extended(error, task, job, full))
    except ImportError as error:
        _fail(task, _http.missing_library(_package(error)))
    except Exception as error:  # the one funnel: what nobody foresaw still ends in a failure block
        _fail(task, unforeseen(error))
    else:
        _exit(task, result)


def _package(error: ImportError) -> str:
    """The PyPI package of a module that could not be imported: azure.ai.ml.entities is of azure-ai-ml, azure.core.rest of azure-core, six of six."""
    parts = (error.name or str(error)).split(".")
    return "-".join(parts[: 3 if parts[:2] == ["azure", "ai"] else 2] if parts[0] == "azure" else parts[:1])


def _exit(task: Task, result: Result) -> None:
    task.events.close()
    if task.malformed:
        result["failures"] = [error.failure() for error in task.malformed]
        result["warnings"] = [*result.get("warnings", []), *(f"{error.code}: {error.message} The result lacks it." for error in task.malformed)]
    # What others declared, and the service tells.
    _redact.hide_variables([result, task.params])
    _warn(task, [*task.warnings, *result.pop("warnings", [])])
    task.module.exit_json(auth=task.auth, **result)


def _fail(task: Task, error: AmlError) -> None:
    task.hide_tokens()
    add_way_on(error)
    hidden = task.module.hidden
    task.events.close(error.message)
    message = f"{error.message} {error.hint}" if error.hint else error.message
    failure = error.failure()
    failure.update({name: hidden(failure[name]) for name in ("message", "hint") if failure[name]})
    extra: Result = {**error.result, "failure": failure, "auth": task.auth, "changed": error.changed}
    if error.plan is not None:
        extra.update(plan=error.plan.to_dict(), diff=error.plan.diff())
    _redact.hide_variables([extra, task.params])
    # Left out, ansible-core would take the exception at hand, and show it as it is to whoever asks for tracebacks.
    extra["exception"] = hidden(traceback.format_exc())
    _warn(task, [*task.warnings, *error.warnings])
    task.module.fail_json(msg=hidden(message), **extra)


def _warn(task: Task, warnings: t.Iterable[str]) -> None:
    task.hide_tokens()
    for warning in warnings:
        task.module.warn(task.module.hidden(warning))
