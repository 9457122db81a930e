# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offline rules, by tables: each wrong value with its code and a message that names the option.

Sources: docs/coverage.md C7 to C16, K6, M2 to M5, CC9; docs/facts.md c.1 (names); ARM's naming and tag limits.
"""

from __future__ import annotations

import base64
import struct
import typing as t
from functools import partial

import pytest
from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import compute_target
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import RuleError
from ansible_collections.azureml.compute.plugins.module_utils._core.findings import Finding, Findings, refuse
from ansible_collections.azureml.compute.plugins.module_utils._engine import rules
from ansible_collections.azureml.compute.plugins.module_utils._kinds.cluster import CLUSTER
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st


def codes(findings: t.Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


IP_RULES = "how-to-configure-private-link, public access from internet IP ranges; ARM types, IPRule"

# --- names ---


@pytest.mark.parametrize(
    "name", ["cpu", "cpu-cluster", "CPU-a1", "a1b", "gpu-a1-2b", "gpu1", "a--b", "a" * 24, "gpu-1a"]
)
def test_compute_names(name: str) -> None:
    assert codes(rules.compute_name(name)) == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ab", "3 to 24"),
        ("", "3 to 24"),
        ("a" * 25, "3 to 24"),
        ("1abc", "start with a letter"),
        ("-abc", "start with a letter"),
        ("abc-", "end with"),
        ("gpu-1", "'gpu-a1'"),
        ("cpu-cluster-12", "'cpu-cluster-a12'"),
        ("a_b", "only letters"),
        ("a.b", "only letters"),
        ("a b", "only letters"),
        ("clustér", "only letters"),
        ("cpu\n", "only letters"),
    ],
)
def test_wrong_compute_names(name: str, rule: str) -> None:
    [finding] = rules.compute_name(name)
    assert finding.code == "InvalidComputeName"
    assert rule in finding.message
    assert finding.message.startswith("name ")
    assert finding.source


@given(st.from_regex(r"[a-zA-Z](?![a-zA-Z0-9-]*-[0-9]+\Z)[a-zA-Z0-9-]{1,22}[a-zA-Z0-9]\Z", fullmatch=True))
def test_the_schema_and_the_service_agree_with_us(name: str) -> None:
    """docs/facts.md c.1: the pattern of the ARM schema, with the end that the service's message demands."""
    assert codes(rules.compute_name(name)) == []


LONGEST_HOST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


