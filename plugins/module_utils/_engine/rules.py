# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Offline rules: what can be known to be wrong before the first request, each with a code and the documented rule.

A rule takes values and gives findings; it never raises, so that a user sees all that is wrong at once.
"""

from __future__ import annotations

import base64
import re
import struct
import typing as t
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._core.errors import RuleError
from .._core.findings import Finding, Findings

# --- names and ids ---

_SUBSCRIPTION = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_RESOURCE_GROUP = re.compile(r"^[-\w.()]{1,90}\Z")
_WORKSPACE = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{2,32}\Z")
_GROUP_ID = re.compile(r"^/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/?\Z", re.IGNORECASE)
_RESOURCE_ID = re.compile(
    r"^/subscriptions/[^/\s]+/resourceGroups/[^/\s]+/providers/(?P<type>[^/\s]+/[^/\s]+)/[^/\s]+(?P<rest>(/[^/\s]+/[^/\s]+)*)/?\Z",
    re.IGNORECASE,
)


def subscription_id(value: str, option: str = "subscription_id") -> Findings:
    if not _SUBSCRIPTION.match(value):
        yield Finding(
            "InvalidSubscriptionId", option, f"{option} must be a GUID; {value!r} is not.", "Azure Resource Manager"
        )


def resource_group(value: str, option: str = "resource_group") -> Findings:
    if not _RESOURCE_GROUP.match(value) or value.endswith("."):
        yield Finding(
            "InvalidResourceGroupName",
            option,
            f"{option} {value!r} is not a valid name: 1 to 90 letters, digits, '-', '_', '.', '(' and ')', with no '.' at the end.",
            "Azure naming rules, Microsoft.Resources/resourceGroups",
        )


def workspace_name(value: str, option: str = "workspace") -> Findings:
    if not _WORKSPACE.match(value):
        yield Finding(
            "InvalidWorkspaceName",
            option,
            f"{option} {value!r} is not a valid workspace name: 3 to 33 letters, digits, '-' and '_', starting with a letter or digit.",
            "ARM schema of workspaces; docs/facts.md c.1 [SPEC]",
        )


def compute_name(value: str, option: str = "name", *, shortest: int = 3, longest: int = 24) -> Findings:
    """3 to 24 characters, letters, digits and dashes; the service's own message and the ARM schema's pattern together.

    Other bounds are for AKS (docs/coverage.md 1.13).
    Sources: how-to-create-attach-compute-studio rows C7 to C11; docs/facts.md b.2 (invalid name, [ISS]) and c.1 [SPEC].
    """
    source = "docs/coverage.md C7 to C11; docs/facts.md b.2, c.1"
    problems = []
    if not shortest <= len(value) <= longest:
        problems.append(f"it has {len(value)} characters and must have {shortest} to {longest}")
    if re.search(r"[^a-zA-Z0-9-]", value):
        problems.append("it may hold only letters, digits and dashes")
    if not re.match(r"[a-zA-Z]", value):
        problems.append("it must start with a letter")
    if value.endswith("-"):
        problems.append("it must end with a letter or a digit")
    number = re.search(r"-(\d+)$", value)
    if number:
        better = f"{value[: number.start()]}-a{number.group(1)}"
        problems.append(f"a dash must be followed by a letter, not by digits alone (for example {better!r})")
    if problems:
        yield Finding(
            "InvalidComputeName",
            option,
            f"{option} {value!r} is not a valid compute name: " + "; ".join(problems) + ".",
            source,
        )


def resource_id(value: t.Any, option: str, type_: str | None = None) -> Findings:
    """A full ARM id, of ``type_`` (as ``Microsoft.Network/virtualNetworks/subnets``) when that is given."""
    match = _RESOURCE_ID.match(value) if isinstance(value, str) and is_path(value) else None
    if match is None:
        yield Finding(
            "InvalidResourceId",
            option,
            f"{option} must be a full resource id (/subscriptions/.../resourceGroups/.../providers/...); {value!r} is not.",
            "Azure Resource Manager",
        )
        return
    resource_type = "/".join([match.group("type"), *match.group("rest").split("/")[1::2]])
    if type_ and resource_type.casefold() != type_.casefold():
        yield Finding(
            "WrongResourceType",
            option,
            f"{option} must be the id of a {type_}, not of a {resource_type}.",
            "Azure Resource Manager",
        )


def group_id(value: t.Any, option: str) -> Findings:
    """The full ARM id of a resource group."""
    if not isinstance(value, str) or not is_path(value) or not _GROUP_ID.match(value):
        message = f"{option} must be the full id of a resource group (/subscriptions/.../resourceGroups/...); {value!r} is not."
        yield Finding("InvalidResourceId", option, message, "Azure Resource Manager")


def is_path(value: str) -> bool:
    """Whether a text means in an address what it says: no step up, nothing that ends or escapes a path (RFC 3986, 3.3 and 5.2.4)."""
    return not re.search(r"[?#%\\\x00-\x20\x7f]|//", value) and not {".", ".."} & set(value.split("/"))


def segment(value: str, option: str) -> Findings:
    """The name of something that exists: whatever its own rules, one part of an address."""
    if "/" in str(value) or not str(value) or not is_path(str(value)):
        message = f"{option} {value!r} is not a valid name: it must not be empty, '.' or '..', and hold no '/', '?', '#', '%', '\\' or blank."
        yield Finding("InvalidName", option, message, "RFC 3986, 3.3; Azure Resource Manager")


def api_version(value: t.Any, option: str = "api_version") -> Findings:
    """A date, and for previews a word behind it."""
    if not re.match(r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(-[A-Za-z]+)?\Z", str(value)):
        message = f"{option} must be a date such as 2025-12-01 or 2025-01-01-preview; {value!r} is not."
        yield Finding("InvalidApiVersion", option, message, "Azure Resource Manager, api-version")


def location(value: t.Any, option: str = "location") -> Findings:
    """``eastus`` or ``East US 2``. Which regions there are, only the service knows."""
    if not re.match(r"^[A-Za-z][A-Za-z0-9 ]*\Z", str(value)):
        meant = re.sub(r"[\s_-]", "", str(value)).lower()
        hint = f" Did you mean {meant}?" if re.match(r"^[a-z][a-z0-9]+\Z", meant) else ""
        yield Finding(
            "InvalidLocation",
            option,
            f"{option} must be the name of a region such as eastus or 'East US 2'; {value!r} is not.{hint}",
            "Azure regions",
        )


def tenant(value: t.Any, option: str = "tenant") -> Findings:
    if not re.match(r"^[A-Za-z0-9.-]+\Z", str(value)):
        message = f"{option} must be a tenant's id or its domain: letters, digits, '.' and '-'; {value!r} is not."
        yield Finding("InvalidTenant", option, message, "azure-identity, validate_tenant_id")


def guid(value: t.Any, option: str) -> Findings:
    if not _SUBSCRIPTION.match(str(value)):
        yield Finding(
            "InvalidGuid",
            option,
            f"{option} must be a GUID; {value!r} is not.",
            "Microsoft Entra ID, object and tenant ids",
        )


def not_empty(value: t.Any, option: str, *, instead: str = "omit it if it has no value") -> Findings:
    if not str(value).strip():
        yield Finding("EmptyText", option, f"{option} must not be empty; {instead}.", "this collection")


def without_blanks(value: t.Any, option: str) -> Findings:
    if re.search(r"\s", str(value)):
        yield Finding(
            "InvalidText",
            option,
            f"{option} must have no blank in it; {value!r} has.",
            "Microsoft Entra ID, application ids",
        )


def https_address(value: t.Any, option: str) -> Findings:
    try:
        parts = urlsplit(str(value))
        fits = parts.scheme == "https" and bool(parts.hostname) and not re.search(r"\s", str(value))
    except ValueError:
        fits = False
    if not fits:
        yield Finding(
            "InvalidAddress",
            option,
            f"{option} must be an address that begins with https:// and has a host; {value!r} is not.",
            "RFC 3986",
        )


# --- machines and their users ---

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def vm_size(value: t.Any, option: str = "size") -> Findings:
    """Its form; which sizes there are, only the service knows."""
    if not re.match(r"^[A-Za-z][A-Za-z0-9_-]*\Z", str(value)):
        message = f"{option} must be the name of a virtual machine size such as Standard_D4s_v3; {value!r} is not."
        yield Finding("InvalidSize", option, message, "virtual-machines/vm-naming-conventions")


def vm_family(value: t.Any, option: str) -> Findings:
    """Its form; some of the service's own names have spaces (Standard NCASv3_T4 Family)."""
    if not re.match(r"^[A-Za-z0-9](?:[A-Za-z0-9 _.-]*[A-Za-z0-9])?\Z", str(value)):
        message = f"{option} must be the name of a family such as standardDSv2Family; {value!r} is not."
        yield Finding("InvalidVMFamilyName", option, message, "virtual-machines/vm-naming-conventions")


