# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin as Ansible loads it, over a client without a network: options, sign-in, names, groups, cache, errors.

Sources: "Inventory plugins" of Ansible's developer guide (cache, constructed); ansible-core 2.19's data tagging (what is a template).

Not collected by itself: test_on_a_controller.py runs it in a process of its own.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, inventory_loader
from ansible.template import is_trusted_as_template
from ansible.utils.display import Display

# Before the first import of a collection, which is Ansible's own importer's business from here on.
init_plugin_loader()

from ansible_collections.azureml.compute.plugins.inventory import aml_compute
from ansible_collections.azureml.compute.plugins.module_utils._arm import client as _client
from ansible_collections.azureml.compute.plugins.module_utils._arm import transport as _transport
from ansible_collections.azureml.compute.plugins.module_utils._core import readable
from ansible_collections.azureml.compute.plugins.module_utils._core.errors import ArmError
from ansible_collections.azureml.compute.plugins.module_utils._machines import inventory, nodes

NAME = "azureml.compute.aml_compute"
S1 = "11111111-0000-4000-8000-000000000001"
PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"
ALL_GROUPINGS = ("workspace", "cluster", "type", "state", "size", "location", "resource_group", "subscription")
ENVIRONMENT = {
    "AZURE_CLIENT_ID": "an-id",
    "AZURE_SECRET": "an-environments-secret",
    "AZURE_TENANT": "a-tenant",
    "AZURE_SUBSCRIPTION_ID": S1,
}
Body = dict[str, t.Any]


class Client:
    """Stands in for the ARM client: two workspaces with an instance of the same name each."""

    made: t.ClassVar[list[Client]] = []
    failing: t.ClassVar[str] = ""

    def __init__(self, cloud: t.Any, credential: t.Any, transport: t.Any, policy: t.Any) -> None:
        self.credential, self.policy, self.secrets = credential, policy, ["a-token"]
        self.asked: list[str] = []
        Client.made.append(self)

    def list(self, path: str, api_version: str, *, malformed: t.Any = None) -> list[Body]:
        self.asked.append(path)
        if self.failing and self.failing in path:
            raise ArmError("No, not for a-token of an-environments-secret.", code="AuthorizationFailed", status=403)
        if path.endswith("/computes"):
            return [instance("laptop", path.split("/")[-2])]
        group = f"/subscriptions/{S1}/resourceGroups/rg/{PROVIDER}"
        return [
            {
                "id": f"{group}/{name}",
                "name": name,
                "location": "eastus",
                "tags": {"evil": "{{ 6 * 7 }}", **EXPRESSIONS},
            }
            for name in ("ws-a", "ws-b")
        ]


# Without a brace: templates for who hands them to assert or debug.
EXPRESSIONS = {
    "call": "lookup('ansible.builtin.pipe', 'id')",
    "filter": "aml_id|length",
    "item": "aml_id[0]",
    "block": "#jinja2:x",
}


def instance(name: str, team: str) -> Body:
    settings = {"sshPublicAccess": "Enabled", "adminUserName": "azureuser", "sshPort": 4001}
    inner = {
        "state": "Running",
        "sshSettings": settings,
        "connectivityEndpoints": {"publicIpAddress": "20.9.9.9"},
        "vmSize": "STANDARD_DS3_V2",
    }
    return {
        "name": name,
        "location": "eastus",
        "tags": {"team": team},
        "properties": {"computeType": "ComputeInstance", "properties": inner},
    }


@pytest.fixture
def options() -> Body:
    """The plugin's options with those of its fragments, as Ansible has them."""
    found: Body = loaded().option_definitions
    return found


def loaded() -> t.Any:
    return inventory_loader.get(NAME)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**ENVIRONMENT, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_client, "ArmClient", Client)
    monkeypatch.setattr(_transport, "Transport", lambda *_given: None)
    monkeypatch.setattr(Client, "made", [])
    monkeypatch.setattr(Client, "failing", "")


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, message, *_more, **_named: said.append(message))
    return said


def parse(folder: Path, *, into: InventoryData | None = None, flush: bool = False, **options: t.Any) -> InventoryData:
    path = folder / "aml_compute.yml"
    path.write_text(yaml.safe_dump({"plugin": NAME, **options}))
    made = into or InventoryData()
    plugin = loaded()
    plugin.parse(made, DataLoader(), str(path), cache=not flush)
    if options.get("cache"):
        plugin.update_cache_if_changed()
    return made