@pytest.mark.parametrize(
    ("rule", "good", "bad", "code"),
    [
        (
            rules.workspace_name,
            ["ws1", "a-b_c", "1ws", "w" * 33],
            ["ws", "-ws", "_ws", "w" * 34, "w.s", "ws one", "ws1\n"],
            "InvalidWorkspaceName",
        ),
        (
            rules.resource_group,
            ["rg", "a.b", "(x)_-1", "é-ü", "r" * 90],
            ["", "rg.", "a b", "r" * 91, "a/b", "rg\n"],
            "InvalidResourceGroupName",
        ),
        (
            rules.subscription_id,
            ["00000000-0000-0000-0000-000000000001", "ABCDEF00-0000-0000-0000-00000000000a"],
            ["", "mine", "00000000000000000000000000000001", "00000000-0000-0000-0000-000000000001\n"],
            "InvalidSubscriptionId",
        ),
        (
            rules.segment,
            ["ws", "a_b", "my.vault", "...", "é(1)"],
            ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a\\b", "a b", "a\n", "a\x7f"],
            "InvalidName",
        ),
        (
            rules.api_version,
            ["2025-12-01", "2025-01-31-preview", "2024-10-19-PREVIEW", "2024-09-29", "2024-11-30-privatepreview"],
            [
                "",
                "latest",
                "2025-13-01",
                "2025-00-01",
                "2025-01-32",
                "2025-01-00",
                "2025-1-1",
                "v2025-01-01",
                "2025-01-01-",
                "2025-01-01-p1",
                "2025-01-01\n",
            ],
            "InvalidApiVersion",
        ),
        (
            rules.location,
            ["eastus", "East US 2", "EASTUS", "a"],
            ["", "2east", "east-us", "east_us", " eastus", "east/us", "east.us", "eastus\n"],
            "InvalidLocation",
        ),
        (
            rules.tenant,
            ["00000000-0000-0000-0000-00000000000a", "contoso.onmicrosoft.com", "CONTOSO.COM"],
            ["", "a b", "a/b", "a_b", "contoso.com\n"],
            "InvalidTenant",
        ),
        (
            rules.guid,
            ["00000000-0000-0000-0000-00000000000a", "ABCDEF00-0000-0000-0000-000000000000"],
            ["", "me@contoso.com", "0" * 32],
            "InvalidGuid",
        ),
        (
            rules.without_blanks,
            ["00000000-0000-0000-0000-00000000000a", "AB12", "any.text"],
            ["a b", " a", "a\n", "\t"],
            "InvalidText",
        ),
        (
            rules.https_address,
            ["https://vault.example.com/keys/k/1", "https://h", "HTTPS://h", "https://[::1]:8443/x", "https://h:443"],
            [
                "",
                "h",
                "http://h/x",
                "https://",
                "https:///x",
                "https:h",
                "https://h/a b",
                "https://h\n",
                "https://[h",
                "http://[h",
            ],
            "InvalidAddress",
        ),
        (
            rules.vm_size,
            ["Standard_D4s_v3", "STANDARD_D4S_V3", "standard-a1", "a"],
            ["", "3_DS", "_a", "Standard DS3", "a/b", "a.b", "a\n"],
            "InvalidSize",
        ),
        (
            rules.vm_family,
            ["standardDSv2Family", "STANDARD", "Standard NCASv3_T4 Family", "standard_a.b-1", "7", "ab"],
            ["", " a", "a ", "_a", "a-", "a/b", "a,b", "a\n"],
            "InvalidVMFamilyName",
        ),
        (
            rules.account,
            ["azureuser", "Azure", "_svc", "a", "a.b@c-d_1", "u" * 64],
            ["", "1user", "-user", "u" * 65, "a b", "a:b", "a/b", "azureuser\n"],
            "InvalidUserName",
        ),
        (
            rules.host,
            [
                "localhost",
                "vm1.example.com",
                "VM-1.Example.COM",
                "1and1.com",
                "a",
                "ab",
                "9.a",
                "10.0.0.4",
                "::1",
                "2001:db8::4",
                LONGEST_HOST,
            ],
            [
                "",
                "a b",
                "a_b",
                "-a",
                "a-",
                "a..b",
                ".a",
                "a.",
                "host:22",
                "me@host",
                "https://host",
                "host/x",
                "host\n",
                "*.example.com",
                "a" * 64,
                LONGEST_HOST + "b",
                "7",
                "a.1",
                "a.b.1",
                "10.0.0.256",
                "10.0.0",
                "10.0.0.4/24",
                "[::1]",
                "fe80::1%eth0",
                "fe80::1%a b",
            ],
            "InvalidHost",
        ),
        (
            partial(rules.host, wildcard=True),
            ["*.example.com", "*.a", "ab", "localhost", "10.0.0.4"],
            ["*", "*.", "*.*.a", "*a.com", "a.*.com", "*.-a", "*.a.1", "*.10.0.0.4", "a b"],
            "InvalidHost",
        ),
        (
            rules.dns_label,
            ["a", "7", "my-app", "MY-APP", "a" * 63],
            ["", "-a", "a-", "a_b", "a.b", "a b", "a" * 64, "a\n"],
            "InvalidLabel",
        ),
        (rules.not_empty, ["a", " a ", 0], ["", " ", "\n"], "EmptyText"),
        (
            partial(rules.network_name, longest=5),
            ["a", "7", "V.n-1", "a___", "a...b", "vnet_"],
            ["", "_a", "-a", ".a", "a.", "a-", "a b", "a/b", "abcdef", "vnet\n"],
            "InvalidName",
        ),
    ],
)
def test_names_and_addresses(rule: t.Callable[..., Findings], good: list[str], bad: list[str], code: str) -> None:
    for value in good:
        assert codes(rule(value, "the_option")) == [], value
    for value in bad:
        assert codes(rule(value, "the_option")) == [code], value
        assert "the_option" in next(rule(value, "the_option")).message


@pytest.mark.parametrize(
    ("names", "twice"),
    [
        ([], []),
        (["a"], []),
        (["a", "b"], []),
        (["a", "a"], ["a"]),
        (["a", "b", "A"], ["A"]),
        (["straße", "STRASSE"], ["STRASSE"]),
        ([7, "7"], ["7"]),
        (["a", "a", "b", "B", "a"], ["a", "B", "a"]),
    ],
)
def test_each_name_that_a_list_repeats_is_found(names: list[t.Any], twice: list[str]) -> None:
    found = list(rules.once(iter(names), "the_option", "the source"))
    assert found == [
        Finding("DeclaredTwice", "the_option", f"the_option names {name!r} twice.", "the source") for name in twice
    ]


