# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Online endpoints: an address at which models answer, and how its requests are shared among the deployments behind it.

Sources: docs/facts.md o (recordings); ARM types of 2026-05-01, OnlineEndpointProperties. Options are named as in the CLI's schemas (azure-ai-ml,
``_schema/_endpoint/online``).
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import canon, shape
from .._core.arm_id import ArmId, Target, collection_id
from .._core.errors import ChangedMeanwhile
from .._core.findings import Finding, Findings
from .._core.paths import get_path
from .._engine import rules, versions
from .._engine.exported import Exported
from .._engine.fields import Field, Option, choice
from .._engine.kind import Body, Kind, fixed
from .._engine.plan import Declared, Plan
from . import compute, rows, serving_yaml

_SOURCE = "ARM types of 2026-05-01, OnlineEndpointProperties"
_TRAFFIC_SOURCE = "how-to-safely-rollout-online-endpoints"
_P = "properties."
NAME = r"[a-zA-Z](?:[a-zA-Z0-9-]{1,30}[a-zA-Z0-9])"
CHANNELS = {"traffic": "traffic", "mirror_traffic": "mirrored traffic"}


def check_name(name: str, option: str, label: str) -> Findings:
    """The name of an endpoint or of a deployment; ``label`` is that of its kind."""
    if not re.fullmatch(NAME, name):
        article = "an" if label.startswith("online") else "a"
        rule = "3 to 32 letters, digits and dashes, starting with a letter and not ending with a dash"
        message = f"{option} {name!r} is not a valid name of {article} {label}: {rule}."
        yield Finding("InvalidEndpointName", option, message, "docs/facts.md o.2")


def compute_id(value: t.Any, workspace: str) -> t.Any:
    """The id of a compute target of the workspace: by its name, ``azureml:NAME`` as in the CLI, or its id."""
    if not isinstance(value, str):
        return value
    plain = value.removeprefix("azureml:")
    return canon.full_id(plain) if plain.startswith("/") else f"{collection_id(workspace, 'computes')}/{plain}"


def check_compute(value: t.Any, option: str) -> Findings:
    yield from rules.resource_id(value, option, "Microsoft.MachineLearningServices/workspaces/computes")


def _percent(value: t.Any) -> int | None:
    """A whole number of 0 to 100, also as text; None for anything else."""
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    return int(text) if re.fullmatch(r"\d{1,3}", text) and not isinstance(value, bool) and int(text) <= 100 else None


def _shares(value: t.Any, option: str) -> Findings:
    twice = rules.differing_in_case(value)
    if twice:
        message = f"{option} names one deployment more than once, because names have no case: {twice}."
        yield Finding("InvalidTraffic", option, message, _SOURCE)
    for name, share in value.items():
        if _percent(share) is None:
            message = f"{option}.{name} must be a whole number from 0 to 100; {share!r} is not."
            yield Finding("InvalidTraffic", option, message, _TRAFFIC_SOURCE)
        elif not re.fullmatch(NAME, str(name)):
            yield Finding(
                "InvalidTraffic", option, f"{option} has {name!r}, which is not a name of a deployment.", _SOURCE
            )


def _sum(value: t.Any) -> int:
    return sum(_percent(share) or 0 for share in (value or {}).values())


def _traffic(value: t.Any, option: str) -> Findings:
    wrong = list(_shares(value, option))
    yield from wrong
    if not wrong and _sum(value) not in (0, 100):
        message = f"{option} sums to {_sum(value)}; it must sum to 100, or to 0 for an endpoint without traffic."
        yield Finding("InvalidTraffic", option, message, _TRAFFIC_SOURCE)


def _mirror(value: t.Any, option: str) -> Findings:
    wrong = list(_shares(value, option))
    yield from wrong
    mirrored = [name for name, share in value.items() if share]
    if not wrong and (_sum(value) > 50 or len(mirrored) > 1):
        message = f"{option} must be at most 50, for one deployment; {value!r} is not."
        yield Finding("InvalidTraffic", option, message, _TRAFFIC_SOURCE)


def shares_of(value: t.Any) -> dict[str, t.Any]:
    """The deployments that get some of the traffic. What the service shows and is not a percentage, such as 12.5, counts too."""
    if not isinstance(value, dict):
        return {}
    shares = {str(name): content if _percent(content) is None else _percent(content) for name, content in value.items()}
    return {name: share for name, share in shares.items() if share}


