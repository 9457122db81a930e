# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document that replaces what is retired in a workspace, from what was read of it. Pure: the fleet plans and does the rest."""

from __future__ import annotations

import math
import re
import typing as t
from dataclasses import dataclass, field

from .._core import canon
from .._engine.exported import FILL_IN
from .._kinds import retirements
from .._kinds.compute import BESIDE, RECREATE, RESIZE
from .._kinds.instance_power import STOPPED
from .._kinds.registry import compute_kind
from .._kinds.retirements import SIZE, TIER
from .._kinds.sizes import vcpus
from .cost import hourly

Json = dict[str, t.Any]
Sizes = t.Sequence[t.Mapping[str, t.Any]]

# By the letters of a size, those of the sizes that can take its place. Burstable, confidential and Arm machines replace only their like, and nothing
# else has the FPGA of an NP size.
_KIN = (
    (r"NC", r"NC"),
    (r"ND", r"ND|NC"),
    (r"NV", r"NV"),
    (r"NP", r"NP"),
    (r"H", r"H[BCX]?"),
    (r"L", r"L"),
    (r"M", r"M"),
    (r"[DE]C", r"[DE]C"),
    (r"B", r"B|D"),
    (r"G", r"E|M"),
    (r"", r"D|E|F"),
)
_LETTERS = re.compile(r"Standard_([A-Za-z]+?)S?\d", re.IGNORECASE)
_ARM = re.compile(r"Standard_[A-Za-z]+\d+(-\d+)?[a-z]*p[a-z]*(_|\Z)", re.IGNORECASE)


