# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure Machine Learning extension of a Kubernetes cluster, AKS or Arc: what a cluster needs before a workspace can use it.

Sources: docs/facts.md n; ARM types of 2025-03-01, ExtensionProperties; azure-cli's ``AzureMLKubernetes.py``, which adds settings and refuses what
the extension cannot be installed with. All settings are text. No GET shows the protected ones.
"""

from __future__ import annotations

import base64
import copy
import functools
import re
import typing as t

from .._core import canon, paths, shape
from .._core.arm_id import ArmId, Target
from .._core.canon import caseless
from .._core.errors import AmlError, ArmError
from .._core.findings import Finding, Findings
from .._engine import rules
from .._engine.fields import WRITE_ONLY, Field, Option, choice
from .._engine.kind import FAILED, Body, Kind, Request, Status, fixed, provisioning_status
from .._engine.plan import Declared, Plan
from . import kubernetes, rows

EXTENSION_TYPE = "Microsoft.AzureML.Kubernetes"
_SOURCE = "azure-cli, AzureMLKubernetes.py"
_SETTINGS, _PROTECTED = "properties.configurationSettings", "properties.configurationProtectedSettings"
_SELECTOR = "nodeSelector."
_LEAST_NODES = 3
# The first API version of Microsoft.KubernetesConfiguration with autoUpgradeMode.
_UPGRADE_MODE_SINCE = "2025-03-01"
# The names of protected settings that options have.
_CERTIFICATE = {"ssl.cert": "scoringFe.sslCert", "ssl.key": "scoringFe.sslKey"}
_FREE, _SECRET = "configuration_settings", "configuration_protected_settings"
CLUSTER_TYPES = kubernetes.Kubernetes.target_types
_ARC = "/connectedclusters/"
# What only the health check's own report says, which is in the cluster: its codes, and what to do (how-to-deploy-kubernetes-extension, how-to-troubleshoot).
HEALTH_CODES = {
    "E40001": "the cluster offers no load balancer: set inference_router_service_type to node_port or cluster_ip",
    "E40002": "inference_router_ha needs 3 nodes: add nodes, or set it to false",
    "E40003": "the cluster offers no internal load balancer: omit internal_load_balancer_provider",
    "E40007": "the certificate, its key or its host name is not valid: correct ssl",
    "E45001": "the agents of Azure Arc in the cluster are not healthy",
    "E45002": "the cluster has its own Prometheus operator: set install_prom_op to false",
    "E45003": "the cluster does not reach the services of Azure: open its outbound network",
    "E45004": "the router of an inference cluster of version 1 is in the cluster: detach that first",
    "E45005": "the router of an inference cluster of version 1 is in the cluster: detach that first",
    "E45006": "the instance types in the cluster are not valid",
}
# What a message of a failed installation means, by a part of it.
_CAUSES = (
    (
        r"cannot be imported into the current release|invalid ownership metadata|already exists",
        "The cluster already has a part of the extension. Set install_prom_op, install_volcano, install_nvidia_device_plugin or install_dcgm_exporter to "
        "false for what it has, or delete what an earlier installation left in the namespace.",
    ),
    (
        r"node selector|node\(s\) didn't match|unschedulable|insufficient (?:cpu|memory)",
        "No node of the cluster takes the pods of the extension. Compare node_selector with the labels of the node pools, and their size and taints.",
    ),
    (
        r"denied the request|admission webhook|is forbidden",
        "A policy of the cluster refuses pods of the extension. Exempt its namespace from the policy.",
    ),
    (
        r"timed out waiting",
        "Pods of the extension did not start in time: kubectl get pods -n NAMESPACE, with its release_namespace, shows which ones. Check the size of the node "
        "pools, node_selector and the outbound network.",
    ),
)


# --- rules and conversions of single values ---


def check_cluster(value: t.Any, option: str) -> Findings:
    """The id of an AKS or Arc cluster."""
    findings = list(rules.resource_id(value, option))
    if not findings and kubernetes_type(value) is None:
        message = f"{option} must be the id of a {' or a '.join(CLUSTER_TYPES)}; {value!r} is not."
        findings = [Finding("WrongResourceType", option, message, "Microsoft.KubernetesConfiguration")]
    yield from findings


def kubernetes_type(cluster_id: str) -> str | None:
    """The type of a cluster, as ``CLUSTER_TYPES`` spells it."""
    kind = "/".join(cluster_id.rstrip("/").split("/")[-3:-1])
    return next((name for name in CLUSTER_TYPES if name.casefold() == kind.casefold()), None)


def _is_arc(cluster_id: str) -> bool:
    return _ARC in cluster_id.casefold()


def _check_texts(value: dict[str, t.Any], option: str, *, pattern: str) -> Findings:
    for name, text in value.items():
        if not re.fullmatch(pattern, str(name)):
            yield Finding("InvalidSetting", option, f"{option} has the name {name!r}, which is not valid.", _SOURCE)
        elif text is None or isinstance(text, (dict, list)):
            message = f"{option}.{name} must be text. An update cannot remove a setting: set it to another value."
            yield Finding("InvalidSetting", option, message, _SOURCE)


def _check_free(value: dict[str, t.Any], option: str) -> Findings:
    yield from _check_texts(value, option, pattern=r"[A-Za-z0-9_.\[\]/-]+")
    for name in value:
        own = _OPTION_OF.get(str(name)) or ("node_selector" if str(name).startswith(_SELECTOR) else None)
        if own:
            message = f"{option}.{name} is set by the option {own}: declare that instead."
            yield Finding("InvalidSetting", option, message, _SOURCE)


_LABEL = r"([A-Za-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?"
_check_selector = functools.partial(_check_texts, pattern=_LABEL)


def _check_pem(value: str, option: str) -> Findings:
    if "-----BEGIN " not in value:
        yield Finding(
            "InvalidCertificate", option, f"{option} must be PEM text, which begins with -----BEGIN.", _SOURCE
        )
    elif "ENCRYPTED" in value:
        message = f"{option} is protected by a passphrase, which the extension cannot read. Remove the passphrase."
        yield Finding("InvalidCertificate", option, message, "how-to-secure-kubernetes-online-endpoint")


def _text(value: t.Any) -> str:
    """A setting as the extension takes it: booleans are words."""
    return str(value).capitalize() if isinstance(value, bool) else str(value)


def _same_texts(value: t.Any) -> t.Any:
    return {str(name): canon.boolean_text(_text(text)) for name, text in (value or {}).items()}


class TextsField(Field):
    """Settings of which only the declared ones are managed."""

    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        return {**(before or {}), **{str(name): _text(text) for name, text in (declared or {}).items()}}


def _selector_from_arm(settings: t.Any) -> dict[str, str]:
    return {name.removeprefix(_SELECTOR): text for name, text in settings.items() if name.startswith(_SELECTOR)}


def _free_from_arm(settings: t.Any) -> dict[str, str]:
    return {name: text for name, text in settings.items() if name not in _OPTION_OF and not name.startswith(_SELECTOR)}


# --- the table ---

# Changes of these interrupt what runs in the cluster (azure-cli asks for a confirmation of them).
_JOBS, _ENDPOINTS = "jobs", "online endpoints"


def _setting(option: str, name: str, **more: t.Any) -> Field:
    return Field(option, f"{_SETTINGS}.{name}", **more)


def _flag(option: str, name: str, *interrupts: str) -> Field:
    return _setting(
        option,
        name,
        spec={"type": "bool"},
        canon=canon.boolean_text,
        to_arm=_text,
        from_arm=canon.boolean_text,
        interrupts=interrupts,
    )


def _word(option: str, name: str, *interrupts: str, **words: str) -> Field:
    spec = {"type": "str", "choices": list(words)}
    return _setting(option, name, spec=spec, canon=caseless, shape=shape.TEXT, interrupts=interrupts, **choice(**words))


def _protected(option: str, **more: t.Any) -> Field:
    # A write with protected settings replaces all of them, so that they are due together.
    return Field(
        option, _PROTECTED, WRITE_ONLY, goes_with=("ssl.cname",), shape=shape.mapping(values=shape.SCALAR), **more
    )


_PEM = "-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----\n"
FIELDS = (
    fixed(
        "release_namespace",
        "properties.scope.cluster.releaseNamespace",
        "the namespace of an installation is decided when it is installed",
        spec={"type": "str"},
        rule=kubernetes.check_namespace,
        canon=canon.text,
        examples=("azureml", "ml-system"),
        wrong=("", "A", "a_b"),
    ),
    Field(
        "release_train",
        "properties.releaseTrain",
        spec={"type": "str"},
        rule=rules.not_empty,
        canon=caseless,
        examples=("stable", "preview"),
        wrong=("", " "),
    ),
    Field(
        "auto_upgrade_minor_version",
        "properties.autoUpgradeMinorVersion",
        spec={"type": "bool"},
        canon=canon.boolean_text,
    ),
    Field(
        "auto_upgrade_mode",
        "properties.autoUpgradeMode",
        spec={"type": "str", "choices": ["compatible", "none", "patch"]},
        canon=caseless,
    ),
    Field(
        "version",
        "properties.version",
        spec={"type": "str"},
        rule=rules.not_empty,
        canon=canon.text,
        clearable=True,
        examples=("1.1.73",),
        wrong=("", " "),
    ),
    _flag("enable_training", "enableTraining", _JOBS),
    _flag("enable_inference", "enableInference", _ENDPOINTS),
    _flag("allow_insecure_connections", "allowInsecureConnections", _ENDPOINTS),
    _word(
        "inference_router_service_type",
        "inferenceRouterServiceType",
        _ENDPOINTS,
        load_balancer="loadBalancer",
        node_port="nodePort",
        cluster_ip="clusterIP",
    ),
    _flag("inference_router_ha", "inferenceRouterHA"),
    _word("internal_load_balancer_provider", "internalLoadBalancerProvider", _ENDPOINTS, azure="azure"),
    _setting(
        "ssl.cname",
        "sslCname",
        spec={"type": "str"},
        rule=rules.host,
        canon=caseless,
        examples=("scoring.example.org",),
        interrupts=(_ENDPOINTS,),
    ),
    _setting(
        "ssl.secret_name",
        "sslSecret",
        spec={"type": "str", "no_log": False},
        rule=rules.not_empty,
        canon=canon.text,
        examples=("scoring-tls",),
        wrong=("", " "),
    ),
    _protected("ssl.cert", spec={"type": "str"}, rule=_check_pem, examples=(_PEM,), wrong=("", "x")),
    _protected("ssl.key", spec={"type": "str", "no_log": True}, rule=_check_pem, examples=(_PEM,), wrong=("", "x")),
    _word("cluster_purpose", "clusterPurpose", dev_test="DevTest", fast_prod="FastProd", dense_prod="DenseProd"),
    _flag("install_nvidia_device_plugin", "installNvidiaDevicePlugin", _JOBS, _ENDPOINTS),
    _flag("install_dcgm_exporter", "installDcgmExporter"),
    _flag("install_prom_op", "installPromOp"),
    _flag("install_volcano", "installVolcano"),
    TextsField(
        "node_selector",
        _SETTINGS,
        spec={"type": "dict"},
        rule=_check_selector,
        canon=_same_texts,
        from_arm=_selector_from_arm,
        shape=shape.mapping(values=shape.SCALAR),
        examples=({"pool": "ml"}, {"kubernetes.azure.com/mode": "user"}),
        wrong=({"pool": None}, {"a b": "c"}, {"pool": ["a"]}),
        interrupts=(_JOBS, _ENDPOINTS),
    ),
    TextsField(
        _FREE,
        _SETTINGS,
        spec={"type": "dict"},
        rule=_check_free,
        canon=_same_texts,
        from_arm=_free_from_arm,
        shape=shape.mapping(values=shape.SCALAR),
        examples=({"logAnalyticsWS": "false"},),
        wrong=({"enableTraining": "true"}, {"nodeSelector.pool": "a"}, {"a": None}, {"a": {"b": "c"}}),
    ),
    _protected(
        _SECRET,
        spec={"type": "dict", "no_log": True},
        rule=functools.partial(_check_texts, pattern=r"[A-Za-z0-9_.\[\]/-]+"),
        examples=({"relayserver.relayConnectionString": "planted-text"},),
        wrong=({"a": None}, {"a": ["b"]}),
    ),
)
OPTIONS = (
    Option("cluster_id", spec={"type": "str", "required": True}, rule=check_cluster, cli_name=None),
    Option("ssl", spec={"type": "dict", "mutually_exclusive": [("cert", "cert_file"), ("key", "key_file")]}),
    Option("ssl.cert_file", spec={"type": "path"}),
    Option("ssl.key_file", spec={"type": "path", "no_log": False}),
    rows.UPDATE_PASSWORD,
)
_BY_OPTION = {row.option: row for row in FIELDS}
_IN_SETTINGS = {row.option: row for row in FIELDS if row.path.startswith(_SETTINGS)}
_OPTION_OF = {
    row.path.removeprefix(f"{_SETTINGS}."): row.option for row in FIELDS if row.path.startswith(f"{_SETTINGS}.")
}
_IN_PROTECTED = tuple(row.option for row in FIELDS if row.path == _PROTECTED)


class OtherExtension(AmlError):
    """The name is that of an extension of another type."""

    default_code = "OtherExtensionType"


class KubernetesExtension(Kind):
    """The extension of one cluster. An update is a PATCH, which adds to the settings and leaves the others as they are."""

    label = "Kubernetes extension"
    api_version = "2025-03-01"
    parent_label = "Kubernetes cluster"
    rewrite_fixes_failed = True
    fields = FIELDS
    options = OPTIONS

    def configured(self, options: t.Mapping[str, t.Any]) -> t.Self:
        """The kind for the cluster of the task, which is read in the API version of its provider."""
        kind = copy.copy(self)
        kind.parent_api_version = CLUSTER_TYPES.get(kubernetes_type(options["cluster_id"]) or "", "")
        return kind

    # --- what was declared ---

    def check(self, target: Target, declared: Declared, tree: dict[str, t.Any]) -> Findings:
        yield from super().check(target, declared, tree)
        yield from rules.segment(target.name, "name")
        if _is_arc(target.parent_id) and declared.get("internal_load_balancer_provider"):
            message = "internal_load_balancer_provider needs an AKS cluster; cluster_id is one of Azure Arc."
            yield Finding("ExtensionIncomplete", "internal_load_balancer_provider", message, _SOURCE)
        if "auto_upgrade_mode" in declared and self.api_version < _UPGRADE_MODE_SINCE:
            message = (
                f"auto_upgrade_mode is not part of API version {self.api_version}, which api_version asks for: it needs {_UPGRADE_MODE_SINCE} or newer. "
                "Remove api_version."
            )
            yield Finding("ApiVersionLacksOption", "auto_upgrade_mode", message, _SOURCE)
        missing = [option for option in _CERTIFICATE if not declared.get(option)]
        if len(missing) == 1:
            message = f"A certificate needs its key, and a key its certificate: declare {missing[0]} too."
            yield Finding("CertificateIncomplete", missing[0], message, _SOURCE)

    def check_create(self, declared: Declared, parent: Body | None) -> Findings:
        yield from super().check_create(declared, parent)
        yield from _check_joined(declared, _BY_OPTION)
        nodes = node_count(parent)
        if (
            declared.get("enable_inference")
            and declared.get("inference_router_ha")
            and nodes is not None
            and nodes < _LEAST_NODES
        ):
            message = f"inference_router_ha needs {_LEAST_NODES} nodes, and the cluster has {nodes}. Add nodes, or set it to false."
            yield Finding("TooFewNodes", "inference_router_ha", message, "how-to-deploy-kubernetes-extension: E40002")

    def check_update(self, declared: Declared, current: dict[str, t.Any]) -> Findings:
        flat: Declared = {}
        for row in self.fields:
            value = paths.get_path(current, row.option)
            flat[row.option] = None if value is paths.MISSING else value
        # What others installed is not checked where nothing of it is declared: some of it no GET shows.
        yield from _check_joined({**flat, **declared}, declared)

    # --- documents ---

    def read(self, body: Body) -> dict[str, t.Any]:
        """Of protected settings, whether there are some: an empty text is a value that is not shown."""
        current = super().read(body)
        names = paths.get_path(body, _PROTECTED)
        held = names if isinstance(names, dict) else {}
        for option, name in _CERTIFICATE.items():
            paths.set_path(current, option, "" if name in held else None)
        current[_SECRET] = dict.fromkeys(sorted(set(held) - set(_CERTIFICATE.values())), "")
        return current

    def with_values(self, body: Body, values: Declared) -> Body:
        plain = {option: value for option, value in values.items() if option not in (*_IN_SETTINGS, *_IN_PROTECTED)}
        changed = super().with_values(body, plain)
        settings = _settings_of(values)
        if settings:
            before = paths.get_path(changed, _SETTINGS)
            paths.set_path(changed, _SETTINGS, {**(before if isinstance(before, dict) else {}), **settings})
        protected = _protected_of(values)
        if protected:
            paths.set_path(changed, _PROTECTED, protected)
        return changed

    def skeleton(self, target: Target, declared: Declared, parent: Body | None) -> Body:
        """What azure-cli adds to each installation: the extension finds its cluster by it."""
        cluster, location = ArmId(target.parent_id), caseless((parent or {}).get("location") or "")
        arc = _is_arc(target.parent_id)
        settings = {
            **dict.fromkeys(
                ("cluster_name", "clusterId", "prometheus.prometheusSpec.externalLabels.cluster_name"), str(cluster)
            ),
            "cluster_name_friendly": cluster.name,
            "domain": f"{location}.cloudapp.azure.com",
            "location": location,
            "jobSchedulerLocation": location,
            "servicebus.enabled": "false",
            # The relay, which Arc needs for training, is declared with its connection string.
            "relayserver.enabled": "true" if arc and _has_relay(declared) else "false",
            "nginxIngress.enabled": "false" if arc else "true",
            **dict.fromkeys(("enableTraining", "enableInference"), "False"),
        }
        nodes = node_count(parent)
        if nodes is not None and nodes < _LEAST_NODES:
            settings |= {"inferenceRouterHA": "false", "clusterPurpose": "DevTest"}
        return {
            "identity": {"type": "SystemAssigned"},
            "properties": {
                "extensionType": EXTENSION_TYPE,
                "autoUpgradeMinorVersion": True,
                "releaseTrain": "stable",
                "scope": {"cluster": {"releaseNamespace": "azureml"}},
                "configurationSettings": settings,
            },
        }

    def writable(self, body: Body) -> Body:
        names = {"extensionType", *(row.path.split(".")[1] for row in FIELDS if row.path != _PROTECTED)}
        properties = {
            name: value for name, value in (body.get("properties") or {}).items() if name in names and value is not None
        }
        return copy.deepcopy({"identity": {"type": "SystemAssigned"}, "properties": properties})

    def updates(self, body: Body, plan: Plan) -> list[Request]:
        return [Request("PATCH", self.with_values({"properties": {}}, {**plan.values(), **_changing_texts(plan)}))]

    def lost_on_recreate(self, body: Body, declared: Declared) -> list[str]:
        return [option for option in _held(self.read(body)) if not _is_declared(declared, option)]

    # --- state ---

    def guard(self, body: Body, target: Target) -> None:
        type_ = paths.get_path(body, "properties.extensionType")
        if caseless(type_) != caseless(EXTENSION_TYPE):
            raise OtherExtension(
                f"The extension {target.name!r} of the cluster {ArmId(target.parent_id).name!r} is of the type {type_}, not of {EXTENSION_TYPE}.",
                target=body.get("id"),
                hint="Nothing was sent. Use the name of the Azure Machine Learning extension, or another name to install it.",
            )

    def status(self, body: Body, *, settling: bool = False) -> Status:
        status = provisioning_status(body)
        if status.state != FAILED:
            return status
        error = paths.get_path(body, "properties.errorInfo")
        reasons = [error, *_errors(body)] if isinstance(error, dict) and error.get("message") else _errors(body)
        first = reasons[0] if reasons else {}
        message = first.get("message") or "The service gives no reason."
        return Status(FAILED, status.text, first.get("code") or "ProvisioningFailed", message, reasons)

    # --- warnings and results ---

    def notices(self, declared: Declared, body: Body | None) -> list[str]:
        if body is None or health(body) != "unhealthy":
            return super().notices(declared, body)
        messages = "; ".join(str(status.get("message") or status.get("code")) for status in _errors(body))
        return [f"ExtensionUnhealthy: the extension is installed, and reports: {messages}"]

    def advice(self, plan: Plan, declared: Declared, parent: Body | None) -> list[str]:
        warnings = super().advice(plan, declared, parent)
        if parent is None:
            return warnings
        nodes = node_count(parent)
        if declared.get("enable_inference") and nodes is not None and nodes < _LEAST_NODES:
            warnings.append(
                f"SmallCluster: with {nodes} nodes, the inference router runs once (inference_router_ha=false). Use {_LEAST_NODES} or more for production."
            )
        if _is_arc(str(parent.get("id"))) and declared.get("enable_training") and not _has_relay(declared):
            warnings.append(
                "RelayNotDeclared: jobs on a cluster of Azure Arc need a relay. Declare relayserver.relayConnectionString in "
                "configuration_protected_settings, with relayserver.hybridConnectionResourceID and relayserver.hybridConnectionName in configuration_settings."
            )
        return warnings + _advice_on_selector(declared, parent)

    def advice_on_update(self, plan: Plan, body: Body) -> list[str]:
        changing = {change.field for change in plan.changes}
        warnings = [
            f"RunningWorkAffected: a change of {', '.join(sorted(options))} can interrupt {work} in the cluster."
            for work in (_JOBS, _ENDPOINTS)
            if (options := [row.option for row in self.fields if work in row.interrupts and row.option in changing])
        ]
        lost = [option for option in _held(self.read(body)) if not _is_declared(plan.secrets, option)]
        if plan.secrets and lost:
            warnings.append(
                f"ProtectedSettingsReplaced: protected settings are sent as a whole. The service removes {', '.join(lost)}, which the task omits."
            )
        return warnings

    def explain_refusal(self, error: ArmError, *, created: bool) -> None:
        text = f"{error.message} {error.details or ''}"
        codes = [code for code in HEALTH_CODES if code in text]
        found = [advice for pattern, advice in _CAUSES if re.search(pattern, text, re.IGNORECASE)]
        if error.status == 403:
            error.hint = "The role Kubernetes Extension Contributor on the cluster has the permissions for extensions. Assign it to the identity of this task."
        elif codes:
            error.hint = f"Fix the cause and run the same task again. {'. '.join(f'{code}: {HEALTH_CODES[code]}' for code in codes)}."
        elif "healthcheck" in text:
            error.hint = (
                "A health check of the installation failed. Its report is in the cluster: kubectl get configmap arcml-healthcheck -n azureml -o yaml. Most "
                f"common: {'; '.join(f'{code}, {HEALTH_CODES[code]}' for code in ('E40002', 'E40007', 'E45002', 'E45003', 'E45005'))}. "
                "Fix the cause and run the same task again."
            )
        elif found:
            error.hint = " ".join(found)

    def project(self, body: Body) -> dict[str, t.Any]:
        values = self.read(body)
        values["ssl"] = {name: values["ssl"][name] for name in ("cname", "secret_name")}
        values["protected_options"] = sorted(_held(values))
        properties, identity = body.get("properties") or {}, body.get("identity") or {}
        own = properties.get("aksAssignedIdentity") or {}
        return {
            "id": body.get("id"),
            "name": body.get("name"),
            "cluster_id": str(ArmId(body.get("id") or "").scope),
            **{name: value for name, value in values.items() if name != _SECRET},
            "current_version": properties.get("currentVersion"),
            "provisioning_state": properties.get("provisioningState"),
            "health": health(body),
            "statuses": [
                {name: status.get(name) for name in ("code", "level", "message", "time")}
                for status in properties.get("statuses") or []
            ],
            "principal_id": own.get("principalId") or identity.get("principalId"),
        }


def health(body: Body) -> str:
    """``healthy``; ``unhealthy``, installed with errors; ``failed``; or ``pending``."""
    state = provisioning_status(body).state
    if state == FAILED:
        return "failed"
    if state != "ready":
        return "pending"
    return "unhealthy" if _errors(body) else "healthy"


def node_count(cluster: Body | None) -> int | None:
    """The nodes of a cluster: by the pools of AKS, or as Arc reports them; None where neither is known."""
    properties = (cluster or {}).get("properties") or {}
    pools = properties.get("agentPoolProfiles")
    if pools:
        # A pool that scales by itself can have as many as its maximum.
        return sum(
            int((pool.get("maxCount") if pool.get("enableAutoScaling") else None) or pool.get("count") or 0)
            for pool in pools
        )
    count = properties.get("totalNodeCount")
    return int(count) if isinstance(count, (int, float)) else None


def _errors(body: Body) -> list[dict[str, t.Any]]:
    statuses = (body.get("properties") or {}).get("statuses") or []
    return [status for status in statuses if caseless(status.get("level")) == "error"]


def _settings_of(values: Declared) -> dict[str, str]:
    """The plain settings of values, with those that azure-cli derives from them."""
    settings: dict[str, str] = {}
    for option, row in _IN_SETTINGS.items():
        value = values.get(option)
        if value is None:
            continue
        if option == "node_selector":
            settings |= {f"{_SELECTOR}{name}": _text(text) for name, text in value.items()}
        elif option == _FREE:
            settings |= {str(name): _text(text) for name, text in value.items()}
        else:
            settings[row.path.removeprefix(f"{_SETTINGS}.")] = row.to_arm(value)
    if values.get("inference_router_service_type"):
        settings["scoringFe.serviceType.nodePort"] = _text(values["inference_router_service_type"] == "node_port")
    if values.get("internal_load_balancer_provider"):
        settings["scoringFe.serviceType.internalLoadBalancer"] = "True"
    if values.get("ssl.secret_name"):
        settings["scoringFe.sslSecret"] = values["ssl.secret_name"]
    return settings


def _changing_texts(plan: Plan) -> Declared:
    """Of settings that are managed one by one, those that change: the others may be another writer's by the time of the write."""
    return {
        change.field: _differing(change.before or {}, change.after) or change.after
        for change in plan.changes
        if change.field in ("node_selector", _FREE)
    }