def receivers(values: t.Mapping[str, t.Any]) -> set[str]:
    """The deployments to which declared values send traffic, or mirrored traffic."""
    return {name for option in CHANNELS for name in shares_of(values.get(option))}


def _same_shares(value: t.Any) -> t.Any:
    return {name.casefold(): share for name, share in shares_of(value).items()}


def _whole_numbers(value: t.Any) -> t.Any:
    return {str(name): _percent(share) for name, share in value.items()}


# --- properties ---

# The service writes these itself, such as the address of the last operation (docs/facts.md o.2).
_OF_SERVICE = "azure"


def _own_properties(value: t.Any) -> dict[str, t.Any]:
    return {name: content for name, content in value.items() if not name.casefold().startswith(_OF_SERVICE)}


def _properties(value: t.Any, option: str) -> Findings:
    for name, content in value.items():
        if str(name).casefold().startswith(_OF_SERVICE):
            message = f"{option}.{name} cannot be declared: the service itself writes the properties whose names begin with {_OF_SERVICE}."
            yield Finding("InvalidProperty", option, message, "docs/facts.md o.2")
        elif content is None or isinstance(content, (dict, list)):
            message = f"The value of {option}.{name} must be text; properties of an endpoint cannot be removed."
            yield Finding("InvalidProperty", option, message, _SOURCE)