SUBNET = "Microsoft.Network/virtualNetworks/subnets"
GROUP = "/subscriptions/s/resourceGroups/rg/providers"


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        (f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets/x", SUBNET, []),
        (
            f"{GROUP}/microsoft.network/VIRTUALNETWORKS/v/Subnets/x/".replace("resourceGroups", "resourcegroups"),
            SUBNET,
            [],
        ),
        (f"{GROUP}/Microsoft.Network/virtualNetworks/v", SUBNET, ["WrongResourceType"]),
        (f"{GROUP}/Microsoft.Network/virtualNetworks/v", None, []),
        (f"{GROUP}/Microsoft.Sql/servers/s/databases/d/tables/t", "Microsoft.Sql/servers/databases/tables", []),
        (f"{GROUP}/Microsoft.Network/virtualNetworks", None, ["InvalidResourceId"]),
        (f"{GROUP}/Microsoft.Network/virtualNetworks/v/subnets", None, ["InvalidResourceId"]),
        *[
            (f"{GROUP}/Microsoft.Network/virtualNetworks/{name}/subnets/x", SUBNET, ["InvalidResourceId"])
            for name in (".", "..", "v?w", "v%2f", "v#w", "v\\w")
        ],
        (f"{GROUP}/Microsoft.Network/virtualNetworks/.v../subnets/...", SUBNET, []),
        ("vnet/subnet", SUBNET, ["InvalidResourceId"]),
        ("", None, ["InvalidResourceId"]),
        (None, None, ["InvalidResourceId"]),
        (7, None, ["InvalidResourceId"]),
    ],
)
def test_resource_ids(value: t.Any, type_: str | None, expected: list[str]) -> None:
    found = list(rules.resource_id(value, "the_option", type_))
    assert codes(found) == expected
    assert all("the_option" in item.message for item in found)


# --- numbers ---


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("/subscriptions/s/resourceGroups/rg", True),
        ("/SUBSCRIPTIONS/s/resourcegroups/rg/", True),
        ("/subscriptions/s/resourceGroups/..", False),
        ("/subscriptions/s/resourceGroups/rg/providers/a/b/c", False),
        ("x/subscriptions/s/resourceGroups/rg", False),
        ("/subscriptions/s/resourceGroups/rg\n", False),
        (7, False),
    ],
)
def test_ids_of_resource_groups(value: object, right: bool) -> None:
    assert (list(rules.group_id(value, "group")) == []) is right


def test_as_many_ip_rules_as_a_workspace_takes() -> None:
    assert list(rules.ip_rules([{"value": "203.0.113.7"}] * 200, "network_acls.ip_rules")) == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("10.1.0.0/16", "rules.value must be an address, or a range, of the public internet; '10.1.0.0/16' is in a private range."),
        ("2001:db8::/32", "rules.value must be an IPv4 address, or a range such as 203.0.113.0/24; '2001:db8::/32' is not."),
        (None, "rules.value must be an IPv4 address, or a range such as 203.0.113.0/24; None is not."),
    ],
)  # fmt: skip
def test_ip_rules_that_a_workspace_refuses(value: t.Any, message: str) -> None:
    (found,) = rules.ip_rules([{"value": "203.0.113.7"}, {"value": value}], "rules")
    assert (found.code, found.option, found.message) == ("InvalidIpRange", "rules", message)
    assert found.source and found.source.startswith("how-to-configure-private-link")


