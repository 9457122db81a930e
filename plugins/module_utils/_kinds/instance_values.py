# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compute instance's larger options look like to the user and to ARM: setup scripts, applications, data mounts.

The user's side is the CLI v2 schema of compute instances, ARM's the types of 2025-12-01 (SetupScripts, CustomService,
ComputeInstanceDataMount). What azure-ai-ml sends for them is in its entities of the same names.
"""

from __future__ import annotations

import base64
import re
import typing as t

from .._core import redact, shape
from .._core.canon import boolean_text
from .._core.errors import RuleError
from .._core.findings import Finding, Findings
from .._engine import fields as _fields
from .._engine import rules
from .._engine.fields import Field

Values = dict[str, t.Any]


# What a user declares.
SCRIPT_SPEC: Values = {
    "path": {"type": "str"},
    "inline": {"type": "str"},
    "command": {"type": "str"},
    "timeout_minutes": {"type": "int"},
}
APPLICATION_SPEC: Values = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["docker"]},
    "image": {"type": "dict", "required": True, "options": {"reference": {"type": "str", "required": True}}},
    "endpoints": {
        "type": "list",
        "elements": "dict",
        "options": {"target": {"type": "int", "required": True}, "published": {"type": "int", "required": True}},
    },
    "environment_variables": {"type": "dict"},
    "privileged": {"type": "bool"},
    "bind_mounts": {
        "type": "list",
        "elements": "dict",
        "options": {
            "source": {"type": "str", "required": True},
            "target": {"type": "str", "required": True},
            "read_only": {"type": "bool"},
        },
    },
}
MOUNT_SPEC: Values = {
    "mount_name": {"type": "str", "required": True},
    "source": {"type": "str"},
    "source_type": {"type": "str", "choices": ["datastore", "dataset", "uri"]},
    "mount_path": {"type": "str"},
    "mount_mode": {"type": "str", "choices": ["read_only", "read_write"]},
    "state": {"type": "str", "choices": ["present", "absent"]},
}

# What the service sends for them.
SCRIPT = shape.mapping(dict.fromkeys(("scriptSource", "scriptData", "scriptArguments", "timeout"), shape.TEXT))
_BIND = shape.mapping({"source": shape.TEXT, "target": shape.TEXT, "readOnly": shape.FLAG})
_DOCKER = shape.mapping({"privileged": shape.FLAG})
_ENDPOINT = shape.mapping({"target": shape.NUMBER, "published": shape.NUMBER})
APPLICATIONS = shape.list_of(shape.mapping({
    "name": shape.TEXT, "type": shape.TEXT, "image": shape.mapping({"reference": shape.TEXT}), "endpoints": shape.list_of(_ENDPOINT), "docker": _DOCKER,
    "environmentVariables": shape.mapping(values=shape.mapping({"value": shape.SCALAR})), "volumes": shape.list_of(_BIND),
}))  # fmt: skip
MOUNTS = shape.list_of(
    shape.mapping(
        dict.fromkeys(("mountName", "source", "sourceType", "mountPath", "mountMode", "mountState"), shape.TEXT)
    )
)


def minutes_from_service(duration: t.Any) -> t.Any:
    """Whole minutes; a text that is not a duration is shown unchanged."""
    seconds = _fields.seconds_from_service(duration)
    return seconds // 60 if isinstance(seconds, (int, float)) else seconds


def present(values: Values) -> Values:
    return {key: value for key, value in values.items() if value is not None}


def title(value: t.Any) -> t.Any:
    return value[:1].upper() + value[1:] if isinstance(value, str) else value


def lower(value: t.Any) -> t.Any:
    return value.lower() if isinstance(value, str) else value


# --- setup scripts ---


def script_to_arm(script: Values) -> Values:
    """A path in the Notebooks file share, or the text itself (docs/coverage.md CI11; ARM types, ScriptReference)."""
    timeout, text = script.get("timeout_minutes"), script.get("inline")
    return present(
        {
            "scriptSource": "workspaceStorage" if text is None else "inline",
            "scriptData": script.get("path") if text is None else base64.b64encode(text.encode()).decode(),
            "scriptArguments": script.get("command"),
            "timeout": None if timeout is None else f"{timeout}m",
        }
    )


def script_from_arm(body: Values) -> Values:
    timeout = re.match(r"(\d+)m", body.get("timeout") or "")
    inline = lower(body.get("scriptSource")) == "inline"
    return {
        "path": None if inline else body.get("scriptData") or None,
        "inline": _decoded(body.get("scriptData") or "") if inline else None,
        "command": body.get("scriptArguments") or None,
        "timeout_minutes": int(timeout.group(1)) if timeout else None,
    }


def _decoded(data: str) -> str:
    """The text of an inline script; a text that is not base64 is shown unchanged."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except ValueError:
        return data