class PropertiesField(Field):
    """Properties of which only the declared ones are managed: the service takes further ones, and neither changes nor removes one."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        return {**(before or {}), **{str(name): str(value) for name, value in (declared or {}).items()}}


_SHARES: dict[str, t.Any] = {
    "spec": {"type": "dict"},
    "canon": _same_shares,
    "to_arm": _whole_numbers,
    "clearable": True,
    "cleared": {},
    "shape": shape.mapping(values=shape.NUMBER),
}
FIELDS = (
    fixed(
        "compute",
        _P + "compute",
        "an endpoint stays on the compute that it was created on",
        clearable=True,
        spec={"type": "str"},
        rule=check_compute,
        canon=canon.arm_id,
        examples=(
            "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg/providers/"
            "Microsoft.MachineLearningServices/workspaces/ws/computes/k8s",
        ),
        wrong=("/subscriptions/x/computes/k8s", "a b"),
    ),
    Field(
        "auth_mode",
        _P + "authMode",
        spec={"type": "str", "choices": ["key", "aml_token", "aad_token"]},
        canon=canon.caseless,
        **choice(key="Key", aml_token="AMLToken", aad_token="AADToken"),
    ),
    fixed(
        "location",
        "location",
        "an endpoint stays in the region that it was created in",
        spec={"type": "str"},
        canon=canon.region,
    ),
    fixed(
        "identity",
        "identity",
        "the identity of an endpoint is set at its creation",
        spec=compute.identity_spec("system_assigned", "user_assigned"),
        rule=compute.one_identity,
        canon=canon.identity,
        to_arm=compute.identity_to_arm,
        from_arm=compute.identity_from_arm,
    ),
    rows.DESCRIPTION,
    rows.TAGS,
    PropertiesField(
        "properties",
        _P + "properties",
        spec={"type": "dict"},
        rule=_properties,
        canon=canon.mapping,
        from_arm=_own_properties,
        examples=({"stage": "test"},),
        wrong=({"azureml.owner": "me"}, {"stage": {"name": "test"}}, {"stage": None}),
    ),
    Field(
        "public_network_access",
        _P + "publicNetworkAccess",
        spec={"type": "str", "choices": ["enabled", "disabled"]},
        canon=canon.caseless,
        **choice(enabled="Enabled", disabled="Disabled"),
    ),
    Field(
        "traffic",
        _P + "traffic",
        rule=_traffic,
        examples=({"blue": 100}, {"blue": 90, "green": 10}, {}),
        wrong=(
            {"blue": 90},
            {"blue": 101},
            {"blue": "most"},
            {"b": 100},
            {"blue": 60, "green": 60},
            {"blue": 50, "Blue": 50},
        ),
        **_SHARES,
    ),
    Field(
        "mirror_traffic",
        _P + "mirrorTraffic",
        rule=_mirror,
        examples=({"green": 10},),
        wrong=({"green": 51}, {"blue": 10, "green": 10}, {"green": -1}),
        **_SHARES,
    ),
)
OPTIONS = (
    Option(
        "expected_traffic",
        spec={"type": "dict"},
        rule=_traffic,
        cli_name=None,
        examples=({"blue": 100}, {}),
        wrong=({"blue": 90}, {"blue": "most"}),
    ),
)


class ExportedEndpoint(Exported):
    @property
    def declarable(self) -> Body:
        return without_service_properties(self.body)


class ServingEndpoint(Kind):
    """What online and batch endpoints share. A PUT replaces one as a whole."""

    api_version = versions.STABLE
    parent_label = "workspace"
    parent_api_version = versions.STABLE
    parent_is_of_provider = True
    rewrite_fixes_failed = name_is_enough = True
    # Recorded of online endpoints: docs/facts.md o.1.
    absent_statuses = (204, 404)
    uses_computes = True
    exported_as = ExportedEndpoint

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from check_name(target.name, "name", self.label)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        """The properties of an endpoint that exists stay as they are."""
        held = current["properties"] or {}
        for name, value in (declared.get("properties") or {}).items():
            if name in held and str(value) != str(held[name]):
                message = (
                    f"properties.{name} cannot become {str(value)!r}, because it is {held[name]!r}: "
                    "properties of an endpoint can be added, and neither changed nor removed."
                )
                yield Finding("PropertyIsFinal", "properties", message, _SOURCE)

    def writable(self, body: Body) -> Body:
        return writable(body, ("provisioningState", "scoringUri", "swaggerUri", "keys"))

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        """Without what names deployments, which go with the old endpoint, and what the service keeps about it."""
        new = super().recreate_body(body, plan, declared, target, parent)
        for row in self.fields:
            if row.option in self.naming_children:
                new["properties"].pop(row.path.split(".")[1], None)
        return without_service_properties(new)

    def kept(self, body: Body) -> Declared:
        return {option: value for option, value in super().kept(body).items() if option not in self.naming_children}

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        properties = body.get("properties") or {}
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            **values,
            "tags": values["tags"] or {},
            "properties": values["properties"] or {},
            "scoring_uri": properties.get("scoringUri"),
            "openapi_uri": properties.get("swaggerUri"),
            "provisioning_state": properties.get("provisioningState"),
        }


class OnlineEndpoint(ServingEndpoint):
    """An online endpoint of a workspace. Its traffic is often set by others, and stays where it is not declared."""

    label = "online endpoint"
    module = "aml_online_endpoint"
    cli = serving_yaml.ONLINE_ENDPOINT
    collection = "online_endpoints"
    runs_on = ("kubernetes",)
    child_collection = "online_deployments"
    naming_children = tuple(CHANNELS)
    release = "Move the traffic away (traffic={})"
    fields = FIELDS
    options = OPTIONS
    # The shares that the endpoint must have before it is changed; None for any.
    expected_traffic: t.Mapping[str, int] | None = None

    def configured(self, options: t.Mapping[str, t.Any]) -> OnlineEndpoint:
        if options.get("expected_traffic") is None:
            return self
        kind = copy.copy(self)
        kind.expected_traffic = shares_of(options["expected_traffic"])
        return kind

    # --- what was declared ---

    def declare(self, tree: dict[str, t.Any], target: Target) -> Declared:
        flat = super().declare(tree, target)
        if flat.get("compute"):
            flat["compute"] = compute_id(flat["compute"], target.parent_id)
        if flat.get("identity"):
            flat["identity"] = compute.plain_identity(flat["identity"])
        return flat

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        if tree.get("expected_traffic", {}) is None:
            # A variable without a value must not overwrite what another writer has set.
            message = (
                "expected_traffic must not be null: omit it to set the traffic whatever it is, or use {} for none."
            )
            yield Finding("NullNotAllowed", "expected_traffic", message, "this collection")
        mirrored = shares_of(declared.get("mirror_traffic"))
        if mirrored and declared.get("compute"):
            message = "mirror_traffic is not supported by endpoints on Kubernetes: remove it, or remove compute."
            yield Finding("InvalidTraffic", "mirror_traffic", message, _TRAFFIC_SOURCE)
        yield from _check_channels(shares_of(declared.get("traffic")), mirrored)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        self._require_expected({})
        for option in CHANNELS:
            names = ", ".join(shares_of(declared.get(option)))
            if names:
                message = f"{option}: the endpoint does not exist, so it has no deployment {names}. Create it without {option}, then its deployments."
                yield Finding("DeploymentMissing", option, message, _SOURCE)

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        yield from super().check_update(declared, current)
        self._require_expected(shares_of(current["traffic"]))
        both = {
            option: declared.get(option, current[option])
            for option in CHANNELS
            if option in declared or current[option]
        }
        if not all(option in declared for option in CHANNELS):
            yield from _check_channels(shares_of(both.get("traffic")), shares_of(both.get("mirror_traffic")))
        if shares_of(declared.get("mirror_traffic")) and current["compute"]:
            message = "mirror_traffic is not supported by endpoints on Kubernetes, on which this one is."
            yield Finding("InvalidTraffic", "mirror_traffic", message, _TRAFFIC_SOURCE)

    def check_replacement(self, body: Body) -> None:
        self._require_expected(shares_of(self.read(body)["traffic"]))

    def _require_expected(self, traffic: dict[str, int]) -> None:
        """Also of the document that was read again directly before the write."""
        expected = self.expected_traffic
        if expected is not None and _same_shares(expected) != _same_shares(traffic):
            raise ChangedMeanwhile(
                f"The online endpoint was not changed, because another writer has moved its traffic: "
                f"expected_traffic is {_shown(expected)}, and the endpoint has {_shown(traffic)}.",
                details={"expected_traffic": dict(expected), "traffic": traffic},
                hint="Nothing of the other change was overwritten. Find out who moved the traffic, and declare it from what the endpoint has now.",
            )

    # --- documents ---

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        """What the CLI sends where nothing is declared: keys, and an identity of the endpoint's own."""
        return {
            "location": (parent or {}).get("location"),
            "identity": {"type": "SystemAssigned"},
            "properties": {"authMode": "Key"},
        }

    def recreate_body(self, body: Body, plan: Plan, declared: Declared, target: Target, parent: Body | None) -> Body:
        new = super().recreate_body(body, plan, declared, target, parent)
        new.pop("kind", None)
        return new

    def named_children(self, values: t.Mapping[str, t.Any]) -> set[str]:
        return receivers(values)

    # --- state ---

    def in_use(self, body: Body) -> str | None:
        shares = shares_of(get_path(body, "properties.traffic"))
        return f"its deployments get traffic: {_shown(shares)}" if shares else None

    # --- what the user sees ---

    def project(self, body: Body) -> dict[str, t.Any]:
        common = super().project(body)
        return {
            **common,
            "type": "kubernetes" if common["compute"] else "managed",
            "identity": compute.projected_identity(body),
            **{option: common[option] or {} for option in CHANNELS},
        }

    def summary(self, result: t.Mapping[str, t.Any]) -> str | None:
        return f"on {ArmId(result['compute']).name}" if result.get("compute") else "managed endpoint"