@pytest.mark.parametrize(
    ("value", "ipv4", "network"),
    [
        ("203.0.113.0/24", "203.0.113.0/24", True),
        ("203.0.113.7", "203.0.113.7/32", True),
        # With bits of a host.
        ("203.0.113.7/24", "203.0.113.0/24", True),
        ("2001:db8::1/32", None, True),
        ("203.0.113.256", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_addresses_and_ranges(value: t.Any, ipv4: str | None, network: bool) -> None:
    assert (rules.ip_range(value) and str(rules.ip_range(value))) == ipv4
    assert (rules.network(value) is not None) is network


def test_a_number_is_no_network() -> None:
    assert rules.network(3405803783) is None


@pytest.mark.parametrize("value", [2, 3, 1000])
def test_numbers_from_the_lowest_up(value: int) -> None:
    assert list(rules.at_least(2, "a source")(value, "the_option")) == []


def test_a_number_below_the_lowest() -> None:
    assert list(rules.at_least(2, "a source")(1, "the_option")) == [
        Finding("OutOfRange", "the_option", "the_option must be at least 2; 1 is not.", "a source")
    ]


@pytest.mark.parametrize("value", [2, 5])
def test_numbers_within_a_range(value: int) -> None:
    assert list(rules.between(2, 5, "", "a source")(value, "the_option")) == []


@pytest.mark.parametrize("value", [1, 6])
def test_numbers_outside_a_range(value: int) -> None:
    message = f"the_option must be from 2 to 5 (five minutes); {value} is not."
    assert list(rules.between(2, 5, " (five minutes)", "a source")(value, "the_option")) == [
        Finding("OutOfRange", "the_option", message, "a source")
    ]


def scale(lowest: int | None, highest: int | None) -> Findings:
    """What a cluster of these numbers of nodes breaks: the rules of the two options, and the one of both."""
    numbers = {"min_instances": lowest, "max_instances": highest}
    declared = {option: number for option, number in numbers.items() if number is not None}
    return CLUSTER.check(compute_target("s", "rg", "ws", "cpu"), declared, declared)


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 4, []),
        (4, 4, []),
        (None, None, []),
        (0, None, []),
        (None, 1, []),
        (None, 0, ["OutOfRange"]),
        (-1, 4, ["OutOfRange"]),
        (5, 4, ["MinimumAboveMaximum"]),
        (0, 0, ["OutOfRange"]),
        (1, 0, ["OutOfRange"]),
        (-1, -1, ["OutOfRange", "OutOfRange"]),
        (2, 1, ["MinimumAboveMaximum"]),
        (1, 1, []),
    ],
)
def test_scale(lowest: int | None, highest: int | None, expected: list[str]) -> None:
    found = list(scale(lowest, highest))
    assert codes(found) == expected
    assert all(item.option in item.message for item in found)


# --- SSH keys ---

RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
LINE = RSA.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
PEM = RSA.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
PKCS1 = RSA.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1).decode()
OTHER = ed25519.Ed25519PrivateKey.generate().public_key()
ED_LINE = OTHER.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
ED_PEM = OTHER.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
BLOB = LINE.split()[1]
FOLDED = "\n".join(BLOB[start : start + 70] for start in range(0, len(BLOB), 70))
BEGIN, END = "---- BEGIN SSH2 PUBLIC KEY ----", "---- END SSH2 PUBLIC KEY ----"
UNQUOTED = f"{BEGIN}\nComment: a very \\\nlong comment\n{FOLDED}\n{END}"
RFC4716 = f'{BEGIN}\nComment: "1024-bit RSA, a very \\\nlong: comment"\nSubject: me\n{FOLDED}\n{END}\n'


def blob(*fields: str) -> str:
    """A key's line with these fields, each behind its length (RFC 4253, 6.6)."""
    return (
        "ssh-rsa "
        + base64.b64encode(b"".join(struct.pack(">I", len(field)) + field.encode() for field in fields)).decode()
    )


def nameless(value: t.Any) -> str:
    """No keys in the names of tests: each worker of pytest-xdist makes its own."""
    return "" if isinstance(value, str) and ("ssh-" in value or "BEGIN" in value) else str(value)