def test_the_documentation_has_the_codes_choices(options: Body) -> None:
    expected = {
        "hosts": (inventory.NODES, inventory.WORKSPACES), "types": nodes.TYPES, "states": nodes.STATES, "prefer": nodes.PREFERENCES,
        "default_groups": ALL_GROUPINGS, "plugin": (aml_compute.InventoryModule.NAME,),
    }  # fmt: skip
    assert {name: tuple(options[name]["choices"]) for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("aml_compute.yml", True),
        ("prod.aml_compute.yaml", True),
        ("azureml.yml", True),
        ("x-azureml.yaml", True),
        ("hosts.yml", False),
        ("aml_compute.ini", False),
    ],
)
def test_file_names(tmp_path: Path, name: str, ours: bool) -> None:
    (tmp_path / name).write_text("plugin: x\n")
    assert loaded().verify_file(str(tmp_path / name)) is ours
    assert loaded().verify_file(str(tmp_path / "missing" / name)) is False


def test_the_environment_signs_in_as_for_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is not an option of the file: a profile is used when no variable names an identity, as in every module."""
    parse(tmp_path)
    assert Client.made[-1].credential.source == "environment (client secret)"
    for name in ("AZURE_SECRET", "AZURE_CLIENT_ID", "AZURE_TENANT"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".azure").mkdir()
    (tmp_path / ".azure" / "credentials").write_text(
        f"[default]\nclient_id=i\nsecret=a-secret\ntenant=t\nsubscription_id={S1}\n"
    )
    (tmp_path / ".azure" / "credentials").chmod(0o600)
    parse(tmp_path)
    assert Client.made[-1].credential.source == "credential file (profile default) (client secret)"


def test_options_of_the_file_win_and_may_be_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULTED", "from-a-vault")
    other = "22222222-0000-4000-8000-000000000002"
    parse(
        tmp_path,
        client_id="mine",
        tenant="t",
        secret="{{ lookup('ansible.builtin.env', 'VAULTED') }}",
        subscription_id=other,
        retries=3,
    )
    client = Client.made[-1]
    assert client.credential.source == "task options (client secret)" and "from-a-vault" in client.credential.secrets
    assert client.policy.retries == 3 and client.asked[0].startswith(f"/subscriptions/{other}/")


def test_names_groups_and_variables(tmp_path: Path) -> None:
    keyed = [{"prefix": "team", "key": "aml_tags.team"}]
    made = parse(
        tmp_path, keyed_groups=keyed, groups={"big": "'DS3' in aml_size"}, compose={"who": "aml_tags.team ~ '!'"}
    )
    assert sorted(made.hosts) == ["ws-a-laptop", "ws-b-laptop"]
    groups = made.get_groups_dict()
    assert groups["team_ws_a"] == groups["workspace_ws_a"] == ["ws-a-laptop"]
    assert (
        groups["big"]
        == groups["aml_nodes"]
        == groups["aml_reachable"]
        == groups["size_standard_ds3_v2"]
        == ["ws-a-laptop", "ws-b-laptop"]
    )
    variables = made.hosts["ws-a-laptop"].get_vars()
    assert (variables["who"], variables["ansible_host"], variables["ansible_port"], variables["workspace"]) == (
        "ws-a!",
        "20.9.9.9",
        4001,
        "ws-a",
    )


def test_hostnames(tmp_path: Path) -> None:
    assert sorted(parse(tmp_path, host_prefix="ml-", hostnames=["nothing", "workspace ~ '.' ~ aml_compute"]).hosts) == [
        "ml-ws-a.laptop",
        "ml-ws-b.laptop",
    ]
    with pytest.raises(AnsibleError, match="hostnames: 'nothing' has no value"):
        parse(tmp_path, strict=True, hostnames=["nothing"])


def existing(*hosts: str, group: str = "db") -> InventoryData:
    """What Ansible read from sources before this one."""
    made = InventoryData()
    made.add_group(group)
    for host in hosts:
        made.add_host(host, group)
        made.set_variable(host, "ansible_password", "of-the-host")
    return made


def test_a_host_or_group_that_exists_keeps_its_name_and_variables(tmp_path: Path, warnings: list[str]) -> None:
    made = parse(tmp_path, into=existing("WS-A-laptop", group="ws-b-laptop"))
    assert set(made.hosts) == {"WS-A-laptop", "rg-ws-a-laptop", "rg-ws-b-laptop"}
    assert (
        "ansible_host" not in made.hosts["WS-A-laptop"].get_vars()
        and "ansible_password" not in made.hosts["rg-ws-a-laptop"].get_vars()
    )
    told = [warning for warning in warnings if "Set host_prefix or hostnames" in warning]
    assert len(told) == 2 and "'ws-a-laptop'" in told[0] and "the host 'WS-A-laptop' of the inventory" in told[0]
    assert sorted(parse(tmp_path, into=made).hosts) == sorted(made.hosts), (
        "read again, these machines are the hosts that they were"
    )


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "all",
        "ungrouped",
        "aml_nodes",
        "a b",
        "x:!y",
        "web*",
        "::1",
        "-oProxyCommand=x",
    ],
)
@pytest.mark.parametrize("kind", ["nodes", "workspaces"])
def test_an_expression_over_texts_of_the_service_takes_no_such_name(
    tmp_path: Path, warnings: list[str], name: str, kind: str
) -> None:
    made = parse(tmp_path, hosts=kind, workspaces=["ws-a"], hostnames=[repr(name)])
    assert [host[:4] for host in made.hosts] == ["ws-a"] and len(warnings) == 1


@pytest.mark.parametrize("name", ["db1", "all", "localhost"])
def test_a_tag_makes_no_group_that_is_called_like_a_host(
    tmp_path: Path, warnings: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ansible.constants.TRANSFORM_INVALID_GROUP_CHARS", "never")
    keyed = [{"key": repr(name), "separator": "", "parent_group": "mine"}, {"prefix": "team", "key": "aml_tags.team"}]
    made = parse(tmp_path, into=existing("db1"), keyed_groups=keyed)
    assert name == "all" or name not in made.groups
    assert made.groups["all"].hosts == [] and "team_ws_a" in made.groups
    assert len(warnings) == 1 and f"no group {name!r}" in warnings[0]


def test_strict(tmp_path: Path) -> None:
    assert "x" not in parse(tmp_path, compose={"x": "nothing"}).hosts["ws-a-laptop"].get_vars()
    with pytest.raises(AnsibleError, match="Could not set x"):
        parse(tmp_path, compose={"x": "nothing"}, strict=True)


def test_what_is_a_template(tmp_path: Path) -> None:
    """A template in a value of the service stays text; the one template that the plugin itself writes is one."""
    made = parse(tmp_path, hosts="workspaces", compose={"copied": "aml_tags.evil"})
    variables = made.hosts["ws-a"].get_vars()
    assert variables["aml_tags"]["evil"] == variables["copied"] == "{{ 6 * 7 }}"
    assert not is_trusted_as_template(variables["aml_tags"]["evil"]) and not is_trusted_as_template(variables["copied"])
    assert not any(is_trusted_as_template(variables["aml_tags"][name]) for name in EXPRESSIONS)
    assert is_trusted_as_template(variables["location"])
    assert (
        is_trusted_as_template(variables["ansible_python_interpreter"]) and variables["ansible_connection"] == "local"
    )
    assert not [path for path in Client.made[-1].asked if path.endswith("/computes")]


def test_a_text_of_the_service_like_the_plugins_own_template_stays_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, listed = "{{ ansible_playbook_python }}", Client.list
    monkeypatch.setattr(
        Client, "list", lambda *given, **named: [{**one, "location": template} for one in listed(*given, **named)]
    )
    made = parse(tmp_path, hosts="workspaces")
    for name in ("ws-a", "ws-b"):
        variables = made.hosts[name].get_vars()
        assert variables["location"] == variables["ansible_python_interpreter"] == template
        trusted = [
            variable
            for variable in ("location", "ansible_python_interpreter")
            if is_trusted_as_template(variables[variable])
        ]
        assert trusted == ["ansible_python_interpreter"]


LISTS = ("subscriptions", "resource_groups", "workspaces")
BLANK = ["{{ lookup('ansible.builtin.env', 'NOT_SET') }}"]


@pytest.mark.parametrize(
    ("name", "value"), [*((name, []) for name in (*LISTS, "types", "states")), *((name, BLANK) for name in LISTS)]
)
def test_an_empty_selection_is_not_all(tmp_path: Path, name: str, value: t.Any) -> None:
    made, asked = InventoryData(), len(Client.made)
    with pytest.raises(AnsibleError, match=f"{name} is set, but"):
        parse(tmp_path, into=made, **{name: value})
    assert not made.hosts and len(Client.made) == asked


def test_an_error_leaves_no_hosts_and_shows_no_secrets(tmp_path: Path) -> None:
    Client.failing = "ws-b"
    made = InventoryData()
    with pytest.raises(AnsibleError) as caught:
        parse(tmp_path, into=made)
    message = str(caught.value)
    assert "workspace ws-b" in message and "AuthorizationFailed" in message and "ws-a" not in message
    assert "an-environments-secret" not in message and "a-token" not in message
    assert not made.hosts


def test_a_message_of_the_service_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    def refused(_client: Client, path: str, *_more: t.Any, **_named: t.Any) -> list[Body]:
        raise ArmError("No.\n\nPLAY RECAP ***", code="Refused\nok: [localhost]", status=403)

    monkeypatch.setattr(Client, "list", refused)
    parse(tmp_path, fail_on_error=False)
    assert warnings and all("PLAY RECAP" in text and "\n" not in text for text in warnings)


def test_tags_that_no_workspace_has_are_told(tmp_path: Path, warnings: list[str]) -> None:
    """A play over no hosts ends as a success."""
    assert parse(tmp_path, hosts="workspaces", workspace_tags={"evil": None}).hosts and warnings == []
    assert not parse(tmp_path, hosts="workspaces", workspace_tags={"stop": "evening"}).hosts
    assert len(warnings) == 1 and "no workspace has the tags of workspace_tags (without them: 2)" in warnings[0]


def test_an_incomplete_answer_is_named_and_not_kept(tmp_path: Path, warnings: list[str]) -> None:
    options = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "kept"),
        "fail_on_error": False,
    }
    Client.failing = "ws-b"
    assert sorted(parse(tmp_path, **options).hosts) == ["ws-a-laptop"]
    assert len(warnings) == 1 and warnings[0].startswith("Hosts are missing from the inventory. workspace ws-b")
    Client.failing = ""
    assert len(parse(tmp_path, **options).hosts) == 2
    made = len(Client.made)
    assert len(parse(tmp_path, **options).hosts) == 2 and len(Client.made) == made, "now it is kept"
    assert len(parse(tmp_path, flush=True, **options).hosts) == 2 and len(Client.made) == made + 1, "--flush-cache"


def test_the_cache_holds_no_secret(tmp_path: Path) -> None:
    """Nor do the hosts: who signs in is told apart by a hash of what is no secret."""
    own = {"client_id": "mine", "tenant": "t", "secret": "a-secret-of-the-file"}
    made = parse(
        tmp_path, cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "kept"), **own
    )
    (kept,) = (tmp_path / "kept").iterdir()
    shown = kept.read_text() + json.dumps({name: host.get_vars() for name, host in made.hosts.items()}, default=str)
    assert "ws-a" in shown
    for word in ("a-secret-of-the-file", "an-environments-secret", "a-token"):
        assert word not in shown


@pytest.mark.parametrize("name", readable.NAMES)
def test_a_tag_with_a_name_of_ansible_core_is_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As it is, the cache and AWX's import of an inventory could not be read, or would read another value."""
    monkeypatch.setitem(EXPRESSIONS, name, "TrustedAsTemplate")
    monkeypatch.setitem(EXPRESSIONS, "half", "a\ud800")
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "kept")}
    for _again in range(2):
        tags = [host.get_vars()["aml_workspace_tags"] for host in parse(tmp_path, **options).hosts.values()]
        shown = [(name in each, each[f"{name}_"], each["half"]) for each in tags]
        assert shown == [(False, "TrustedAsTemplate", r"a\ud800")] * 2
    assert len(Client.made) == 1