def account(value: t.Any, option: str) -> Findings:
    """A name that a login takes: useradd refuses others, and ':' would end it in /etc/passwd."""
    if not re.match(r"^[A-Za-z_][A-Za-z0-9_.@-]{0,63}\Z", str(value)):
        message = f"{option} must be an account's name: 1 to 64 letters, digits, '_', '.', '@' and '-', starting with a letter or '_'; {value!r} is not."
        yield Finding("InvalidUserName", option, message, "virtual-machines, Linux user names; useradd(8)")


def host(value: t.Any, option: str, *, wildcard: bool = False) -> Findings:
    """A host name (RFC 1123, 2.1), with ``*`` for its first label where a kind takes that, or an IP address."""
    text = str(value)
    name = text[2:] if wildcard and text.startswith("*.") else text
    named = (
        re.match(rf"^{_LABEL}(\.{_LABEL})*\Z", name) is not None
        and len(name) <= 253
        and not name.rpartition(".")[2].isdigit()
    )
    if not named and not _is_ip(text):
        yield Finding(
            "InvalidHost",
            option,
            f"{option} must be a host name or an IP address, and nothing else; {value!r} is not.",
            "RFC 1123, 2.1",
        )


def _is_ip(value: str) -> bool:
    # Few tasks have an address to check.
    import ipaddress

    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    # A zone (RFC 4007, 11) may be any text, and holds on one host alone.
    return "%" not in value