def _differing(before: dict[str, t.Any], after: dict[str, t.Any]) -> dict[str, t.Any]:
    """Nothing for what is only written again, after a write that failed."""
    return {name: text for name, text in after.items() if before.get(name) != text}


def _protected_of(values: Declared) -> dict[str, str]:
    protected = {str(name): _text(text) for name, text in (values.get(_SECRET) or {}).items()}
    for option, name in _CERTIFICATE.items():
        if values.get(option):
            protected[name] = base64.b64encode(values[option].encode()).decode("ascii")
    return protected


def _has_relay(declared: Declared) -> bool:
    names = {*(declared.get(_SECRET) or {}), *(declared.get(_FREE) or {})}
    return any(name.startswith(("relayserver.", "relayServerConnectionString")) for name in names)


def _held(current: dict[str, t.Any]) -> list[str]:
    """The options of the protected settings that an extension has."""
    own = [option for option in _CERTIFICATE if paths.get_path(current, option) is not None]
    return [*own, *(f"{_SECRET}.{name}" for name in current[_SECRET])]


def _is_declared(declared: Declared, option: str) -> bool:
    group, _dot, name = option.partition(".")
    return name in (declared.get(_SECRET) or {}) if group == _SECRET else bool(declared.get(option))


def _incomplete(option: str, message: str) -> Finding:
    return Finding("ExtensionIncomplete", option, message, _SOURCE)


