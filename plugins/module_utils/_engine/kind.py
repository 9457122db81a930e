# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of resource answers: its table of fields, its rules, its bodies, its state. No HTTP, no Ansible.

docs/development/new-kind.md lists what a new kind takes; its rules and bodies are one file with a subclass of :class:`Kind`.
"""

from __future__ import annotations

import copy
import typing as t
from dataclasses import dataclass, field, replace

from .._core import paths
from .._core.arm_id import ArmId, Target
from .._core.errors import ArmError
from .._core.findings import Finding, Findings
from .._core.paths import MISSING
from . import kind_version
from .billing import Billing
from .cli_schema import CliSchema
from .exported import Exported
from .fields import CREATE_ONLY, READ_ONLY, WRITE_ONLY, Field, Option
from .plan import DELETE, Declared, Plan

Body = dict[str, t.Any]

READY, BUSY, FAILED = "ready", "busy", "failed"


@dataclass(frozen=True)
class Status:
    """What a resource is doing: ``ready``, ``busy`` or ``failed``; ``text`` is the service's own word for it."""

    state: str
    text: str
    code: str | None = None
    message: str | None = None
    details: t.Any = None


@dataclass(frozen=True)
class Request:
    """One write: the HTTP method, the body, the query, what follows the resource's id in the path, and an API version if not the kind's.

    ``path``: where it is sent, if not to the resource's id.

    ``carries``: the body holds undeclared values, taken from the document that was read, which must be the newest one; or it is an action that must
    not be taken twice.
    """

    method: str
    body: t.Any
    params: dict[str, str] = field(default_factory=dict)
    suffix: str = ""
    api_version: str = ""
    carries: bool = False
    path: str = ""

    def address(self, resource_id: str) -> str:
        """Where it is sent, for a write of the resource."""
        return (self.path or resource_id) + self.suffix

    @property
    def is_on_resource(self) -> bool:
        """Whether it is sent to the resource's own id."""
        return not self.path and not self.suffix

    @property
    def is_whole(self) -> bool:
        """Whether the resource's whole document is sent, with undeclared values in it."""
        return self.method == "PUT" and self.carries and self.is_on_resource

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The key that distinguishes it from the other writes of one plan."""
        operation = str(self.body.get("operation")) if isinstance(self.body, dict) else ""
        return self.method, self.suffix, operation, self.api_version


class Kind:
    """One kind of resource. Subclasses set the class attributes and override what differs."""

    label = "resource"
    # The module that manages it, and that takes its files of the CLI.
    module = ""
    # Of what is in a workspace, the collection that its id has, and that is listed with the query ``list_params``.
    collection = ""
    list_params: t.Mapping[str, str] = {}
    # The options that a declaration in a list is known by.
    named_by: tuple[str, ...] = ("name",)
    # What the declared resource is, where its name does not say it: plans and messages contain it.
    about = ""
    api_version = ""
    # Whether the task asks for ``api_version``: then all requests to the kind's provider use it, and no other one is chosen.
    version_is_given = False
    parent_label = "resource group"
    parent_api_version = "2021-04-01"
    # Whether the parent is a resource of the same provider: an API version that a task asks for is then used for both.
    parent_is_of_provider = False
    # The query of each PUT of its document.
    write_params: t.Mapping[str, str] = {}
    fields: tuple[Field, ...] = ()
    # Options that ARM does not keep: how something is done, or another way to write a field.
    options: tuple[Option, ...] = ()
    # What to do about a resource that is in use before it can be replaced.
    release = "Let the work end"
    # How YAML of the CLI has the kind; None where the CLI cannot create it.
    cli: CliSchema | None = None
    # What an export has of a resource.
    exported_as: type[Exported] = Exported
    required_on_create: tuple[str, ...] = ()
    # The places of its document that the service fills in, although Azure's types let a request set them; and values that are as good as none.
    filled_by_service: tuple[str, ...] = ()
    defaults_of_service: t.ClassVar[dict[str, str]] = {}
    remove_action = DELETE
    # Options that a resource which is made of another one takes from that.
    of_target: tuple[str, ...] = ()
    # Whether the same write fixes a resource whose last write failed.
    rewrite_fixes_failed = False
    # Whether its name alone declares one, and is not merely a reference to an existing one.
    name_is_enough = False
    # With which statuses the service answers the deletion of what does not exist, and never one that deletes something.
    absent_statuses: tuple[int, ...] = (404,)
    # Whether Microsoft.Resources/tags can change its tags, so that no write of the resource needs to carry them: "never", "alone" (unless the
    # resource itself has to be written anyway), or "always".
    tags_api = "never"
    # Whether it can run on a compute target of its workspace, which must then be there before it, and stay as long as it does.
    uses_computes = False
    # The types of compute targets that its option compute may name, in the CLI's spelling.
    runs_on: tuple[str, ...] = ()
    # Which machines of it the workspace is billed for.
    billing = Billing()
    # Of what is not directly in a workspace, the collection of what it is in; of what others are in, their collection.
    parent_collection = ""
    child_collection = ""
    # The options of what others are in that name some of these.
    naming_children: tuple[str, ...] = ()
    # Whether the service takes If-None-Match for a resource that will be created.
    has_etags = False

    @property
    def type_name(self) -> str:
        """Of a compute target, its type in the CLI's spelling."""
        return ""

    def configured(self, options: t.Mapping[str, t.Any]) -> Kind:
        """The kind as a task's options make it behave, where they do."""
        return self

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        """Flatten what the user gave into option -> value; ``tree`` holds only what was given."""
        flat: Declared = {}
        for row in self.fields:
            value = paths.declared(tree, row.option)
            if value is not MISSING:
                flat[row.option] = value
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        """Rules that hold whatever exists: run before the first request. ``tree`` is what ``declare`` was given."""
        yield from kind_version.check(self, tree)
        for row in self.fields:
            if row.option in declared and declared[row.option] is None and not (row.clearable or row.optional):
                yield Finding(
                    "NullNotAllowed",
                    row.option,
                    f"{row.option} is declared null, but every {self.label} has a value for it; omit the option to not manage it.",
                    "this collection: null means 'has none'",
                )
            elif row.rule is not None and declared.get(row.option) is not None:
                yield from row.rule(declared[row.option], row.option)
        for other in self.options:
            value = paths.get_path(tree, other.option)
            if other.rule is not None and value is not MISSING and value is not None:
                yield from other.rule(value, other.option)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        """Rules for a resource that will be created; ``parent`` is the workspace, where it is known."""
        missing = [option for option in self.required_of(declared) if declared.get(option) is None]
        if missing:
            yield Finding(
                "RequiredForCreation",
                missing[0],
                f"The {self.label} does not exist and cannot be created without {', '.join(missing)}.",
                "this collection: no default decides what is billed",
            )

    def required_of(self, declared: Declared) -> tuple[str, ...]:
        """The options without which what was declared cannot be created."""
        return self.required_on_create

    def check_existing(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        """All rules that include the current state: those of the rows, and those of the kind."""
        for row in self.fields:
            value = paths.get_path(current, row.option)
            if (
                row.optional
                and declared.get(row.option, MISSING) is None
                and value is not None
                and value is not MISSING
            ):
                message = f"{row.option} is {value} and cannot be taken from this {self.label}. Omit the option, or name another value."
                yield Finding("CannotBeRemoved", row.option, message, "this collection: null means 'has none'")
        yield from self.check_update(declared, current)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        """Rules that include the current state, for fields of which only a part is declared."""
        return iter(())

    def check_replacement(self, body: Body) -> None:
        """Raise AmlError if the existing resource must not be replaced without an additional option."""

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        """Put into the hint of a refusal of the service what this kind needs. ``created``: of a creation, not of an update."""

    def advice_on_update(self, plan: Plan, body: Body) -> list[str]:
        """Warnings about an update that depend on the current state."""
        return []

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        """Warnings about what was declared: preview features, costs."""
        return []

    def notices(self, declared: Declared, body: Body | None) -> list[str]:
        """Warnings of every run, also of one that changes nothing: what is retired. ``body``: the resource as it is, where it exists."""
        return [notice.text for notice in self.retirement_notices(declared, body)]

    def retirement_notices(self, declared: Declared, body: Body | None) -> list[t.Any]:
        """What is retired, or will be, of what was declared and of what the resource has (``_kinds/retirements.py``)."""
        return []

    def refine_plan(self, plan: Plan, body: Body | None, state: str) -> Plan:
        """The plan with what the table of fields does not say: another declared state than present and absent, the service's spelling."""
        return plan

    def with_state(self, body: Body, plan: Plan) -> Body:
        """The document in the state that ``refine_plan`` added to the plan, for check mode."""
        return body

    def guard(self, body: Body, target: Target) -> None:
        """Raise AmlError where the name is taken by something that this kind must not touch."""

    def check_removal(self, body: Body) -> None:
        """Raise AmlError where the existing resource must not be removed."""

    def is_of_service(self, body: Body) -> bool:
        """Whether the service made it with the workspace, which needs it: no one declared it, and no one prunes it."""
        return False

    def belongs(self, body: Body, workspace_id: str) -> bool:
        """Whether it is in the workspace whose list shows it, and not in another one that shares it."""
        return True

    def name_of(self, options: t.Mapping[str, t.Any], parent_id: str) -> str:
        """The name of a declared resource, whose options have those of ``named_by``."""
        return str(options["name"])

    def key_of(self, body: Body) -> str:
        """What the name of the target would be, in lower case, of the declaration of a resource that a list shows."""
        return str(body["name"]).casefold()

    def written_later(self, declared: Declared, body: Body | None) -> tuple[str, ...]:
        """The declared options that need resources of ``child_collection``, and differ from the existing resource: a creation cannot set them."""
        rows = [row for row in self.fields if row.option in self.naming_children and row.option in declared]
        naming = [row for row in rows if self.named_children({row.option: declared[row.option]})]
        return tuple(row.option for row in naming if body is None or not row.same(row.read(body), declared[row.option]))

    def values_of(self, body: Body) -> dict[str, t.Any]:
        """The values of the options that the service shows, by their names."""
        return {row.option: row.read(body) for row in self.fields}

    def named_children(self, values: t.Mapping[str, t.Any]) -> set[str]:
        """The resources of ``child_collection`` that values of the options ``naming_children`` need, by name."""
        return set()

    def found(self, target: Target, body: Body) -> Target:
        """Where a declared resource is that was found in a list."""
        return target

    def tags_of(self, body: Body) -> dict[str, t.Any]:
        """Its tags, for who asks whose it is."""
        return body.get("tags") or {}

    def takes_tags(self, body: Body | None, declared: Declared) -> bool:
        """Whether a tag can be put on the resource, together with what was declared; ``body`` is None where it will be created."""
        row = next((row for row in self.fields if row.option == "tags"), None)
        return row is not None and (body is None or row.mutability != CREATE_ONLY)

    def marked(self, declared: Declared, body: Body | None, name: str, value: str) -> Declared:
        """What was declared, with a tag that says whose the resource is; ``body`` is None where it will be created."""
        return {**declared, "tags": {**(declared.get("tags") or {}), name: value}}

    # --- documents ---

    def read(self, body: Body) -> dict[str, t.Any]:
        """The resource in the options' names, for the comparison."""
        current: dict[str, t.Any] = {}
        for row in self.fields:
            paths.set_path(current, row.option, row.read(body))
        return current

    def with_values(self, body: Body, values: Declared) -> Body:
        """A copy of an ARM document in which the given options have the given values."""
        changed = copy.deepcopy(body)
        for row in self.fields:
            if row.option in values and row.mutability != READ_ONLY:
                paths.set_path(changed, row.path, row.write(values[row.option]))
        return changed

    def differing(self, sent: Body, after: Body, declared: Declared) -> list[str]:
        """The undeclared values of a document that was sent as a whole which the resource does not show after the write."""
        rows = [
            row
            for row in self.fields
            if row.option not in declared and row.mutability not in (READ_ONLY, WRITE_ONLY) and row.option != "tags"
        ]
        options = [
            row.option for row in rows if row.read(sent) is not None and not row.same(row.read(sent), row.read(after))
        ]
        tags = [row for row in self.fields if row.option == "tags"]
        return [*options, *(name for row in tags for name in _differing_tags(row, sent, after, declared))]

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        """The document of a new resource, before the declared values are put in."""
        return {}

    def create_body(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        return self._with_all(self.skeleton(target, declared, parent), declared)

    def writable(self, body: Body) -> Body:
        """The document that was read, without what only the service may write."""
        return copy.deepcopy(body)

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        """The document for a replacement: what was there, with what was declared, so that nothing undeclared is lost."""
        return self._with_all(self.writable(body), {**declared, **plan.values()})

    def _with_all(self, body: Body, values: Declared) -> Body:
        """The document of a new resource: a declared null is omitted, because there is no value to remove."""
        cleared = copy.deepcopy(body)
        for row in self.fields:
            if row.option in values and values[row.option] is None:
                paths.remove_path(cleared, row.path)
        # Only then: with_values completes the document, or omits what cannot be without what is gone.
        return self.with_values(cleared, {option: value for option, value in values.items() if value is not None})

    def completed(self, body: Body, plan: Plan, wanted: Declared) -> Declared:
        """What a replacement will have: what was declared, and of what it replaces what was not."""
        return {**self.kept(body), **wanted}

    def kept(self, body: Body) -> Declared:
        """What a replacement takes over from what it replaces, in the options' names."""
        values = {row.option: row.read(body) for row in self.fields}
        return {option: value for option, value in values.items() if value is not None}

    def planned(self, body: Body, complete: Declared) -> Body:
        """The document that a write is to lead to, from the document that is sent; ``complete`` is all that the resource will have."""
        return body

    def set_after_creation(self, plan: Plan, declared: Declared, complete: Declared) -> Declared:
        """What a creation cannot set, or may set otherwise, and an update sets once the resource is there."""
        return {}

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        """The writes that make a plan's changes in place."""
        changed = self.with_values(self.writable(body), plan.values())
        return [Request("PUT", changed, params=dict(self.write_params), carries=True)]

    def removal(self, options: t.Mapping[str, t.Any]) -> Request:
        return Request("DELETE", None)

    # --- state ---

    def status(self, body: Body, *, settling: bool = False) -> Status:
        """What it is doing. ``settling``: after a write, also wait for what follows the provisioning."""
        return provisioning_status(body)

    def settles_after(self, plan: Plan) -> bool:
        """Whether what follows the provisioning is waited for after an update, too."""
        return False

    def broken(self, body: Body) -> str | None:
        """Why the existing resource can only be replaced, or None."""
        return None

    def in_use(self, body: Body) -> str | None:
        """Why replacing or removing it would interrupt someone, or None."""
        return None

    def needs_stop(self, plan: Plan) -> bool:
        """Whether the resource must be stopped for the plan, if it is in use."""
        return False

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        """Options that a replacement cannot keep and that were not declared (secrets that are never read back)."""
        return []

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        """The documented result keys."""
        return {"id": body.get("id"), "name": body.get("name"), **self.read(body)}

    # --- in reports, of what results have of it: nothing where it does not exist ---

    def report_name(self, row: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any]) -> str:
        """Its name, with that of what it is in. ``row`` is its row in a plan or a list."""
        return f"{ArmId(row['id']).parent.name}/{row['name']}" if self.parent_collection else str(row["name"])

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        """What it is or uses, in a few words; None for what is shown by its network."""
        return self.label

    def machines(self, result: t.Mapping[str, t.Any]) -> tuple[int | None, int | None]:
        """The running and the maximum number of its machines; None for what has none."""
        return None, None

    def listed(self, body: Body) -> dict[str, t.Any]:
        """What results with whole workspaces have of it: with what of it is retired, if anything is."""
        notices = [notice.to_dict() for notice in self.retirement_notices({}, body)]
        return {**self.project(body), **({"retirements": notices} if notices else {})}


def _differing_tags(row: Field, sent: Body, after: Body, declared: Declared) -> list[str]:
    before, now, own = row.read(sent) or {}, row.read(after) or {}, declared.get("tags") or {}
    return [f"tags.{name}" for name, value in before.items() if name not in own and now.get(name) != value]


def provisioning_status(body: Body) -> Status:
    """By ``properties.provisioningState`` (docs/facts.md a.5); what has none is ready."""
    properties = body.get("properties") or {}
    state = properties.get("provisioningState") or "Succeeded"
    folded = state.casefold()
    if folded in ("failed", "canceled", "cancelled"):
        return Status(FAILED, state)
    return Status(READY if folded == "succeeded" else BUSY, state)


def service_errors(errors: t.Any) -> list[dict[str, t.Any]]:
    """``provisioningErrors`` and ``errors`` of a resource, flat: [{code, message, details}].

    The items come bare, in an ``error`` envelope, or with both (docs/facts.md b.1 E4).
    """
    flat = []
    for item in errors or []:
        if not isinstance(item, dict):
            flat.append({"code": None, "message": str(item), "details": None})
            continue
        error = item.get("error")
        inner = error if isinstance(error, dict) else item
        flat.append({key: inner.get(key) or item.get(key) for key in ("code", "message", "details")})
    return flat


def fixed(option: str, path: str, why: str, **more: t.Any) -> Field:
    """A field that cannot change after creation."""
    return Field(option, path, CREATE_ONLY, why_fixed=why, **more)


def frozen(row: Field, why: str) -> Field:
    """The same field of a kind where it cannot change after creation."""
    return replace(row, mutability=CREATE_ONLY, why_fixed=why)