def ip_range(value: t.Any) -> t.Any:
    """An IPv4 address or a range in CIDR notation as ``ipaddress`` has it; None for anything else."""
    ip_network = network(value)
    return ip_network if ip_network is not None and ip_network.version == 4 else None


def network(value: t.Any) -> t.Any:
    """An IP address or a range in CIDR notation as ``ipaddress`` has it, whatever its host bits; None for anything else."""
    import ipaddress

    try:
        return ipaddress.ip_interface(str(value)).network
    except ValueError:
        return None


def _is_private(ip_network: t.Any) -> bool:
    """Whether all of an IPv4 range is in one of the private ones (RFC 1918)."""
    return any(ip_network.subnet_of(network(private)) for private in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def ip_rules(items: list[dict[str, t.Any]], option: str) -> Findings:
    """Rules that each name an IPv4 address or range."""
    source = "how-to-configure-private-link, public access from internet IP ranges; ARM types, IPRule"
    if len(items) > 200:
        yield Finding("TooManyIpRules", option, f"{option} has {len(items)} rules; a workspace takes 200.", source)
    for item in items:
        ip_network = ip_range(item.get("value"))
        if ip_network is not None and _is_private(ip_network):
            message = f"{option}.value must be an address, or a range, of the public internet; {item['value']!r} is in a private range."
            yield Finding("InvalidIpRange", option, message, source)
        elif ip_network is None:
            message = f"{option}.value must be an IPv4 address, or a range such as 203.0.113.0/24; {item.get('value')!r} is not."
            yield Finding("InvalidIpRange", option, message, source)


def dns_label(value: t.Any, option: str) -> Findings:
    if not re.match(rf"^{_LABEL}\Z", str(value)):
        message = (
            f"{option} must be 1 to 63 letters, digits and '-', with a letter or digit at both ends; {value!r} is not."
        )
        yield Finding("InvalidLabel", option, message, "RFC 1123, 2.1")


def network_name(value: t.Any, option: str, longest: int) -> Findings:
    if not re.match(rf"^[A-Za-z0-9]([A-Za-z0-9_.-]{{0,{longest - 2}}}[A-Za-z0-9_])?\Z", str(value)):
        message = f"{option} {value!r} is not a valid name: 1 to {longest} letters, digits, '_', '.' and '-'; a letter or digit first, no '.' or '-' last."
        yield Finding("InvalidName", option, message, "Azure naming rules, Microsoft.Network")


def once(items: t.Iterable[t.Any], option: str, source: str) -> Findings:
    """Names of a list whose items are distinguished by them, ignoring case."""
    seen: set[str] = set()
    for item in items:
        name = str(item)
        if name.casefold() in seen:
            yield Finding("DeclaredTwice", option, f"{option} names {name!r} twice.", source)
        seen.add(name.casefold())


# --- numbers ---


@dataclass(frozen=True)
class Range:
    """The rule for a number: from ``lowest`` to ``highest``, which may have no end. ``note`` says the highest in other words."""

    lowest: int
    highest: int | None
    source: str
    note: str = ""

    def __call__(self, value: int, option: str) -> Findings:
        if self.highest is None and value < self.lowest:
            yield Finding(
                "OutOfRange", option, f"{option} must be at least {self.lowest}; {value} is not.", self.source
            )
        if self.highest is not None and not self.lowest <= value <= self.highest:
            message = f"{option} must be from {self.lowest} to {self.highest}{self.note}; {value} is not."
            yield Finding("OutOfRange", option, message, self.source)


def at_least(lowest: int, source: str) -> Range:
    return Range(lowest, None, source)


def between(lowest: int, highest: int, note: str, source: str) -> Range:
    return Range(lowest, highest, source, note)


def scale(lowest: int | None, highest: int | None) -> Findings:
    """Rows C12 and C13: a maximum of the minimum or more."""
    if lowest is not None and highest is not None and lowest > highest >= 1:
        yield Finding(
            "MinimumAboveMaximum",
            "min_instances",
            f"min_instances ({lowest}) must not be above max_instances ({highest}).",
            "docs/coverage.md C12, C13",
        )


# --- SSH keys ---

_RSA_ONLY = "Azure Machine Learning takes RSA public keys alone (how-to-create-attach-compute-studio, Enable SSH access; azure-docs#112770)."


def openssh_public_key(value: str) -> str:
    """A public key in OpenSSH's single-line form, from that form, from RFC 4716 or from PEM.

    Raises RuleError (``InvalidSshKey``) for a private key, a key of another type and a text that is not a key.
    """
    key = value.strip()
    if "PRIVATE KEY" in key:
        raise _key_error("is a private key; give the public half (the file that ends in .pub)")
    if key.startswith("---- BEGIN SSH2 PUBLIC KEY ----"):
        key = _from_rfc4716(key)
    elif key.startswith("-----BEGIN "):
        key = _from_pem(key)
    parts = key.split()
    if len(parts) < 2 or "\n" in key:
        raise _key_error("is not a public key in OpenSSH's form ('ssh-rsa AAAA... comment'), RFC 4716 or PEM")
    if parts[0] != "ssh-rsa":
        raise _key_error(f"has the type {parts[0]!r}; make one with: ssh-keygen -t rsa -b 4096")
    if not _is_rsa(parts[1]):
        raise _key_error("does not decode as an ssh-rsa key; it was cut or altered on its way")
    return key


def _is_rsa(encoded: str) -> bool:
    """Whether the blob holds a name, an exponent and a modulus, each behind its length, and nothing else (RFC 4253, 6.6)."""
    try:
        rest = base64.b64decode(encoded, validate=True)
        fields = []
        while rest:
            length = struct.unpack(">I", rest[:4])[0]
            fields.append(rest[4 : 4 + length])
            if len(fields[-1]) < length:
                return False
            rest = rest[4 + length :]
    except (ValueError, struct.error):
        return False
    return len(fields) == 3 and fields[0] == b"ssh-rsa"


def _key_error(problem: str) -> RuleError:
    return RuleError(
        f"ssh_settings.ssh_key_value {problem}. {_RSA_ONLY}",
        code="InvalidSshKey",
        hint="Nothing was sent. Correct ssh_settings.ssh_key_value.",
    )


def _from_rfc4716(key: str) -> str:
    lines, body, header = key.splitlines()[1:], [], False
    for line in lines:
        if line.startswith("---- END"):
            break
        # A header is "Tag: value"; one that ends in a backslash continues in the next line (RFC 4716, 3.3).
        if header or ":" in line:
            header = line.endswith("\\")
            continue
        body.append(line.strip())
    return "ssh-rsa " + "".join(body)


def _from_pem(key: str) -> str:
    # cryptography comes with azure-identity; it is heavy, and only a PEM key needs it.
    from cryptography.hazmat.primitives import serialization

    try:
        loaded = serialization.load_pem_public_key(key.encode())
        line = loaded.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except (ValueError, TypeError) as error:
        raise _key_error("is not a readable PEM public key") from error
    return line.decode()


def ssh_settings(username: t.Any, key: t.Any, password: t.Any) -> Findings:
    """CLI schema amlCompute: an administrator, and a key or a password (docs/coverage.md CC9)."""
    if not username:
        yield Finding(
            "SshUserMissing",
            "ssh_settings.admin_username",
            "ssh_settings needs admin_username.",
            "docs/coverage.md CC9",
        )
    if not key and not password:
        yield Finding(
            "SshKeyMissing",
            "ssh_settings.ssh_key_value",
            "ssh_settings needs ssh_key_value (preferred) or admin_password.",
            "docs/coverage.md CC9, T6",
        )
    if key:
        try:
            openssh_public_key(key)
        except RuleError as error:
            yield Finding(error.code, "ssh_settings.ssh_key_value", error.message, "docs/coverage.md K6")


# --- identities ---


def identity(value: dict[str, t.Any] | None, option: str = "identity", *, both: bool) -> Findings:
    """``both``: whether the kind takes a system-assigned and user-assigned identities at once (a cluster does not: row M5)."""
    if not value:
        return
    kind, ids = value.get("type"), value.get("user_assigned_identities") or []
    if kind in ("user_assigned", "system_assigned,user_assigned") and not ids:
        yield Finding(
            "IdentityMissing",
            f"{option}.user_assigned_identities",
            f"{option} of type {kind} needs at least one id in user_assigned_identities.",
            "docs/coverage.md M2, M3",
        )
    if ids and kind in ("system_assigned", "none"):
        extra = (
            " or several user-assigned ones, not both"
            if not both
            else "; for both, use type system_assigned,user_assigned"
        )
        yield Finding(
            "IdentityConflict",
            f"{option}.user_assigned_identities",
            f"{option} of type {kind} takes no user_assigned_identities: one system-assigned identity{extra}.",
            "docs/coverage.md M5",
        )
    for item in ids:
        yield from resource_id(
            item, f"{option}.user_assigned_identities", "Microsoft.ManagedIdentity/userAssignedIdentities"
        )


# --- tags ---


def differing_in_case(names: t.Iterable[t.Any]) -> str:
    """The names that another one has in another case, in their order, as a list for people."""
    texts = [str(name) for name in names]
    counts = Counter(text.casefold() for text in texts)
    return ", ".join(text for text in texts if counts[text.casefold()] > 1)


_TAG_LIMITS = "Azure Resource Manager, tag-resources#limitations"


def tags(value: dict[str, t.Any] | None, option: str = "tags") -> Findings:
    """At most 50 tags, names up to 512 and values up to 256 characters, names without ``<>%&\\?/`` and in one case (ARM's tag limits)."""
    if value and len(value) > 50:
        message = f"{option} holds {len(value)} tags; a resource can have at most 50."
        yield Finding("TooManyTags", option, message, _TAG_LIMITS)
    twice = differing_in_case(value or ())
    if twice:
        message = (
            f"{option} has names that differ in case only, which are names of one tag: {twice}. Declare one of them."
        )
        yield Finding("InvalidTag", option, message, _TAG_LIMITS)
    for name, content in (value or {}).items():
        yield from _tag(str(name), content, option)


def _tag(name: str, content: t.Any, option: str) -> Findings:
    # The portal's own names link a resource by its id.
    plain = re.sub(r"/", "", name) if name.startswith("hidden-") else name
    if not 1 <= len(name) <= 512 or re.search(r"[<>%&\\?/]", plain):
        message = f"The tag name {name!r} must have 1 to 512 characters and none of < > % & \\ ? /."
        yield Finding("InvalidTag", option, message, _TAG_LIMITS)
    if isinstance(content, (dict, list)):
        message = f"The value of the tag {name!r} must be text, not a {type(content).__name__}."
        yield Finding("InvalidTag", option, message, _TAG_LIMITS)
    elif content is not None and len(str(content)) > 256:
        yield Finding(
            "InvalidTag",
            option,
            f"The value of the tag {name!r} has {len(str(content))} characters; 256 is the most.",
            _TAG_LIMITS,
        )