def _check_purpose(values: Declared) -> Findings:
    if not values.get("enable_training") and not values.get("enable_inference"):
        yield _incomplete("enable_training", "The extension needs enable_training or enable_inference, or both.")


def _check_version(values: Declared) -> Findings:
    if values.get("version") and values.get("auto_upgrade_minor_version") is not False:
        message = "A version needs auto_upgrade_minor_version=false: otherwise, the service chooses it. Declare that, or version null."
        yield _incomplete("version", message)


def _check_router(values: Declared) -> Findings:
    service = values.get("inference_router_service_type")
    if not values.get("enable_inference"):
        return
    if not service:
        yield _incomplete("inference_router_service_type", "enable_inference needs inference_router_service_type.")
    elif service == "node_port" and values.get("internal_load_balancer_provider"):
        message = "internal_load_balancer_provider has no meaning with inference_router_service_type=node_port. Omit one of them."
        yield _incomplete("internal_load_balancer_provider", message)


def _check_certificate(values: Declared) -> Findings:
    if not values.get("enable_inference") or values.get("allow_insecure_connections"):
        return
    pair = all(values.get(option) is not None for option in _CERTIFICATE)
    if not (values.get("ssl.secret_name") or pair):
        message = "enable_inference needs a certificate: declare ssl.secret_name, or ssl.cert and ssl.key; or allow_insecure_connections=true for HTTP."
        yield _incomplete("ssl", message)
    elif not values.get("ssl.cname"):
        yield _incomplete("ssl.cname", "A certificate needs ssl.cname, the host name that it is for.")


