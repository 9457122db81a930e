# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with a task's options, in one failure.

Options are checked in stages: values, the argument spec, the rules of a kind, the sign-in. A user who corrects one option should not meet the next
stage's finding in the next run. So when a stage refuses a task, the later ones are asked too, without the options that are known to be wrong.
"""

from __future__ import annotations

import copy
import re
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ElementError, UnsupportedError

from .._core.errors import AmlError, CredentialError, RuleError
from .._core.findings import Finding, Findings
from .._options import specs, values

Spec = t.Mapping[str, dict[str, t.Any]]
Params = dict[str, t.Any]
Item = dict[str, t.Any]

_SOURCE = "this collection: the module's options"
# What stands for a wrong value of an option that no job can do without.
_STAND_INS = {
    "name": "placeholder", "workspace": "placeholder", "resource_group": "placeholder", "location": "eastus",
    "subscription_id": "00000000-0000-0000-0000-000000000000", "api_version": "2025-12-01",
}  # fmt: skip
# Without them it is not known what the task is about.
_DECISIVE = ("state", "type", "kind", "definition", "id", "scope", "folder", "workspaces", "computes", "body")


class Online(Exception):
    """All that is checked offline has been checked."""


def spec_findings(spec: Spec, params: t.Mapping[str, t.Any], module: str, **constraints: t.Any) -> Findings:
    """What is wrong with the values, and what AnsibleModule finds, which by itself shows only the first of its errors."""
    own = {name: value for name, value in params.items() if not name.startswith("_ansible_")}
    found = list(values.findings(spec, own))
    yield from found
    known = {_top(finding.option) for finding in found}
    # What has a wrong type can break the validator, and what it says of such an option has been said.
    rest = {name: value for name, value in own.items() if name not in known}
    validated = ArgumentSpecValidator(t.cast(t.Any, spec), **constraints).validate(
        values.without_null_choices(spec, rest)
    )
    for error in validated.errors:
        text = str(error.msg).rstrip(".")
        if not known.intersection(re.findall(r"\w+", text.split("Supported parameters include")[0])):
            unknown = isinstance(error, UnsupportedError)
            message = f"Unsupported parameters for ({module}) module: {text}." if unknown else f"{text}."
            option = text.split(". Supported parameters include")[0] if unknown else _named(text, spec)
            yield Finding("InvalidOption", option or "the options", message, _SOURCE)
        if isinstance(error, (ArgumentTypeError, ElementError)):
            # What is inside a value of a wrong type is not of interest.
            known.add((_named(text, spec) or "").rpartition(".")[2])


def _top(option: str) -> str:
    """The option of the task that a dotted name with list items belongs to."""
    return re.split(r"[.\[]", option, maxsplit=1)[0]


def _named(message: str, spec: Spec) -> str | None:
    """The option that a message of AnsibleModule is about, as a dotted name: the place where it was found, or the first option that it names."""
    place = re.search(r" found in '?(\w+(?: -> \w+)*)", message)
    inside = re.match(r"argument '(\w+)'|value of (\w+) must", message)
    if place:
        return ".".join([*place[1].split(" -> "), *([inside[1] or inside[2]] if inside else [])])
    return next((word for word in re.findall(r"[A-Za-z_]\w*", message) if word in spec), None)


def _items(error: AmlError, spec: Spec) -> list[Item]:
    """The single findings of an error."""
    details = error.details if isinstance(error.details, list) else []
    if details and all(isinstance(one, dict) and {"code", "option", "message"} <= one.keys() for one in details):
        return details
    return [Finding(error.code, _named(error.message, spec) or "", error.message, _SOURCE).rule()]


def extended(error: AmlError, task: t.Any, job: t.Callable[[t.Any], t.Any], spec: Spec) -> AmlError:
    """The error with all that the later stages find; itself where they find nothing more."""
    items = _items(error, spec)
    more = list(_further(items, task, job, spec)) if isinstance(error, (RuleError, CredentialError)) else []
    if not more:
        return error
    every = [*items, *more]
    options = ", ".join(dict.fromkeys(one["option"] for one in every if one["option"]))
    whole = RuleError(
        " ".join(one["message"] for one in every),
        details=every,
        hint=f"Nothing was sent. Correct {options or 'the options'}.",
        target=error.target,
    )
    whole.warnings = error.warnings
    return whole


def _further(items: list[Item], task: t.Any, job: t.Callable[[t.Any], t.Any], spec: Spec) -> t.Iterator[Item]:
    wrong = {_top(one["option"]) for one in items} - {""}
    raw = copy.deepcopy({name: value for name, value in task.asked.items() if not name.startswith("_ansible_")})
    seen = {one["message"] for one in items}
    # Each round finds at least one more option wrong.
    for _round in range(len(spec)):
        if not wrong or wrong.intersection(_DECISIVE):
            return
        found = _stage(raw, wrong, task, job, spec)
        new = [one for one in found if one["message"] not in seen and not _mentions(one, wrong)]
        yield from new
        seen.update(one["message"] for one in found)
        before, wrong = wrong, wrong | {_top(one["option"]) for one in found if one["option"]}
        if wrong == before:
            return


def _mentions(item: Item, wrong: set[str]) -> bool:
    """A finding about an option that was taken away is none of the user's."""
    words = set(re.findall(r"\w+", f"{item['option']} {item['message']}"))
    return bool(words & (wrong | {"placeholder"}))


def _stage(raw: Params, wrong: set[str], task: t.Any, job: t.Callable[[t.Any], t.Any], spec: Spec) -> list[Item]:
    """What the job refuses before its first request, without the options that are wrong."""
    aliases = {alias: name for name, row in spec.items() for alias in row.get("aliases", ())}
    own = {aliases.get(name, name): value for name, value in raw.items() if aliases.get(name, name) in spec}
    own = {name: value for name, value in own.items() if name not in wrong}
    own.update({name: value for name, value in _STAND_INS.items() if name in wrong and name in spec})
    validated = ArgumentSpecValidator(t.cast(t.Any, spec)).validate(copy.deepcopy(own))
    if validated.error_messages:
        return []
    try:
        job(task.offline(own, specs.given(spec, own, validated.validated_parameters), validated.validated_parameters))
    except (RuleError, CredentialError) as error:
        return _items(error, spec)
    except Exception:  # Online, or a job that cannot do without one of the options
        return []
    return []