_script_timeout = rules.at_least(1, "docs/coverage.md CI11")


def check_script(script: Values, option: str) -> Findings:
    if bool(script.get("path")) == bool(script.get("inline")):
        message = (
            f"{option} needs path (a file in the Notebooks file share) or inline (the script's text), and not both."
        )
        yield Finding("InvalidScript", option, message, "docs/coverage.md CI11")
    if re.search(r"://|\?", script.get("path") or ""):
        # The address is not shown: its query may be a signature.
        message = f"{option}.path must be a path in the workspace's file share, not an address. Use inline for the text of the script."
        yield Finding(
            "ScriptByAddress", f"{option}.path", message, "how-to-customize-compute-instance; Azure/azure-cli#31838"
        )
    if script.get("timeout_minutes") is not None:
        yield from _script_timeout(script["timeout_minutes"], f"{option}.timeout_minutes")


def canon_script(script: t.Any) -> t.Any:
    return None if not script else present(dict(script)) or None


# --- custom applications ---


def applications_to_arm(items: list[Values]) -> list[Values]:
    return [_application_to_arm(item) for item in items]


def _application_to_arm(item: Values) -> Values:
    """As azure-ai-ml's CustomApplications sends it: unless declared otherwise, the container is privileged and its mounts are writable."""
    body: Values = {
        "name": item["name"],
        "type": item.get("type") or "docker",
        "docker": {"privileged": item.get("privileged") is not False},
    }
    body["image"] = {"type": "docker", "reference": (item.get("image") or {}).get("reference")}
    body["endpoints"] = [
        {
            "name": "connect",
            "protocol": "http",
            "target": endpoint.get("target"),
            "published": endpoint.get("published"),
        }
        for endpoint in item.get("endpoints") or []
    ]
    body["environmentVariables"] = {
        name: {"type": "local", "value": "" if value is None else str(value)}
        for name, value in (item.get("environment_variables") or {}).items()
    }
    body["volumes"] = [
        {
            "type": "bind",
            "readOnly": bool(mount.get("read_only")),
            "source": mount.get("source"),
            "target": mount.get("target"),
        }
        for mount in item.get("bind_mounts") or []
    ]
    return body


def applications_from_arm(items: list[Values]) -> list[Values]:
    return [_application_from_arm(item) for item in items or []]


def _application_from_arm(item: Values) -> Values:
    variables = item.get("environmentVariables") or {}
    return {
        "name": item.get("name"),
        "type": item.get("type") or "docker",
        "image": {"reference": (item.get("image") or {}).get("reference")},
        "endpoints": [
            {"target": endpoint.get("target"), "published": endpoint.get("published")}
            for endpoint in item.get("endpoints") or []
        ],
        "environment_variables": {name: (value or {}).get("value") for name, value in variables.items()},
        "privileged": boolean_text((item.get("docker") or {}).get("privileged")),
        "bind_mounts": [_bind_mount(volume) for volume in item.get("volumes") or []],
    }


def _bind_mount(volume: Values) -> Values:
    read_only = boolean_text(volume.get("readOnly"))
    return {"source": volume.get("source"), "target": volume.get("target"), "read_only": read_only}


def canon_applications(items: t.Any) -> t.Any:
    """By name, in the form that the service stores: an omitted value is empty. The order of ports and of mounts has no meaning."""
    stored = applications_from_arm(applications_to_arm(items or []))
    return {item["name"]: {**item, **{name: _unordered(item[name]) for name in _SETS}} for item in stored}


_SETS = ("endpoints", "bind_mounts")


def _unordered(rows: list[Values]) -> list[Values]:
    return sorted(rows, key=lambda row: sorted((name, str(value)) for name, value in row.items()))


def check_applications(items: list[Values], option: str) -> Findings:
    """Applications are distinguished by their names."""
    yield from rules.once((item["name"] for item in items), option, "this collection: applications are matched by name")
    for item in items:
        place = f"{option}[{item.get('name')}]"
        if not (item.get("image") or {}).get("reference"):
            message = f"{place} needs image.reference."
            yield Finding("InvalidApplication", place, message, "CLI schema of custom applications")
        yield from _check_ports(item.get("endpoints") or [], place)
        yield from _check_environment(item.get("environment_variables") or {}, place)


def _check_ports(endpoints: list[Values], place: str) -> Findings:
    for endpoint in endpoints:
        for part in ("target", "published"):
            port = endpoint.get(part)
            if not isinstance(port, int) or not 1026 <= port <= 65534:
                message = f"{place}: the endpoint's {part} port must be from 1026 to 65534."
                yield Finding("InvalidApplication", place, message, "azure-ai-ml, CustomApplicationDefaults")