@pytest.mark.parametrize(
    "key",
    [
        LINE,
        f"{LINE} me@here",
        f"  {LINE}\n",
        PEM,
        PKCS1,
        RFC4716,
        RFC4716.replace("\n", "\r\n"),
        f"{BEGIN}\n{FOLDED}\n{END}",
        UNQUOTED,
    ],
)
def test_every_form_of_a_key_becomes_one_line(key: str) -> None:
    single = rules.openssh_public_key(key)
    assert single.split()[:2] == LINE.split()
    assert "\n" not in single


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----", "private key"),
        (ED_LINE, "ssh-keygen -t rsa"),
        (ED_PEM, "ssh-keygen -t rsa"),
        ("ecdsa-sha2-nistp256 AAAA", "ecdsa"),
        ("ssh-dss AAAA", "ssh-dss"),
        (LINE[:30], "cut or altered"),
        (LINE[:-20], "cut or altered"),
        (LINE.replace("ssh-rsa AAAA", "ssh-rsa AAA*"), "cut or altered"),
        (blob("ssh-dss"), "cut or altered"),
        (blob("ssh-dss", "3", "5"), "cut or altered"),
        (blob("ssh-rsa", "3"), "cut or altered"),
        (blob("ssh-rsa", "3", "5", "7"), "cut or altered"),
        # A length above 2^31, which as a signed number would lead back to where it stands.
        ("ssh-rsa " + base64.b64encode(b"\xff\xff\xff\xfc").decode(), "cut or altered"),
        (LINE[:12] + "*" + LINE[12:], "cut or altered"),
        ("ssh-rsa", "not a public key"),
        ("", "not a public key"),
        ("~/.ssh/id_rsa.pub", "not a public key"),
        (f"{LINE}\n{LINE}", "not a public key"),
        ("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----", "PEM"),
    ],
    ids=nameless,
)
def test_keys_that_the_service_does_not_take(key: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.openssh_public_key(key)
    assert caught.value.code == "InvalidSshKey"
    assert problem in caught.value.message
    assert "ssh_settings.ssh_key_value" in caught.value.message
    assert "RSA" in caught.value.message
    assert "BEGIN" not in caught.value.message, "a key does not belong into a message"


@pytest.mark.parametrize(
    ("user", "key", "password", "expected"),
    [
        ("me", LINE, None, []),
        ("me", None, "secret", []),
        ("me", LINE, "secret", []),
        ("me", None, None, ["SshKeyMissing"]),
        (None, LINE, None, ["SshUserMissing"]),
        ("", None, None, ["SshUserMissing", "SshKeyMissing"]),
        ("me", ED_LINE, None, ["InvalidSshKey"]),
    ],
    ids=nameless,
)
def test_ssh_settings(user: t.Any, key: t.Any, password: t.Any, expected: list[str]) -> None:
    assert codes(rules.ssh_settings(user, key, password)) == expected


# --- identity, tags ---

ID = f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/me"


@pytest.mark.parametrize(
    ("value", "both", "expected"),
    [
        (None, False, []),
        ({"type": "none"}, False, []),
        ({"type": "system_assigned"}, False, []),
        ({"type": "user_assigned", "user_assigned_identities": [ID]}, False, []),
        ({"type": "system_assigned,user_assigned", "user_assigned_identities": [ID]}, True, []),
        ({"type": "user_assigned"}, False, ["IdentityMissing"]),
        ({"type": "system_assigned,user_assigned"}, True, ["IdentityMissing"]),
        ({"type": "none", "user_assigned_identities": [ID]}, False, ["IdentityConflict"]),
        ({"type": "system_assigned", "user_assigned_identities": [ID]}, True, ["IdentityConflict"]),
        ({"type": "user_assigned", "user_assigned_identities": [None]}, False, ["InvalidResourceId"]),
        (
            {"type": "user_assigned", "user_assigned_identities": [ID.replace("ManagedIdentity/userAssigned", "X/y")]},
            False,
            ["WrongResourceType"],
        ),
    ],
)
def test_identities(value: t.Any, both: bool, expected: list[str]) -> None:
    found = list(rules.identity(value, both=both))
    assert codes(found) == expected
    assert all(item.option.startswith("identity") for item in found)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ({}, []),
        ({"a": None, "b": "", "c": 7, "d": True}, []),
        ({"a" * 512: "x" * 256}, []),
        ({"a" * 513: "x"}, ["InvalidTag"]),
        ({"a": "x" * 257}, ["InvalidTag"]),
        ({"": "x"}, ["InvalidTag"]),
        ({"Team": "x", "team": "x", "other": "x"}, ["InvalidTag"]),
        ({"a": ["x"]}, ["InvalidTag"]),
        ({"a": {}}, ["InvalidTag"]),
        *[({f"a{sign}": "x"}, ["InvalidTag"]) for sign in "<>%&\\?/"],
        ({str(number): "x" for number in range(50)}, []),
        ({str(number): "x" for number in range(51)}, ["TooManyTags"]),
    ],
)
def test_tags(value: t.Any, expected: list[str]) -> None:
    assert codes(rules.tags(value)) == expected


# --- what a user reads ---