def writable(body: Body, read_only: t.Collection[str]) -> Body:
    """The document of an endpoint or of a deployment without the properties that only the service may write."""
    outer = {
        name: copy.deepcopy(body[name]) for name in ("location", "tags", "kind", "sku") if body.get(name) is not None
    }
    if body.get("identity"):
        outer["identity"] = compute.writable_identity(body["identity"])
    properties = body.get("properties") or {}
    kept = {name: value for name, value in properties.items() if name not in read_only and value is not None}
    return {**outer, "properties": copy.deepcopy(kept)}


def without_service_properties(body: Body) -> Body:
    """The document of an endpoint or of a deployment without the properties that the service writes (docs/facts.md o.2)."""
    own = copy.deepcopy(body)
    own["properties"]["properties"] = _own_properties(own["properties"].get("properties") or {})
    return own


def _shown(shares: t.Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in shares.items()) or "none"


def _check_channels(traffic: dict[str, int], mirrored: dict[str, int]) -> Findings:
    both = sorted({name.casefold() for name in traffic} & {name.casefold() for name in mirrored})
    if both:
        message = f"The deployment {both[0]!r} cannot have traffic and mirrored traffic at once."
        yield Finding("InvalidTraffic", "mirror_traffic", message, _TRAFFIC_SOURCE)


shape.learn_child(OnlineEndpoint.collection, FIELDS, required=("authMode",))
ONLINE_ENDPOINT = OnlineEndpoint()