def _check_environment(variables: Values, place: str) -> Findings:
    source = "environ(7); ARM types, EnvironmentVariable"
    for name, value in variables.items():
        if not str(name) or "=" in str(name) or value is None or isinstance(value, (dict, list)):
            message = f"{place}: environment_variables {str(name)!r} must have a name without '=', and text for its value, which may be empty ('')."
            yield Finding("InvalidApplication", f"{place}.environment_variables", message, source)


def fill_applications(current: t.Any, declared: t.Any) -> t.Any:
    """Applications in which the existing ones keep what is not declared: variables with a placeholder, as exports and results have it, and privileges."""
    existing = {item["name"]: item for item in current or []}
    return declared and [_filled(item, existing.get(item["name"]) or {}) for item in declared]


def _filled(item: Values, existing: Values) -> Values:
    filled = _with_variables(item, existing.get("environment_variables") or {})
    if item.get("privileged") is None and existing.get("privileged") is not None:
        filled = {**filled, "privileged": existing["privileged"]}
    access = {mount.get("target"): mount.get("read_only") for mount in existing.get("bind_mounts") or []}
    kept = [
        {**mount, "read_only": access[mount.get("target")]}
        if mount.get("read_only") is None and access.get(mount.get("target")) is not None
        else mount
        for mount in item.get("bind_mounts") or []
    ]
    return {**filled, "bind_mounts": kept} if kept else filled


def _with_variables(item: Values, existing: Values) -> Values:
    """A placeholder never becomes the value itself."""
    variables = item.get("environment_variables") or {}
    unknown = [name for name, value in variables.items() if redact.is_placeholder(value) and existing.get(name) is None]
    if unknown:
        raise RuleError(
            f"Cannot set {', '.join(unknown)} of the custom application {item['name']!r}: the declared value is a placeholder ({redact.PLACEHOLDER}), "
            "and the application has no current value to keep.",
            code="PlaceholderNotReplaced",
            hint="Replace the placeholder in custom_applications.environment_variables with the value.",
        )
    kept = {name: existing[name] for name, value in variables.items() if redact.is_placeholder(value)}
    return {**item, "environment_variables": {**variables, **kept}} if kept else item


# --- data mounts ---

_MODES = {"read_only": "ReadOnly", "read_write": "ReadWrite"}
_SOURCES = {"datastore": "Datastore", "dataset": "Dataset", "uri": "URI"}


def mounts_to_arm(items: list[Values]) -> list[Values]:
    """What updateDataMounts takes: a mount to add, or one to remove by its name."""
    return [
        {"mountName": item["mount_name"], "mountAction": "Unmount"}
        if item.get("state") == "absent"
        else present(
            {
                "mountName": item["mount_name"],
                "mountAction": "Mount",
                "source": item.get("source"),
                "sourceType": _SOURCES.get(item.get("source_type") or "uri"),
                "mountPath": item.get("mount_path"),
                "mountMode": _MODES.get(item.get("mount_mode") or "read_only"),
            }
        )
        for item in items
    ]


def mounts_from_arm(items: list[Values]) -> list[Values]:
    mode, source = (_fields.choice(**names)["from_arm"] for names in (_MODES, _SOURCES))
    return [
        {
            "mount_name": item.get("mountName"),
            "source": item.get("source"),
            "source_type": source(item.get("sourceType")),
            "mount_path": item.get("mountPath"),
            "mount_mode": mode(item.get("mountMode")),
        }
        for item in items or []
        if lower(item.get("mountState")) not in ("unmounted", "unmountrequested")
    ]


def check_mounts(items: list[Values], option: str) -> Findings:
    yield from rules.once((item["mount_name"] for item in items), option, "this collection: mounts are matched by name")


def same_mounts(current: t.Any, declared: t.Any) -> bool:
    """Whether every declared mount is there, or not there, as declared. Mounts that were not declared are other people's."""
    existing = {item["mount_name"]: item for item in current or []}
    for item in declared or []:
        mount = existing.get(item["mount_name"])
        if item.get("state") == "absent":
            if mount is not None:
                return False
            continue
        desired = {key: value for key, value in present(item).items() if key != "state"}
        if mount is None or any(mount.get(key) != value for key, value in desired.items()):
            return False
    return True


class ApplicationField(Field):
    def filled(self, before: t.Any, declared: t.Any) -> t.Any:
        return fill_applications(before, declared)


class MountField(Field):
    def same(self, left: t.Any, right: t.Any) -> bool:
        return same_mounts(left, right)