ARM = "Azure Resource Manager"
COVERAGE = "docs/coverage.md"
TAGS = "Azure Resource Manager, tag-resources#limitations"
IDENTITIES = "identity.user_assigned_identities"
RSA_ONLY = "Azure Machine Learning takes RSA public keys alone (how-to-create-attach-compute-studio, Enable SSH access; azure-docs#112770)."


@pytest.mark.parametrize(
    ("find", "code", "option", "message", "source"),
    [
        (
            lambda: rules.subscription_id("mine"),
            "InvalidSubscriptionId",
            "subscription_id",
            "subscription_id must be a GUID; 'mine' is not.",
            ARM,
        ),
        (
            lambda: rules.resource_group("rg."),
            "InvalidResourceGroupName",
            "resource_group",
            "resource_group 'rg.' is not a valid name: 1 to 90 letters, digits, '-', '_', '.', '(' and ')', with no '.' at the end.",
            "Azure naming rules, Microsoft.Resources/resourceGroups",
        ),
        (
            lambda: rules.workspace_name("w"),
            "InvalidWorkspaceName",
            "workspace",
            "workspace 'w' is not a valid workspace name: 3 to 33 letters, digits, '-' and '_', starting with a letter or digit.",
            "ARM schema of workspaces; docs/facts.md c.1 [SPEC]",
        ),
        (
            lambda: rules.compute_name("1_-2"),
            "InvalidComputeName",
            "name",
            "name '1_-2' is not a valid compute name: it may hold only letters, digits and dashes; it must start with a letter; "
            "a dash must be followed by a letter, not by digits alone (for example '1_-a2').",
            "docs/coverage.md C7 to C11; docs/facts.md b.2, c.1",
        ),
        (
            lambda: rules.compute_name("a-", "the_name", shortest=4, longest=16),
            "InvalidComputeName",
            "the_name",
            "the_name 'a-' is not a valid compute name: it has 2 characters and must have 4 to 16; it must end with a letter or a digit.",
            "docs/coverage.md C7 to C11; docs/facts.md b.2, c.1",
        ),
        (
            lambda: rules.resource_id("vnet", "subnet"),
            "InvalidResourceId",
            "subnet",
            "subnet must be a full resource id (/subscriptions/.../resourceGroups/.../providers/...); 'vnet' is not.",
            ARM,
        ),
        (
            lambda: rules.resource_id(f"{GROUP}/Microsoft.Network/virtualNetworks/v/taps/x/", "subnet", SUBNET),
            "WrongResourceType",
            "subnet",
            f"subnet must be the id of a {SUBNET}, not of a Microsoft.Network/virtualNetworks/taps.",
            ARM,
        ),
        (
            lambda: rules.group_id("/subscriptions/s/resourceGroups", "group"),
            "InvalidResourceId",
            "group",
            "group must be the full id of a resource group (/subscriptions/.../resourceGroups/...); '/subscriptions/s/resourceGroups' is not.",
            ARM,
        ),
        (
            lambda: rules.segment("a/b", "the_name"),
            "InvalidName",
            "the_name",
            "the_name 'a/b' is not a valid name: it must not be empty, '.' or '..', and hold no '/', '?', '#', '%', '\\' or blank.",
            "RFC 3986, 3.3; Azure Resource Manager",
        ),
        (
            lambda: rules.api_version("latest"),
            "InvalidApiVersion",
            "api_version",
            "api_version must be a date such as 2025-12-01 or 2025-01-01-preview; 'latest' is not.",
            "Azure Resource Manager, api-version",
        ),
        (
            lambda: rules.ip_rules([{"value": "203.0.113.0/24"}, {"value": "2001:db8::/32"}], "network_acls.ip_rules"),
            "InvalidIpRange",
            "network_acls.ip_rules",
            "network_acls.ip_rules.value must be an IPv4 address, or a range such as 203.0.113.0/24; '2001:db8::/32' is not.",
            IP_RULES,
        ),
        (
            lambda: rules.ip_rules([{"value": "203.0.113.7"}] * 201, "network_acls.ip_rules"),
            "TooManyIpRules",
            "network_acls.ip_rules",
            "network_acls.ip_rules has 201 rules; a workspace takes 200.",
            IP_RULES,
        ),
        (
            lambda: rules.location("2east"),
            "InvalidLocation",
            "location",
            "location must be the name of a region such as eastus or 'East US 2'; '2east' is not.",
            "Azure regions",
        ),
        (
            lambda: rules.location("East-US 2"),
            "InvalidLocation",
            "location",
            "location must be the name of a region such as eastus or 'East US 2'; 'East-US 2' is not. Did you mean eastus2?",
            "Azure regions",
        ),
        (
            lambda: rules.tenant("a/b"),
            "InvalidTenant",
            "tenant",
            "tenant must be a tenant's id or its domain: letters, digits, '.' and '-'; 'a/b' is not.",
            "azure-identity, validate_tenant_id",
        ),
        (
            lambda: rules.guid("me", "user.object_id"),
            "InvalidGuid",
            "user.object_id",
            "user.object_id must be a GUID; 'me' is not.",
            "Microsoft Entra ID, object and tenant ids",
        ),
        (
            lambda: rules.without_blanks("a b", "client_id"),
            "InvalidText",
            "client_id",
            "client_id must have no blank in it; 'a b' has.",
            "Microsoft Entra ID, application ids",
        ),
        (
            lambda: rules.https_address("http://h", "key_uri"),
            "InvalidAddress",
            "key_uri",
            "key_uri must be an address that begins with https:// and has a host; 'http://h' is not.",
            "RFC 3986",
        ),
        (
            lambda: rules.vm_size("3 cores"),
            "InvalidSize",
            "size",
            "size must be the name of a virtual machine size such as Standard_D4s_v3; '3 cores' is not.",
            "virtual-machines/vm-naming-conventions",
        ),
        (
            lambda: rules.vm_family("a/b", "quotas.family"),
            "InvalidVMFamilyName",
            "quotas.family",
            "quotas.family must be the name of a family such as standardDSv2Family; 'a/b' is not.",
            "virtual-machines/vm-naming-conventions",
        ),
        (
            lambda: rules.account("a:b", "user"),
            "InvalidUserName",
            "user",
            "user must be an account's name: 1 to 64 letters, digits, '_', '.', '@' and '-', starting with a letter or '_'; 'a:b' is not.",
            "virtual-machines, Linux user names; useradd(8)",
        ),
        (
            lambda: rules.host("me@host", "address"),
            "InvalidHost",
            "address",
            "address must be a host name or an IP address, and nothing else; 'me@host' is not.",
            "RFC 1123, 2.1",
        ),
        (
            lambda: rules.dns_label("a.b", "label"),
            "InvalidLabel",
            "label",
            "label must be 1 to 63 letters, digits and '-', with a letter or digit at both ends; 'a.b' is not.",
            "RFC 1123, 2.1",
        ),
        (
            lambda: rules.network_name("a-", "subnet", 80),
            "InvalidName",
            "subnet",
            "subnet 'a-' is not a valid name: 1 to 80 letters, digits, '_', '.' and '-'; a letter or digit first, no '.' or '-' last.",
            "Azure naming rules, Microsoft.Network",
        ),
        (
            lambda: scale(-1, None),
            "OutOfRange",
            "min_instances",
            "min_instances must be at least 0; -1 is not.",
            f"{COVERAGE} C12",
        ),
        (
            lambda: scale(None, 0),
            "OutOfRange",
            "max_instances",
            "max_instances must be at least 1; 0 is not.",
            f"{COVERAGE} C13",
        ),
        (
            lambda: scale(2, 1),
            "MinimumAboveMaximum",
            "min_instances",
            "min_instances (2) must not be above max_instances (1).",
            f"{COVERAGE} C12, C13",
        ),
        (
            lambda: rules.ssh_settings(None, LINE, None),
            "SshUserMissing",
            "ssh_settings.admin_username",
            "ssh_settings needs admin_username.",
            f"{COVERAGE} CC9",
        ),
        (
            lambda: rules.ssh_settings("me", None, None),
            "SshKeyMissing",
            "ssh_settings.ssh_key_value",
            "ssh_settings needs ssh_key_value (preferred) or admin_password.",
            f"{COVERAGE} CC9, T6",
        ),
        (
            lambda: rules.ssh_settings("me", ED_LINE, None),
            "InvalidSshKey",
            "ssh_settings.ssh_key_value",
            f"ssh_settings.ssh_key_value has the type 'ssh-ed25519'; make one with: ssh-keygen -t rsa -b 4096. {RSA_ONLY}",
            f"{COVERAGE} K6",
        ),
        (
            lambda: rules.identity({"type": "user_assigned"}, both=False),
            "IdentityMissing",
            IDENTITIES,
            "identity of type user_assigned needs at least one id in user_assigned_identities.",
            f"{COVERAGE} M2, M3",
        ),
        (
            lambda: rules.identity({"type": "system_assigned", "user_assigned_identities": [ID]}, both=False),
            "IdentityConflict",
            IDENTITIES,
            "identity of type system_assigned takes no user_assigned_identities: one system-assigned identity or several user-assigned ones, not both.",
            f"{COVERAGE} M5",
        ),
        (
            lambda: rules.identity({"type": "none", "user_assigned_identities": [ID]}, both=True),
            "IdentityConflict",
            IDENTITIES,
            "identity of type none takes no user_assigned_identities: one system-assigned identity; for both, use type system_assigned,user_assigned.",
            f"{COVERAGE} M5",
        ),
        (
            lambda: rules.identity(
                {
                    "type": "user_assigned",
                    "user_assigned_identities": [f"{GROUP}/Microsoft.Network/publicIPAddresses/x"],
                },
                both=True,
            ),
            "WrongResourceType",
            IDENTITIES,
            f"{IDENTITIES} must be the id of a Microsoft.ManagedIdentity/userAssignedIdentities, not of a Microsoft.Network/publicIPAddresses.",
            ARM,
        ),
        (
            lambda: rules.tags({str(number): "" for number in range(51)}),
            "TooManyTags",
            "tags",
            "tags holds 51 tags; a resource can have at most 50.",
            TAGS,
        ),
        (
            lambda: rules.tags({"team": "x", "Team": "y", "other": "z"}),
            "InvalidTag",
            "tags",
            "tags has names that differ in case only, which are names of one tag: team, Team. Declare one of them.",
            TAGS,
        ),
        (
            lambda: rules.tags({"a/b": "x"}),
            "InvalidTag",
            "tags",
            "The tag name 'a/b' must have 1 to 512 characters and none of < > % & \\ ? /.",
            TAGS,
        ),
        (
            lambda: rules.tags({"a": ["x"]}),
            "InvalidTag",
            "tags",
            "The value of the tag 'a' must be text, not a list.",
            TAGS,
        ),
        (
            lambda: rules.tags({"a": "x" * 257}),
            "InvalidTag",
            "tags",
            "The value of the tag 'a' has 257 characters; 256 is the most.",
            TAGS,
        ),
        (
            lambda: rules.not_empty(" ", "the_option"),
            "EmptyText",
            "the_option",
            "the_option must not be empty; omit it if it has no value.",
            "this collection",
        ),
        (
            lambda: rules.not_empty("", "the_option", instead="remove it"),
            "EmptyText",
            "the_option",
            "the_option must not be empty; remove it.",
            "this collection",
        ),
    ],
    ids=lambda value: "" if callable(value) else None,
)
def test_each_finding_in_full(
    find: t.Callable[[], Findings], code: str, option: str, message: str, source: str
) -> None:
    assert list(find()) == [Finding(code, option, message, source)]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", "is a private key; give the public half (the file that ends in .pub)"),
        ("ssh-rsa", "is not a public key in OpenSSH's form ('ssh-rsa AAAA... comment'), RFC 4716 or PEM"),
        ("ssh-rsa AAAA", "does not decode as an ssh-rsa key; it was cut or altered on its way"),
        ("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----", "is not a readable PEM public key"),
    ],
    ids=["private", "no key", "cut", "PEM"],
)
def test_each_refusal_of_a_key_in_full(key: str, problem: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.openssh_public_key(key)
    assert caught.value.message == f"ssh_settings.ssh_key_value {problem}. {RSA_ONLY}"
    assert caught.value.hint == "Nothing was sent. Correct ssh_settings.ssh_key_value."


# --- one error for all ---


def test_refuse_says_everything_at_once() -> None:
    refuse([])
    first, second = Finding("One", "a", "First.", "s"), Finding("Two", "b", "Second.", "s")
    with pytest.raises(RuleError) as caught:
        refuse(iter([first, second]))
    assert caught.value.code == "InvalidDeclaration"
    assert caught.value.message == "First. Second."
    assert [detail["code"] for detail in caught.value.details] == ["One", "Two"]
    assert caught.value.hint == "Nothing was sent. Correct a, b."
    with pytest.raises(RuleError) as caught:
        refuse([first])
    assert caught.value.code == "One"