@dataclass(frozen=True)
class Choices:
    """What the user decides.

    sizes      new sizes by old ones, these in lower case
    tier       what replaces low priority; ``low_priority`` keeps it
    force      whether running work may be interrupted
    extension  options of the extension on the clusters that replace inference clusters, such as ``ssl``
    """

    sizes: t.Mapping[str, str] = field(default_factory=dict)
    tier: str = "dedicated"
    force: bool = False
    extension: t.Mapping[str, t.Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What was read of a workspace.

    computes  all targets, as ``aml_compute_info`` returns them
    declared  declarations of the clusters and instances among those that use what is retired, as ``aml_export_info`` returns them
    missing   what these lack, as ``aml_export_info`` returns it
    sizes     the sizes of each region by its name without spaces, as ``aml_vm_size_info`` returns them
    earlier   the declarations that an earlier run was to create: those that exist no longer are declared again
    serving   deployments of online endpoints, as ``aml_fleet_info`` returns them
    """

    computes: t.Sequence[Json]
    declared: t.Sequence[Json] = ()
    missing: t.Sequence[Json] = ()
    sizes: t.Mapping[str, Sizes] = field(default_factory=dict)
    earlier: t.Sequence[Json] = ()
    serving: t.Sequence[Json] = ()


def document(reading: Reading, choices: Choices) -> Json:
    """The compute targets to declare, and why others cannot be replaced."""
    retired, serving = _retired(reading.computes), _retired(reading.serving)
    attached = list(filter(None, (_attached_beside(compute, reading) for compute in retired)))
    done = {row["name"] for row in attached}
    remaining = [compute for compute in retired if compute["name"] not in done]
    successors = {compute["name"]: _replacement(compute, reading, choices) for compute in remaining}
    new, kubernetes = _declared(successors), [row for row in successors.values() if isinstance(row, Beside)]
    lost = _lost(reading)
    return {
        "retired": [*map(_uses, retired), *map(_uses, serving)],
        "computes": [*new, *lost],
        "blocked": _reasons(successors),
        "lost": [row["name"] for row in lost],
        "kubernetes": [dict(row) for row in kubernetes],
        "attached": attached,
        "notes": _notes(new, kubernetes, serving),
    }


class Beside(dict[str, t.Any]):
    """The variables of the role aml_kubernetes for a cluster next to an inference cluster."""


def _declared(successors: t.Mapping[str, Json | str]) -> list[Json]:
    return [row for row in successors.values() if not isinstance(row, (str, Beside))]


def _reasons(successors: t.Mapping[str, Json | str]) -> list[Json]:
    return [{"name": name, "reason": reason} for name, reason in successors.items() if isinstance(reason, str)]


def _way(compute: Json) -> str:
    """How it gets a successor, as its kind says."""
    return compute_kind(compute["type"]).successor.way


def _replacement(compute: Json, reading: Reading, choices: Choices) -> Json | str:
    """The declaration that replaces a target, the cluster next to an inference cluster, or why there is none."""
    if _way(compute) == BESIDE:
        return _cluster_beside(compute, choices)
    return _blocked(compute, reading, choices) or _successor(compute, reading, choices)


def _lost(reading: Reading) -> list[Json]:
    """The declarations of an earlier run of what exists no longer."""
    existing = {str(compute["name"]).casefold() for compute in reading.computes}
    return [row for row in reading.earlier if str(row["name"]).casefold() not in existing]


def _uses(compute: Json) -> str:
    """What is retired of a target, in a line."""
    uses = (f"{row['option']} {row['value']} {row['status']} {row['date']}" for row in compute["retirements"])
    endpoint = compute.get("endpoint_name")
    name = compute["name"]
    subject = f"{endpoint}/{name} (online_deployment)" if endpoint else f"{name} ({compute['type']})"
    return f"{subject}: {', '.join(uses)}"


def _has_new_identity(declared: Json) -> bool:
    identity = (declared.get("identity") or {}).get("type") or ""
    return _way(declared) == RECREATE and "system" in identity


def _note(declared: Json) -> str:
    return f"{declared['name']}: the system-assigned identity of the new cluster is another one. Repeat its role assignments."


def _next_steps(row: Json) -> str:
    return (
        f"{row['name']}: deploy its models to online endpoints with compute {row['compute']} (aml_online_endpoint, deploy_model), switch the clients, and "
        "detach it with aml_inference_cluster (state absent). Services of SDK v1 on it, and those on Azure Container Instances, are in no list of the "
        "service that this collection reads: `az ml service list` of CLI v1 shows them. Their models stay registered in the workspace."
    )


def _retired(rows: t.Iterable[Json]) -> list[Json]:
    """Those that use what is retired."""
    return [row for row in rows if row.get("retirements")]


def _notes(new: t.Sequence[Json], kubernetes: t.Sequence[Json], serving: t.Sequence[Json]) -> list[str]:
    """What to do after the replacements, and by hand."""
    deployments = (text for deployment in serving for text in _next_deployments(deployment))
    return [*map(_note, filter(_has_new_identity, new)), *map(_next_steps, kubernetes), *deployments]


def _next_deployments(deployment: Json) -> t.Iterator[str]:
    """What replaces a deployment of a retired size: another one next to it, to which the traffic moves. Nothing here does it unasked."""
    for row in deployment["retirements"]:
        if row["option"] == "instance_type":
            yield (
                f"{deployment['endpoint_name']}/{deployment['name']}: use deploy_model to create a deployment with another instance_type ({row['successor']}) "
                "next to it and to move the traffic there, then delete the old one with aml_online_deployment and state absent."
            )


def _beside(compute: Json) -> str:
    """The name of the AKS cluster, and of its attachment, that takes the place of an inference cluster."""
    return f"{compute['name'][:20].rstrip('-')}-k8s"


def _attached_beside(compute: Json, reading: Reading) -> Json | None:
    name = _beside(compute)
    if _way(compute) != BESIDE or not any(
        str(other["name"]).casefold() == name.casefold() for other in reading.computes
    ):
        return None
    steps = "Deploy the models to online endpoints there, switch the clients, and detach this one with aml_inference_cluster (state absent)."
    return {"name": compute["name"], "reason": f"Its successor {name} is attached. {steps}"}


def _extension(compute: Json, choices: Choices) -> Json:
    """The options of the extension that do as the inference cluster did, and those of the user."""
    declared: Json = {"enable_inference": True, "inference_router_service_type": "load_balancer"}
    if compute.get("load_balancer_type") == "internal_load_balancer":
        declared["internal_load_balancer_provider"] = "azure"
    # The router needs three nodes for high availability.
    if compute["agent_count"] < 3:
        declared["inference_router_ha"] = False
    if "ssl" not in choices.extension:
        declared["allow_insecure_connections"] = True
    return {**declared, **choices.extension}


def _cluster_beside(compute: Json, choices: Choices) -> Json | str:
    """The variables of the role aml_kubernetes for an AKS cluster that takes the place of an inference cluster, or why there are none.

    It is another cluster: the extension refuses one on which the scoring front end of an inference cluster runs (E45004, E45005 of its health check).
    """
    name = _beside(compute)
    size, count = compute.get("size"), compute.get("agent_count")
    if not size or not count:
        return f"Its size and number of nodes are not known. {compute_kind(compute['type']).successor.steps}"
    tls = (compute.get("ssl") or {}).get("status") not in (None, "disabled")
    if tls and "ssl" not in choices.extension:
        return (
            "It has TLS, and the service does not return its certificate. "
            "Set aml_modernise_extension, such as {ssl: {cname: scoring.example.org, secret_name: scoring-tls}}."
        )
    subnet = (compute.get("network_settings") or {}).get("subnet")
    pool = {"name": "system", "size": size, "count": count, **({"subnet": subnet} if subnet else {})}
    return Beside(
        {
            "name": compute["name"],
            "compute": name,
            "location": compute["location"],
            "node_pools": [pool],
            "extension": _extension(compute, choices),
            "summary": f"{compute['name']}: AKS cluster {name} with {count} x {size} next to it, with the Azure Machine Learning extension, "
            f"attached as {name}. Both cost the same until you delete one.",
        }
    )


def _blocked(compute: Json, reading: Reading, choices: Choices) -> str | None:
    """Why a target cannot be replaced, whatever its successor is."""
    if _way(compute) not in (RECREATE, RESIZE):
        return compute_kind(compute["type"]).successor.steps
    secrets = [row["option"] for row in reading.missing if row["name"] == compute["name"] and row["kind"] == FILL_IN]
    if _way(compute) == RECREATE and secrets:
        return f"The service does not return {', '.join(secrets)}. Replace it with aml_compute_cluster, which needs this value."
    return None if choices.force else _use(compute)


def _use(compute: Json) -> str | None:
    """What a change would interrupt."""
    if _way(compute) == RESIZE:
        state = compute.get("state")
        running = (
            f"It is {state}. Stop it first, or set aml_modernise_force to have it stopped, resized and started again."
        )
        return None if state in STOPPED else running
    nodes = compute.get("current_node_count") or compute.get("target_node_count")
    busy = f"{nodes} node(s) are allocated. Let the jobs end and scale it to zero, or set aml_modernise_force to interrupt them."
    return busy if nodes else None


def _successor(compute: Json, reading: Reading, choices: Choices) -> Json | str:
    """The declaration that replaces a target, or why there is none."""
    declared = next((row for row in reading.declared if row["name"] == compute["name"]), None)
    if declared is None:
        return "It cannot be read completely."
    changes: Json = {}
    options = {row["option"]: str(row["value"]) for row in compute["retirements"]}
    if TIER in options and choices.tier != options[TIER]:
        changes[TIER] = choices.tier
    if SIZE in options:
        size = choices.sizes.get(options[SIZE].casefold()) or new_size(
            options[SIZE], compute["type"], _offered(compute, changes, reading)
        )
        if size is None:
            return (
                f"No size in {compute['location']} without a retirement has as many vCPUs and GPUs and as much memory as {options[SIZE]}. "
                "Name a size in aml_modernise_sizes."
            )
        changes[SIZE] = size
    if not changes:
        return "aml_modernise_tier keeps low_priority."
    # An instance is resized, and keeps what it has; a cluster that was deleted must be known completely to be created again.
    kept = declared if _way(compute) == RECREATE else {"type": compute["type"], "name": declared["name"]}
    return {**kept, **changes}


def _offered(compute: Json, changes: Json, reading: Reading) -> Sizes:
    """The sizes of the target's region, of its new tier."""
    sizes = reading.sizes.get(str(canon.region(compute["location"])), ())
    if (changes.get(TIER) or compute.get(TIER)) != "low_priority":
        return sizes
    return [size for size in sizes if size["low_priority_capable"] is not False]


def new_size(old: str, compute_type: str, offered: Sizes) -> str | None:
    """The cheapest size of a region that can take the place of another one, and that no retirement is announced for.

    It has at least as many vCPUs and as much memory, and as many GPUs. A retired size may be offered no longer: then its name has to do.
    """
    known = next((size for size in offered if str(size["name"]).casefold() == old.casefold()), {})
    need = _Need.of(old, known)
    candidates = [
        size for size in offered if need and need.is_met(size) and compute_type in size["supported_compute_types"]
    ]
    return min(candidates, key=_rank)["name"] if candidates else None


@dataclass(frozen=True)
class _Need:
    """What a size must have to take the place of another one. ``kin``: the letters of its name, as a pattern."""

    cores: int
    memory_gb: float
    gpus: int
    premium: bool
    kin: str

    @classmethod
    def of(cls, old: str, known: t.Mapping[str, t.Any]) -> _Need | None:
        """None if it is not known how many vCPUs the old size has. ``known`` is empty where the region does not offer it."""
        cores = known.get("vcpus") or vcpus(re.sub(r"_Promo\Z", "", old, flags=re.IGNORECASE))
        if not cores:
            return None
        row = retirements.of(SIZE, old)
        by_name = math.ceil(cores / row.gpu_vcpus) if row and row.gpu_vcpus else 0
        kin = next(kin for letters, kin in _KIN if re.match(letters, _letters(old)))
        gpus = known.get("gpus") or by_name
        return cls(cores, known.get("memory_gb") or 0, gpus, bool(known.get("premium_io")), kin)

    def is_met(self, size: t.Mapping[str, t.Any]) -> bool:
        name, has = size["name"], {key: size[key] or 0 for key in ("vcpus", "memory_gb", "gpus", "premium_io")}
        return (
            has["vcpus"] >= self.cores
            and has["memory_gb"] >= self.memory_gb
            and has["gpus"] == self.gpus
            and has["premium_io"] >= self.premium
            and bool(re.fullmatch(self.kin, _letters(name)))
            and not _ARM.match(name)
            and retirements.of(SIZE, name) is None
        )


def _letters(size: str) -> str:
    """The letters of a size's series, such as NC; the S of first-generation names does not count."""
    match = _LETTERS.match(size)
    return match[1].upper() if match else ""


def _rank(size: t.Mapping[str, t.Any]) -> tuple[float, bool, int, float, str]:
    """The cheapest first; of the same price, the one with premium disks."""
    price = hourly(size, "dedicated")
    return price[0] if price else math.inf, not size["premium_io"], size["vcpus"], size["memory_gb"] or 0, size["name"]