# What the extension cannot be installed with, by the options that each rule joins: azure-cli refuses the same.
_JOINED: tuple[tuple[frozenset[str], t.Callable[[Declared], Findings]], ...] = (
    (frozenset({"enable_training", "enable_inference"}), _check_purpose),
    (frozenset({"version", "auto_upgrade_minor_version"}), _check_version),
    (
        frozenset({"enable_inference", "inference_router_service_type", "internal_load_balancer_provider"}),
        _check_router,
    ),
    (
        frozenset({"enable_inference", "allow_insecure_connections", "ssl.secret_name", "ssl.cname", *_CERTIFICATE}),
        _check_certificate,
    ),
)


def _check_joined(values: Declared, options: t.Collection[str]) -> Findings:
    """The rules that join one of these options with others. ``values``: all that the extension will have."""
    for joined, check in _JOINED:
        if joined.intersection(options):
            yield from check(values)


def _advice_on_selector(declared: Declared, cluster: Body) -> list[str]:
    pools, selector = (cluster.get("properties") or {}).get("agentPoolProfiles"), declared.get("node_selector") or {}
    if not pools or kubernetes.matching_pools(pools, selector):
        return []
    shown = ", ".join(f"{name}={text}" for name, text in selector.items())
    return [
        f"NodeSelectorUnmatched: no node pool of the cluster declares the labels {shown}. The pods of the extension wait until a node has them."
    ]


KUBERNETES_EXTENSION = KubernetesExtension()
