# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule by composition: the common options, sign-in, one funnel for errors, one shape of results.

The package ``_module`` stands between AnsibleModule and the jobs: it is the only one that knows Ansible. It may import ``_options``,
``_engine``, ``_auth``, ``_arm``, ``_core`` and Ansible.

Nothing of Azure's is imported before the arguments have been checked.
"""

from __future__ import annotations

import traceback
import typing as t

from .._arm import connections
from .._auth import options
from .._core import redact
from .._core.errors import AmlError, add_next_step, unforeseen
from .._core.findings import limited, readable
from .._options import similar, specs
from . import all_wrong
from .raw_module import RawModule
from .result import Result
from .task import Task


def run(
    job: t.Callable[[Task], Result],
    spec: specs.Spec,
    *,
    definition: t.Sequence[str] = (),
    free_form: t.Sequence[str] = (),
    long: t.Sequence[str] = (),
    **constraints: t.Any,
) -> None:
    """A module's ``main``: check the arguments, do the job, and end in one of two ways.

    spec         the module's own options; sign-in and client options are added
    definition   the CLI's types that the module's ``definition`` takes; that option is added too
    free_form    options that hold mappings without a spec, whose secrets are recognized by their names
    long         options with lists that may have thousands of items, which ``invocation`` does not repeat
    constraints  ``required_if`` and the like, for AnsibleModule
    """
    own = {**specs.DEFINITION_SPEC, **spec} if definition else spec
    full = {**options.AUTH_SPEC, **options.CLIENT_SPEC, **own}
    module = RawModule(
        argument_spec=full,
        supports_check_mode=True,
        definition_kinds=definition,
        free_form=free_form,
        long=long,
        **constraints,
    )
    task = Task(module, full)
    try:
        if module.refused is not None:
            raise module.refused
        result = job(task)
    except AmlError as error:
        # Only what was refused before the first request; a refusal after it is about what was read.
        _fail(task, error if task.spoken else all_wrong.extended(error, task, job, full))
    except ImportError as error:
        _fail(task, connections.missing_library(_package(error)))
    except Exception as error:  # the one funnel: what no one foresaw still ends in a failure block
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
        result["warnings"] = [
            *result.get("warnings", []),
            *(f"{error.code}: {error.message} The result lacks it." for error in task.malformed),
        ]
    # Secrets that the service returns without their being declared in the task.
    redact.hide_variables([result, task.params])
    _warn(task, [*task.warnings, *result.pop("warnings", [])])
    task.module.exit_json(auth=task.auth, **result)


def with_hint(message: str, hint: str | None) -> str:
    """What the task prints. Many messages of the service end without a full stop."""
    if not hint:
        return message
    if "\n" in message:
        return f"{message}\n{hint}"
    return f"{message}{'' if message.endswith(('.', '!', '?', ':')) else '.'} {hint}"


def _fail(task: Task, error: AmlError) -> None:
    task.hide_tokens()
    add_next_step(error)
    hidden = task.module.hidden
    task.events.close(error.message)
    message = with_hint(readable(error.message, error.details), error.hint)
    failure = error.failure()
    failure["details"] = limited(error.details)
    first, *others = error.message.split("\n")
    if others and isinstance(error.details, list):
        # Ansible prints the whole result: its message and the details have the other lines.
        failure["message"] = f"{first.rstrip('.:')}."
    # `msg` lists the supported options, and once is enough.
    failure["message"] = similar.without_list(failure["message"])
    if isinstance(failure["details"], list):
        failure["details"] = [_without_list(detail) for detail in failure["details"]]
    failure.update({name: hidden(failure[name]) for name in ("message", "hint") if failure[name]})
    extra: Result = {**error.result, "failure": failure, "auth": task.auth, "changed": error.changed}
    if error.plan is not None:
        extra.update(plan=error.plan.to_dict(), diff=error.plan.diff())
    redact.hide_variables([extra, task.params])
    # Without it, ansible-core would use the current exception, and show it unchanged if tracebacks are enabled.
    extra["exception"] = hidden(traceback.format_exc())
    _warn(task, [*task.warnings, *error.warnings])
    task.module.fail_json(msg=hidden(message), **extra)


def _without_list(detail: t.Any) -> t.Any:
    if isinstance(detail, dict) and isinstance(detail.get("message"), str):
        return {**detail, "message": similar.without_list(detail["message"])}
    return detail


def _warn(task: Task, warnings: t.Iterable[str]) -> None:
    task.hide_tokens()
    for warning in warnings:
        task.module.warn(task.module.hidden(warning))
