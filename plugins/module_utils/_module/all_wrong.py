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
from dataclasses import dataclass

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ElementError, UnsupportedError

from .._core.arm_id import COLLECTIONS
from .._core.errors import AmlError, CredentialError, RuleError
from .._core.findings import Finding, rule_error
from .._engine import versions
from .._options import similar, specs, values

Spec = specs.Spec
Job = t.Callable[[t.Any], t.Any]
Params = dict[str, t.Any]
Item = dict[str, t.Any]

_SOURCE = "this collection: the module's options"
_UNSUPPORTED = "Unsupported parameters for"
# The substitute for a wrong value of an option that every job needs.
_STAND_INS = {
    "name": "placeholder", "workspace": "placeholder", "resource_group": "placeholder", "location": "eastus",
    "subscription_id": "00000000-0000-0000-0000-000000000000", "api_version": versions.PREVIEW,
}  # fmt: skip
# Without them it is not known what the task is about.
_DECISIVE = (
    "state",
    "type",
    "kind",
    "definition",
    "id",
    "scope",
    "folder",
    "workspaces",
    "body",
    *COLLECTIONS,
)


class Online(Exception):
    """All that is checked offline has been checked."""


def spec_findings(spec: Spec, params: t.Mapping[str, t.Any], module: str, **constraints: t.Any) -> list[Finding]:
    """What is wrong with the values of the arguments; and where something is, also what AnsibleModule finds in the others."""
    own = {name: value for name, value in params.items() if not name.startswith("_ansible_")}
    findings = list(values.findings(spec, own))
    if not findings:
        return []
    # What has a wrong type can break the validator, and what it says of such an option has been said.
    known = {_top(finding.option) for finding in findings}
    rest = {name: value for name, value in own.items() if name not in known}
    validated = ArgumentSpecValidator(spec, **constraints).validate(values.without_null_choices(spec, rest))
    return _in_order([*findings, *ansible_findings(validated.errors, spec, module, known)], spec)


def ansible_findings(errors: t.Iterable[t.Any], spec: Spec, module: str, known: t.Iterable[str] = ()) -> list[Finding]:
    """All errors of AnsibleModule's validation, which by itself reports only the first, without those about options in ``known``."""
    known, findings = set(known), []
    for error in errors:
        text = str(error.msg).rstrip(".")
        about, _listed, _supported = text.partition(similar.LISTED)
        if not known.intersection(re.findall(r"\w+", about)):
            unknown = isinstance(error, UnsupportedError)
            message = f"{_UNSUPPORTED} ({module}) module: {similar.with_hint(text, spec)}" if unknown else f"{text}."
            option = about if unknown else _named(text, spec)
            findings.append(Finding("InvalidOption", option or "the options", message, _SOURCE))
        if isinstance(error, (ArgumentTypeError, ElementError)):
            # What is inside a value of a wrong type is not of interest.
            known.add((_named(text, spec) or "").rpartition(".")[2])
    return _in_order(findings, spec)


def _in_order(findings: t.Iterable[Finding], spec: Spec) -> list[Finding]:
    return sorted(findings, key=lambda finding: _place(finding.option, spec))


def _place(option: str, spec: Spec) -> int:
    """Where the argument spec has an option; what it does not have comes last."""
    names = list(spec)
    return names.index(_top(option)) if _top(option) in spec else len(names)


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
    if details and all(
        isinstance(detail, dict) and {"code", "option", "message"} <= detail.keys() for detail in details
    ):
        return details
    return [Finding(error.code, _named(error.message, spec) or "", error.message, _SOURCE).rule()]


def extended(error: AmlError, task: t.Any, job: Job, spec: Spec) -> AmlError:
    """The error with all that the later stages find; itself where they find nothing more."""
    items = _items(error, spec)
    about_options = isinstance(error, (RuleError, CredentialError)) and any(item["option"] for item in items)
    more = list(_further(items, _Rehearsal.of(task, job, spec))) if about_options else []
    if not more:
        return error
    every = sorted([*items, *more], key=lambda item: _place(item["option"], spec))
    whole = rule_error(every)
    whole.target, whole.warnings = error.target, error.warnings
    return whole


def _further(items: list[Item], rehearsal: _Rehearsal) -> t.Iterator[Item]:
    """What the stages after the one that found ``items`` find: each round omits at least one more option."""
    # Unknown options inside of others are not part of any rehearsal.
    wrong = {_top(item["option"]) for item in items if not _is_inside(item)} - {""}
    seen = {item["message"] for item in items}
    while not wrong.intersection(_DECISIVE):
        refusals = rehearsal.refusals(wrong)
        yield from [item for item in refusals if item["message"] not in seen and not _mentions(item, wrong)]
        seen.update(item["message"] for item in refusals)
        more = {_top(item["option"]) for item in refusals} - {"", *wrong}
        if not more:
            return
        wrong |= more


def _is_inside(item: Item) -> bool:
    """Whether a finding is only about unknown options inside of decisive ones, whose other parts can be checked without them."""
    names = item["option"].split(", ")
    return item["message"].startswith(_UNSUPPORTED) and all("." in name and _top(name) in _DECISIVE for name in names)


def _without_unknown(value: t.Any, spec: Spec) -> t.Any:
    """The value of an option without the unknown options in it, at any depth."""
    if isinstance(value, list):
        return [_without_unknown(item, spec) for item in value]
    if not isinstance(value, dict):
        return value
    rows = {spelled: row for name, row in spec.items() for spelled in (name, *row.get("aliases", ()))}
    return {
        name: _without_unknown(part, rows[name]["options"]) if rows[name].get("options") else part
        for name, part in value.items()
        if name in rows
    }


def _mentions(item: Item, wrong: set[str]) -> bool:
    """A finding about an option that was removed here does not concern the user."""
    words = set(re.findall(r"\w+", f"{item['option']} {item['message']}"))
    return bool(words & (wrong | {"placeholder"}))


@dataclass(frozen=True)
class _Rehearsal:
    """A task's job without the service. ``params`` are the arguments as they were given, by the options' own names."""

    task: t.Any
    job: Job
    spec: Spec
    params: Params

    @classmethod
    def of(cls, task: t.Any, job: Job, spec: Spec) -> _Rehearsal:
        names = {spelled: name for name, row in spec.items() for spelled in (name, *row.get("aliases", ()))}
        params = {names[name]: value for name, value in task.asked.items() if name in names}
        return cls(task, job, spec, _without_unknown(copy.deepcopy(params), spec))

    def refusals(self, wrong: set[str]) -> list[Item]:
        """What the job refuses before its first request, without the options that are wrong."""
        params = {name: value for name, value in self.params.items() if name not in wrong}
        params.update({name: value for name, value in _STAND_INS.items() if name in wrong and name in self.spec})
        validated = ArgumentSpecValidator(self.spec).validate(params)
        if validated.error_messages:
            return []
        checked = validated.validated_parameters
        try:
            self.job(self.task.offline(params, specs.given(self.spec, params, checked), checked))
        except (RuleError, CredentialError) as error:
            return _items(error, self.spec)
        except Exception:  # Online, or a job that cannot do without one of the options
            return []
        return []