def test_a_tag_that_repeats_a_secret_is_hidden_in_hosts_and_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the sign-in, in a tag of a workspace; of a custom application, in a tag of its instance. Names and addresses stay."""
    variables = {"ANY": {"type": "local", "value": "zQ7-word/of an application"}}
    made_by_colleague = instance("laptop", "zQ7-word%2Fof%20an%20application")
    made_by_colleague["properties"]["properties"]["customServices"] = [
        {"name": "app", "environmentVariables": variables}
    ]
    monkeypatch.setitem(globals(), "instance", lambda *_names: made_by_colleague)
    monkeypatch.setitem(EXPRESSIONS, "note", "It is an\\u002denvironments-secret.")
    made = parse(tmp_path, cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(tmp_path / "kept"))
    (kept,) = (tmp_path / "kept").iterdir()
    for shown in (
        kept.read_text(),
        json.dumps({name: host.get_vars() for name, host in made.hosts.items()}, default=str),
    ):
        assert "zQ7" not in shown and "environments-secret" not in shown and "It is ***." in shown
        assert "20.9.9.9" in shown and "laptop" in shown


def test_somebody_else_does_not_get_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "kept")}
    others = {
        "AZURE_CLIENT_ID": "other",
        "AZURE_SUBSCRIPTION_ID": S1.replace("1", "2"),
        "AZURE_CLOUD_ENVIRONMENT": "AzureChinaCloud",
    }
    for name, value in others.items():
        parse(tmp_path, **options)
        made = len(Client.made)
        monkeypatch.setenv(name, value)
        parse(tmp_path, **options)
        assert len(Client.made) == made + 1, name
    kept = "".join(path.read_text() for path in (tmp_path / "kept").iterdir())
    assert "laptop" in kept and "secret" not in kept


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host_prefix": "a b"}, "host_prefix"),
        ({"subscriptions": ["not-an-id"]}, "not-an-id"),
        ({"states": ["asleep"]}, "asleep"),
        ({"auth_source": "credential_file"}, "credentials"),
    ],
)
def test_bad_input_sends_nothing(tmp_path: Path, options: Body, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        parse(tmp_path, **options)
    assert not [path for client in Client.made for path in client.asked]
