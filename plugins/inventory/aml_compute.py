# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options in, hosts and groups out; reading and processing is in module_utils/_machines/inventory.py.

The cache is used as in "Inventory plugins" of Ansible's developer guide; values from the service are not trusted as templates
(ansible-core 2.19, data tagging).
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: aml_compute
short_description: Azure Machine Learning inventory source for cluster nodes, compute instances or workspaces
version_added: 0.1.0
author:
  - The azureml.compute authors (@azureml-compute)
description:
  - Lists the nodes of compute clusters and the running compute instances as hosts, as M(azureml.compute.aml_ssh_facts) returns them, for
    one workspace or in hundreds.
  - With O(hosts=workspaces) the workspaces themselves are hosts, with a local connection. A play over them manages a fleet,
    with as many workspaces in parallel as there are forks, and AWX can slice it into several jobs.
  - The file's name must end in C(aml_compute.yml), C(aml_compute.yaml), C(azureml.yml) or C(azureml.yaml).
  - Authenticates with the options and the environment variables of the modules. The authentication options may be templates.
  - Each host has the variables C(subscription_id), C(resource_group), C(workspace) and C(location) (the workspace's). A machine also has
    C(aml_compute), C(aml_type), C(aml_node_id), C(aml_state), C(aml_run_id), C(aml_size), C(aml_location), C(aml_tags),
    C(aml_workspace_tags), C(aml_machine_id), C(aml_public_ip_address), C(aml_private_ip_address), C(aml_reachable), C(aml_reason) and C(aml_note). A
    workspace also has C(aml_id), C(aml_kind), C(aml_state) and C(aml_tags). With O(endpoints=true), each host also has C(aml_online_endpoints).
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [azureml.compute.aml_compute]
  hosts:
    description:
      - What to list as hosts.
      - V(nodes) are the nodes of clusters and the compute instances, in the group C(aml_nodes), and those with SSH access also in
        C(aml_reachable).
      - V(workspaces) are workspaces, in the group C(aml_workspaces). Compute targets are then not read.
    type: str
    choices: [nodes, workspaces]
    default: nodes
  subscriptions:
    description:
      - Ids of the subscriptions to search, or V(all) for those that the account can read. Defaults to O(subscription_id).
      - This option and the other lists that select resources can be omitted, but not empty or blank, so that a variable without a value does not
        select everything.
    type: list
    elements: str
  resource_groups:
    description: Names of the resource groups to search. Defaults to all. It is an error if one of them does not exist in any of the subscriptions.
    type: list
    elements: str
  workspaces:
    description:
      - Names of the workspaces, or shell patterns such as V(ws-prod-*). Defaults to all.
      - It is an error if a name without a pattern is not found.
    type: list
    elements: str
  workspace_tags:
    description: Tags that a workspace must have to be read, as in O(tags).
    type: dict
  tags:
    description:
      - Tags that the host's compute target, or with O(hosts=workspaces) the workspace, must have.
      - A value that is a list allows each of its values; one that is null allows all.
    type: dict
  types:
    description: Types of compute targets.
    type: list
    elements: str
    choices: [amlcompute, computeinstance]
    default: [amlcompute, computeinstance]
  endpoints:
    description:
      - Whether to read the online endpoints of each workspace too, with one more request for each.
      - Each host then has C(aml_online_endpoints), a mapping from the names of the endpoints in its workspace to their C(scoring_uri), C(openapi_uri), C(id),
        C(type), C(compute), C(auth_mode), C(location), C(traffic), C(mirror_traffic) and C(provisioning_state). Hosts whose workspace has one are in the
        group C(aml_serving). Keys and tokens are never read.
    type: bool
    default: false
  states:
    description:
      - States of the nodes and instances to list as hosts, independent of O(include_stopped).
      - If not set, these are V(idle) and V(running) for nodes, V(running) and V(job_running) for instances.
    type: list
    elements: str
    choices:
      [create_failed, creating, deleting, idle, job_running, leaving, preempted, preparing, resizing, restarting, running, setting_up,
       setup_failed, starting, stopped, stopping, unknown, unusable, user_setting_up, user_setup_failed]
  include_stopped:
    description: Whether to list nodes and instances in all other states too.
    type: bool
    default: false
  jump_host:
    description:
      - Name or address of a host in the virtual network, through which the private addresses are reached (C(ProxyJump) in
        C(ansible_ssh_common_args)). It is not used for machines with a public address.
      - ssh reads the key for it from its agent or from F(~/.ssh/config), not from O(private_key_file).
    type: str
  jump_user:
    description: The user on O(jump_host).
    type: str
  jump_port:
    description: The SSH port of O(jump_host).
    type: int
  private_key_file:
    description: Path of the private key on the controller, for C(ansible_ssh_private_key_file).
    type: str
  host_prefix:
    description:
      - Prefix of the name of each host. For machines, it replaces the workspace's name and the dash of the default name.
    type: str
  hostnames:
    description:
      - Expressions for the name of a host, over its variables. The first one that is not empty is used.
      - If not set, an instance is named C(WORKSPACE-INSTANCE), a node C(WORKSPACE-CLUSTER-NODEID), and a workspace by its own name.
      - A name with other characters than letters, digits, dots, dashes and underscores is not used, with a warning.
      - Hosts that would have the same name get the workspace as a prefix, C(ws-prod-laptop), if necessary with the resource group and the
        subscription. So do hosts that would be named C(localhost), one of its aliases, C(all) or C(ungrouped), or like a host or a group that the
        inventory already contains. If this does not distinguish them (C(a-b) with C(c) results in the same name as C(a) with C(b-c)), digits that are
        derived from their ids are appended, C(a-b-c-1a2b3c4d). A warning names them. If no name is free, they are not listed as hosts.
      - Names are compared ignoring case. Only sources that Ansible reads before this one are known, so list this file last.
    type: list
    elements: str
    default: []
  default_groups:
    description:
      - Groups to create in addition to those of O(groups) and O(keyed_groups). Their names are C(workspace_ws_prod),
        C(cluster_cpu_cluster), C(type_amlcompute), C(state_idle), C(size_standard_d4s_v3), C(location_eastus), and so on.
      - For workspaces, only V(location), V(resource_group) and V(subscription) exist.
      - Use O(keyed_groups) for groups by tags.
    type: list
    elements: str
    choices: [workspace, cluster, type, state, size, location, resource_group, subscription]
    default: [workspace, cluster, type, state, size, location]
  parallelism:
    description: Number of workspaces that are read in parallel.
    type: int
    default: 16
  fail_on_error:
    description:
      - Whether the inventory fails if a resource cannot be read. It then has no hosts, so that no host is missing without notice.
      - With V(false) there is a warning for each workspace that could not be read, and the hosts of the others are listed. Such an incomplete
        answer is not cached.
      - Ansible itself continues if an inventory source fails, unless E(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is V(true). AWX's
        inventory updates fail.
    type: bool
    default: true
extends_documentation_fragment:
  - azureml.compute.auth
  - azureml.compute.prefer
  - azureml.compute.api_version
  - azureml.compute.auth.plugins
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
notes:
  - With O(keyed_groups) without a prefix, everyone who can write tags chooses names of groups. A group that would be named like a host, C(all) or
    C(ungrouped) is not created, with a warning; an existing group gets the host, with its variables. Use a prefix.
  - The cache is not used if an option that selects resources, or the identity, differs. All other options are applied to the cached data.
  - A new node can use the address of a deleted node, with another host key. See R(Nodes and workspaces as hosts,
    ansible_collections.azureml.compute.docsite.guide_inventory).
seealso:
  - module: azureml.compute.aml_ssh_facts
"""

EXAMPLES = r"""
# aml_compute.yml: all that run in the subscription of AZURE_SUBSCRIPTION_ID
plugin: azureml.compute.aml_compute
private_key_file: ~/.ssh/id_rsa_ml

---
# prod.aml_compute.yml: two workspaces, over a jump host, groups by a tag, kept for ten minutes
plugin: azureml.compute.aml_compute
resource_groups: [ml-prod]
workspaces: [ws-prod-eu, ws-prod-us]
tags:
  team: [vision, speech]
prefer: private
jump_host: jump.example.com
jump_user: ops
keyed_groups:
  - prefix: team
    key: aml_tags.team
compose:
  ansible_ssh_host_key_checking: false
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/aml_inventory
cache_timeout: 600

---
# fleet.azureml.yml: the workspaces of all subscriptions, to run modules for each
plugin: azureml.compute.aml_compute
hosts: workspaces
subscriptions: [all]
workspace_tags:
  managed_by: ansible

---
# serving.azureml.yml: the workspaces with their online endpoints, whose scoring_uri is in aml_online_endpoints
plugin: azureml.compute.aml_compute
hosts: workspaces
endpoints: true
"""

import functools
import os
import typing as t

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.template import trust_as_template

from ..plugin_utils import bytecode

bytecode.use()

from ..module_utils._auth import credentials, sources
from ..module_utils._auth import options as _options
from ..module_utils._core import readable, redact
from ..module_utils._core.errors import AmlError
from ..module_utils._core.findings import refuse
from ..module_utils._engine import rules
from ..module_utils._kinds.compute import ComputeKind
from ..module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ..module_utils._machines import inventory as _inventory
from ..module_utils._machines import nodes
from ..module_utils._module.task import USER_AGENT, VERSION
from ..module_utils._options import values

ENDINGS = ("aml_compute.yml", "aml_compute.yaml", "azureml.yml", "azureml.yaml")
# Written here, not read from the service: the one value of a host that is a template.
_INTERPRETER = "{{ ansible_playbook_python }}"
# Texts of others in a record; all else of it is a name, an id or an address.
_TEXTS = ("tags", "refusal", "closed")
# Templates begin with the first; calls, filters, tests on items and texts need one of the others.
_ACTIVE = set('{([|`"\\')


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    NAME = "azureml.compute.aml_compute"
    inventory: t.Any

    def verify_file(self, path: str) -> bool:
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._file: dict[str, t.Any] = self._read_config_data(path)
        self._secrets = redact.Secrets()
        try:
            # All that can fail comes before the first host: Ansible keeps the hosts of an inventory that failed.
            preferences = self._preferences()
            hosts = self._hosts(self._records(self.get_cache_key(path), cache), preferences)
        except AmlError as error:
            hint = f" {error.hint}" if error.hint else ""
            raise AnsibleParserError(self._shown(f"{error.message}{hint}")) from None
        self._populate(hosts)

    # --- options ---

    def _auth(self) -> dict[str, t.Any]:
        """The authentication options as they are in the file. Authentication reads the environment, in the order of its sources."""
        options: dict[str, t.Any] = {}
        for name, row in _options.AUTH_SPEC.items():
            # Not by get_option_and_origin: in ansible-core 2.19.0 that does not know what was set in the file.
            options[name] = self._option(name) if self._file.get(name) is not None else None
            if row.get("no_log") and options[name]:
                self._hide([str(options[name])])
        return options

    def _option(self, name: str) -> t.Any:
        """An option that may be a template."""
        return self.templar.template(self.get_option(name))

    def _scope(self, signed_in: credentials.SignIn) -> _inventory.Scope:
        selected = {name: self._option(name) for name in ("subscriptions", "resource_groups", "workspaces")}
        selected.update({name: self.get_option(name) for name in ("types", "states")})
        refuse(finding for name, value in selected.items() for finding in values.selection(value, name))
        subscriptions = selected["subscriptions"] or [signed_in.require_subscription()]
        refuse(
            finding
            for subscription in subscriptions
            if subscription != _inventory.ALL
            for finding in rules.subscription_id(subscription, "subscriptions")
        )
        return _inventory.Scope(
            hosts=self.get_option("hosts"),
            subscriptions=tuple(subscriptions),
            resource_groups=tuple(selected["resource_groups"] or ()),
            workspaces=tuple(selected["workspaces"] or ()),
            workspace_tags=self._option("workspace_tags"),
            types=tuple(selected["types"]),
            api_version=self._option("api_version") or ComputeKind.api_version,
            endpoints=self.get_option("endpoints"),
        )

    def _preferences(self) -> nodes.SshPreferences:
        prefix = self._option("host_prefix")
        if nodes.bad_prefix(prefix):
            raise AmlError(
                f"host_prefix {prefix!r} must start with a letter or digit and hold only letters, digits, dots, dashes and underscores."
            )
        return nodes.SshPreferences(
            prefer=self.get_option("prefer"), private_key_file=self.get_option("private_key_file"), host_prefix=prefix
        )

    # --- reading ---

    def _records(self, key: str, cache: bool) -> list[_inventory.Record]:
        """From the cache, or from the service and then into the cache. Who signs in is found offline: a hit sends nothing."""
        auth = self._auth()
        signed_in = sources.sign_in(auth)
        self._hide(signed_in.secrets)
        scope = self._scope(signed_in)
        clouds = [
            auth["cloud_environment"],
            *map(os.environ.get, _options.environment_names("cloud_environment")),
            signed_in.cloud_environment,
        ]
        fingerprint = scope.fingerprint({**signed_in.facts(), "clouds": clouds, "version": VERSION})
        use_cache = self.get_option("cache")
        if use_cache and cache:
            kept = self._kept(key)
            if kept is not None and kept.get("fingerprint") == fingerprint:
                return t.cast("list[_inventory.Record]", kept["records"])
        records, complete = self._read(scope, signed_in, auth)
        if use_cache and complete:
            self._cache[key] = {"fingerprint": fingerprint, "records": records}
        return records

    def _kept(self, key: str) -> dict[str, t.Any] | None:
        try:
            kept = self._cache[key]
        except KeyError:
            return None
        return kept if isinstance(kept, dict) else None

    def _read(
        self, scope: _inventory.Scope, signed_in: credentials.SignIn, auth: dict[str, t.Any]
    ) -> tuple[list[_inventory.Record], bool]:
        """The current state, and whether it is complete."""
        # At a hit in the cache nothing of Azure's is imported.
        from ..module_utils._arm.client import ArmClient
        from ..module_utils._arm.retry import RetryPolicy
        from ..module_utils._arm.transport import Transport

        cloud = signed_in.cloud(auth)
        policy = RetryPolicy(self.get_option("retries"), self.get_option("retry_timeout"))
        transport = Transport(USER_AGENT, signed_in.verify)
        client = ArmClient(cloud, signed_in.credential(cloud), transport, policy)
        reader = _inventory.Reader(client, scope, max(1, self.get_option("parallelism")), ONLINE_ENDPOINT.project)
        try:
            # Also for the cache, which could not be read again.
            records = readable.readable(reader.read())
        finally:
            self._hide(client.secrets)
        for warning in signed_in.warnings:
            self.display.warning(self._shown(warning))
        self._report(reader.problems)
        if reader.excluded:
            self.display.warning(
                f"The inventory has no hosts, because no workspace has the tags of workspace_tags (without them: {reader.excluded}). "
                "Correct the option, or remove it."
            )
        parts = [part for record in records for part in (record["workspace"], *record["machines"])]
        texts = [part[name] for part in parts for name in _TEXTS if name in part]
        # All at once: a thousand searches take a hundred times as long, and hardly any finds something.
        has_secrets = redact.KNOWN.mask_tree(texts) is not texts
        return [self._masked(record) for record in records] if has_secrets else records, not reader.problems

    def _masked(self, record: _inventory.Record) -> _inventory.Record:
        """A record whose texts show no secret. All else of it is a name, an id or an address, which must stay what it is."""

        def masked(part: dict[str, t.Any]) -> dict[str, t.Any]:
            return {name: redact.KNOWN.mask_tree(value) if name in _TEXTS else value for name, value in part.items()}

        return {
            **record,
            "workspace": masked(record["workspace"]),
            "machines": [masked(machine) for machine in record["machines"]],
        }

    def _report(self, problems: list[_inventory.Problem]) -> None:
        if not problems:
            return
        lines = [self._shown(str(problem)) for problem in problems]
        if self.get_option("fail_on_error"):
            more = f" And {len(lines) - 5} more." if len(lines) > 5 else ""
            raise AmlError(
                "The inventory could not be read completely, so it has no hosts at all: " + " | ".join(lines[:5]) + more
            )
        for line in lines:
            self.display.warning(f"Hosts are missing from the inventory. {line}")

    def _hide(self, secrets: t.Iterable[str]) -> None:
        for secret in secrets:
            self._secrets.add(redact.printed(secret))
            redact.KNOWN.add(redact.printed(secret))

    def _shown(self, text: str) -> str:
        line = " ".join(redact.KNOWN.mask(text).split("\n"))
        return str(remove_values(redact.printable(redact.without_signatures(line)), self._secrets))

    # --- hosts ---

    def _hosts(self, records: list[_inventory.Record], preferences: nodes.SshPreferences) -> list[_inventory.Host]:
        host_filter = _inventory.HostFilter(
            self._option("tags"), tuple(self.get_option("states") or ()), self.get_option("include_stopped")
        )
        jump_host = _inventory.JumpHost(
            self._option("jump_host"), self._option("jump_user"), self.get_option("jump_port")
        )
        kind = self.get_option("hosts")
        hosts = _inventory.hosts_of(records, kind, host_filter, preferences, jump_host)
        for host in hosts:
            if kind == _inventory.WORKSPACES:
                host.variables |= {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": trust_as_template(_INTERPRETER),
                }
            self._name(host, preferences.host_prefix or "")
        hosts, messages = _inventory.make_names_unique(hosts, self._taken(hosts))
        for message in messages:
            self.display.warning(self._shown(f"{message} Set host_prefix or hostnames to choose another name."))
        return hosts

    def _taken(self, hosts: list[_inventory.Host]) -> dict[str, str]:
        """Names in lower case that no host may take, and what has them. A host that is one of these machines already is none of them."""
        machines = {
            str(host.variables["aml_machine_id"]).casefold() for host in hosts if "aml_machine_id" in host.variables
        }
        workspaces = {str(host.variables["aml_id"]).casefold() for host in hosts if "aml_id" in host.variables}
        taken = dict.fromkeys(map(str.casefold, LOCALHOST), "the machine that runs Ansible")
        own = {"aml_nodes", "aml_reachable", "aml_workspaces", _inventory.SERVING, *(self.get_option("groups") or ())}
        own |= {group for host in hosts for group in host.all_groups(self.get_option("default_groups"))}
        groups = [*self.inventory.groups, *map(self._sanitize_group_name, own)]
        taken |= {str(group).casefold(): f"the group {group!r} of the inventory" for group in groups}
        for name, host in self.inventory.hosts.items():
            variables = host.get_vars()
            if (
                str(variables.get("aml_machine_id")).casefold() not in machines
                and str(variables.get("aml_id")).casefold() not in workspaces
            ):
                taken[name.casefold()] = f"the host {name!r} of the inventory"
        return taken

    def _name(self, host: _inventory.Host, prefix: str) -> None:
        chosen = self._chosen(host, prefix)
        if chosen is None:
            return
        if nodes.is_host_name(chosen):
            host.name, host.named = chosen, 0
        else:
            self.display.warning(
                self._shown(f"hostnames: {chosen!r} is not a name for a host. {host.name!r} keeps its default name.")
            )

    def _chosen(self, host: _inventory.Host, prefix: str) -> str | None:
        """What the option hostnames says, or None."""
        for expression in self.get_option("hostnames"):
            try:
                name = self._compose(expression, host.variables)
            except AnsibleError as error:
                if self.get_option("strict"):
                    raise AnsibleParserError(
                        f"hostnames: {expression!r} has no value for {host.name}: {error}"
                    ) from error
                continue
            if name not in (None, ""):
                return f"{prefix}{name}"
        return None

    def _populate(self, hosts: list[_inventory.Host]) -> None:
        strict, groupings = self.get_option("strict"), self.get_option("default_groups")
        compose, groups, keyed_groups = (self.get_option(name) for name in ("compose", "groups", "keyed_groups"))
        valid: dict[str, str] = {}
        texts: dict[str, str] = {}
        whole = self.inventory
        guarded = _GroupGuard(whole, {host.name for host in hosts}, self.display.warning)
        for host in hosts:
            name = self.inventory.add_host(host.name)
            self._set_variables(name, host.variables, texts)
            for group in host.all_groups(groupings):
                if group not in valid:
                    valid[group] = self.inventory.add_group(self._sanitize_group_name(group))
                self.inventory.add_child(valid[group], name)
            self._set_composite_vars(compose, host.variables, name, strict)
            self._add_host_to_composed_groups(groups, {}, name, strict)
            # The names of these groups are texts of the service.
            self.inventory = guarded
            try:
                self._add_host_to_keyed_groups(keyed_groups, {}, name, strict)
            finally:
                self.inventory = whole

    def _set_variables(self, name: str, variables: dict[str, t.Any], texts: dict[str, str]) -> None:
        """Set the variables of a host. ``texts`` are what Ansible has made of the texts of other hosts: most are those of many."""
        host = self.inventory.hosts[name]
        for variable, value in variables.items():
            # Text that is already trusted equals the same text of someone else.
            is_text = value.__class__ is str
            if is_text and value in texts:
                host.set_variable(variable, texts[value])
                continue
            self.inventory.set_variable(name, variable, _plain(value))
            if is_text:
                texts[value] = host.vars[variable]


class _GroupGuard:
    """The inventory, without the power to make a group that is called like a host: a play on that host would run on the group's hosts too."""

    def __init__(self, inventory: t.Any, hosts: set[str], warn: t.Callable[[str], None]) -> None:
        self._inventory, self._warn = inventory, warn
        self._hosts = {name.casefold() for name in {*hosts, *inventory.hosts}}
        self._refused: set[str] = set()

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self._inventory, name)

    def add_group(self, group: str) -> str:
        if group.casefold() not in self._hosts and not nodes.is_reserved(group):
            return str(self._inventory.add_group(group))
        if group not in self._refused:
            self._warn(
                f"keyed_groups: there is no group {group!r}, because that is the name of a host or reserved. Set a prefix."
            )
        self._refused.add(group)
        return group

    def add_host(self, host: str, group: str | None = None, **more: t.Any) -> str:
        return host if group in self._refused else str(self._inventory.add_host(host, group, **more))

    def add_child(self, group: str, child: str) -> bool:
        return (
            group not in self._refused and child not in self._refused and bool(self._inventory.add_child(group, child))
        )


def _plain(value: t.Any) -> t.Any:
    """Text that can do nothing may be trusted: ``ansible-inventory --export`` then writes it as plain text, which is what AWX reads.

    Whatever could be a template stays as untrusted as it came from the service; and whatever could be an expression that calls something, since
    Ansible also evaluates trusted text that someone hands to ``assert`` or ``debug``.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _plain_text(value) if isinstance(value, str) else value


# Most texts are those of many hosts.
@functools.lru_cache(4096)
def _plain_text(text: str) -> str:
    harmless = not set(text) & _ACTIVE and not text.startswith("#jinja2")
    return t.cast(str, trust_as_template(text)) if harmless else text
