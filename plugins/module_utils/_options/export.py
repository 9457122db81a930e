# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists, as declarations: a workspace and what is in it as our own options and as YAML of the Azure ML CLI v2.

The declarations are the kinds' own tables read backwards, so that applying what was exported finds nothing to change. What the CLI's schema
has of each option, its row says (azure-ai-ml 1.35, ``_schema``).
"""

from __future__ import annotations

import copy
import re
import typing as t

from .._core import paths, redact
from .._core.arm_id import OTHER_TYPES, ArmId
from .._core.errors import AmlError
from .._engine.fields import CREATE_ONLY, UPDATABLE
from .._engine.kind import FAILED, Body, Kind
from .._kinds import compute, outbound_rules, workspace
from .._kinds.connection import CONNECTION
from .._kinds.datastore import DATASTORE
from .._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from .._kinds.kubernetes import instance_types_to_arm
from .._kinds.ml_registry import REGISTRY
from .._kinds.online_deployment import ADDED_VARIABLES, Deployment
from .._kinds.registry import kind_of
from .._kinds.role_assignment import ROLE_ASSIGNMENT
from . import connection_yaml, uncovered

Tree = dict[str, t.Any]

# Fields that are never compared, because it is not established that the service returns them, but that are not secrets.
_PUBLIC = ("ssh_settings.ssh_key_value",)

# The files of which the CLI's schema has no type, or one that is an option.
_SCHEMAS = "https://azuremlschemas.azureedge.net/latest/"
# As the samples of azureml-examples have it.
_CONNECTION_SCHEMA = "http://azureml/sdk-2-0/Connection.json"

_FEATURE_STORE_SCHEMA = "http://azureml/sdk-2-0/FeatureStore.json"
# Of a workspace's options, those that the schema of feature stores has (azure-ai-ml, FeatureStoreSchema).
_OF_FEATURE_STORES = (
    "location", "display_name", "description", "tags", "storage_account", "key_vault", "application_insights", "container_registry", "hbi_workspace",
    "public_network_access", "image_build_compute", "identity", "primary_user_assigned_identity", "customer_managed_key", "managed_network",
)  # fmt: skip
# What a feature store has in the other fields when azure-ai-ml created it.
_OF_EACH_FEATURE_STORE: Tree = {
    "kind": "featurestore",
    "enable_data_isolation": False,
    "system_datastores_auth_mode": "identity",
}
_RUNTIME = "feature_store_settings.spark_runtime_version"

# The lists of the vars, by the studio's tabs.
_LISTS = {
    "clusters": "aml_clusters",
    "instances": "aml_instances",
    "inference_clusters": "aml_inference_clusters",
    "attached": "aml_attached_computes",
}


# What a row of ``missing`` is about: a value that a user has to fill in to create the target again; a value that a file or the collection has no place
# for; a target whose declaration is not its state; a resource that exists separately, and that other roles create.
FILL_IN, NO_COUNTERPART, NOT_SUCCEEDED, SEPARATE = "fill_in", "no_counterpart", "not_succeeded", "separate"

_NO_OPTION = "this collection has no option for it: the declaration does not contain it"


class Export:
    """Collects the vars, the CLI's files and what neither can hold."""

    def __init__(self, shown: t.Collection[str] = ()) -> None:
        # Names of variables whose values are exported.
        self.shown = shown
        self.vars: Tree = {}
        self.files: dict[str, str] = {}
        # The compute targets as a fleet declares them.
        self.computes: list[Tree] = []
        # Other resources as a fleet declares them, by their collections.
        self.others: dict[str, list[Tree]] = {}
        self.missing: list[dict[str, str]] = []
        # What of the exported targets is retired.
        self.warnings: list[str] = []

    def add_workspace(self, body: Body) -> None:
        kind = workspace.Workspace()
        options = declaration(kind, body)
        # A project has the rules of its hub.
        own = {} if options.get("kind") == "project" else outbound_rules.own_rules(body)
        rules = [outbound_rules.rule_from_arm(name, rule) for name, rule in own.items()]
        if rules:
            options.setdefault("managed_network", {})["outbound_rules"] = rules
        self.vars["aml_workspace"] = {"name": body["name"], **options}
        for place in uncovered.of(kind, body):
            self._miss(body["name"], place, _NO_OPTION, NO_COUNTERPART)
        for connection in _listed(paths.get_path(body, "properties.privateEndpointConnections")):
            endpoint = paths.get_path(connection, "properties.privateEndpoint.id")
            if isinstance(endpoint, str):
                reason = f"the private endpoint {endpoint} exists separately; the role aml_workspace creates it from aml_workspace_private_endpoints"
                self._miss(body["name"], "aml_workspace_private_endpoints", reason, SEPARATE)
        self._miss_separate(body["name"], options)
        if options.get("kind") == "featurestore":
            self._add_feature_store(kind, body["name"], options)
        else:
            self._add_file("workspace.yml", kind, "workspace", body["name"], options)
        self._warn(kind, body["name"], body)

    def add_compute(self, body: Body) -> None:
        # The export does not have the values, by which the end of the task would know them in other texts.
        redact.hide_variables(body)
        kind, type_, name = kind_of(body), compute.kind_name(body), _file_name(body["name"])
        if not kind.fields:
            self._miss(name, "", f"no module of this collection keeps a {type_}", NO_COUNTERPART)
            return
        options = declaration(kind, body)
        for secret in kind.lost_on_recreate(body, {}):
            # Without its secret the group would be half a declaration, which the module refuses.
            options.pop(secret.partition(".")[0], None)
            self._miss(
                name, secret, "the service never returns this secret; declare it to create the target again", FILL_IN
            )
        options = self._without_values(name, options)
        status = kind.status(body)
        if status.state == FAILED:
            reason = f"its state is {status.text}: its declaration is what was requested, and a run replaces it ({status.code}: {status.message})"
            self._miss(name, "", redact.printable(reason), NOT_SUCCEEDED)
        for place in uncovered.of(kind, body):
            self._miss(name, place, _NO_OPTION, NO_COUNTERPART)
        self._miss_separate(name, options)
        tab = kind.tab
        row = {"name": name, "type": type_, **options} if tab == "attached" else {"name": name, **options}
        # A compute target may be named workspace too. The file comes first: where that fails, the target is nowhere.
        file = f"{name}.yml" if name.casefold() != "workspace" else f"{name}.{type_}.yml"
        self._add_file(file, kind, type_, name, options)
        self.vars.setdefault(_LISTS[tab], []).append(row)
        self.computes.append({"type": type_, "name": name, **options})
        self._warn(kind, name, body)

    def add_datastore(self, body: Body) -> None:
        """A datastore, unless the service made it with the workspace: that is no one's declaration."""
        if DATASTORE.is_of_service(body):
            return
        name = _file_name(body["name"])
        options = declaration(DATASTORE, body)
        if options.pop("is_default", False):
            self._miss(name, "is_default", "the default datastore of a workspace is set in the studio", NO_COUNTERPART)
        if options.get("service_data_access_auth_identity") == "none":
            # As without the option.
            del options["service_data_access_auth_identity"]
        secrets = DATASTORE.lost_on_recreate(body, {})
        self._fill_in(DATASTORE, name, options, secrets)
        for place in uncovered.of(DATASTORE, body):
            self._miss(name, place, _NO_OPTION, NO_COUNTERPART)
        # To the CLI, a placeholder would be the secret.
        public = {option: value for option, value in options.items() if not (secrets and option == "credentials")}
        self._add_file(self._free_file(name, DATASTORE), DATASTORE, options["type"], name, public)
        self._add_other(DATASTORE, {"name": name, **options})
        self._warn(DATASTORE, name, body)

    def add_diagnostic_setting(self, body: Body) -> None:
        name, options = body["name"], declaration(DIAGNOSTIC_SETTING, body)
        for place in uncovered.of(DIAGNOSTIC_SETTING, body):
            self._miss(name, place, _NO_OPTION, NO_COUNTERPART)
        self._add_file("", DIAGNOSTIC_SETTING, "diagnostic_setting", name, options)
        self._add_other(DIAGNOSTIC_SETTING, {"name": name, **options})

    def add_role_assignment(self, body: Body) -> None:
        """A role assignment of the workspace itself: whoever made it, the workspace is not the same without it."""
        options = declaration(ROLE_ASSIGNMENT, body)
        about = ROLE_ASSIGNMENT.configured(options).about
        for place in uncovered.of(ROLE_ASSIGNMENT, body):
            self._miss(about, place, _NO_OPTION, NO_COUNTERPART)
        self._add_file("", ROLE_ASSIGNMENT, "role_assignment", about, options)
        self._add_other(ROLE_ASSIGNMENT, options)

    def add_endpoint(self, kind: Kind, body: Body, exported: t.Collection[str]) -> None:
        """An endpoint, with what it says of deployments, such as their traffic, if these are ``exported`` too: their ids in lower case."""
        name, options = _file_name(body["name"]), declaration(kind, body)
        for place in uncovered.of(kind, body):
            self._miss(name, place, _NO_OPTION, NO_COUNTERPART)
        current = kind.values_of(body)
        known = {ArmId(identifier).name for identifier in exported if ArmId(identifier).parent == body["id"].casefold()}
        missing = sorted(each for each in kind.named_children(current) if each.casefold() not in known)
        for option in kind.naming_children:
            if current[option] and missing:
                reason = f"it needs the deployment {', '.join(missing)}, which is not exported"
                self._miss(name, option, reason, NO_COUNTERPART)
            elif current[option]:
                paths.set_path(options, option, current[option])
        self._miss_separate(name, options)
        self._add_file(self._free_file(name, kind), kind, OTHER_TYPES[kind.collection], name, options)
        self._add_other(kind, {"name": name, **options})

    def add_registry(self, body: Body, resource_group: str | None = None) -> None:
        """A registry, which workspaces share. ``resource_group``: its own, where it is another one."""
        name, options = _file_name(body["name"]), declaration(REGISTRY, body)
        for place in uncovered.of(REGISTRY, body):
            self._miss(name, place, _NO_OPTION, NO_COUNTERPART)
        for connection in _listed(paths.get_path(body, "properties.registryPrivateEndpointConnections")):
            endpoint = paths.get_path(connection, "properties.privateEndpoint.id")
            if isinstance(endpoint, str):
                self._miss(name, "", f"the private endpoint {endpoint} exists separately", SEPARATE)
        self._add_file(self._free_file(name, REGISTRY), REGISTRY, "registry", name, options)
        elsewhere = {} if resource_group is None else {"resource_group": resource_group}
        self.vars.setdefault("aml_registries", []).append({"name": name, **elsewhere, **options})

    def add_deployment(self, kind: Deployment, body: Body) -> None:
        redact.hide_variables(body)
        endpoint, name = (_file_name(part) for part in (ArmId(body["id"]).parent.name, body["name"]))
        about, options = f"{endpoint}/{name}", declaration(kind, body)
        variables = paths.get_path(options, kind.variables) or {}
        for variable in ADDED_VARIABLES:
            variables.pop(variable, None)
        if not variables:
            _drop(options, kind.variables)
        for variable in variables:
            if variable not in self.shown:
                reason = (
                    f"not exported: {redact.PLACEHOLDER} keeps the current value; replace it to create the deployment"
                )
                self._miss(about, f"{kind.variables}.{variable}", reason, FILL_IN)
        options = t.cast(Tree, redact.without_values(options, self.shown, lambda _value: redact.PLACEHOLDER))
        for place in uncovered.of(kind, body):
            self._miss(about, place, _NO_OPTION, NO_COUNTERPART)
        file = self._free_file(f"{endpoint}.{name}", kind)
        names = {"name": name, "endpoint_name": endpoint}
        self._add_file(file, kind, OTHER_TYPES[kind.collection], about, options, names)
        self._add_other(kind, {"endpoint_name": endpoint, "name": name, **options})
        self._warn(kind, about, body)

    def add_connection(self, body: Body) -> None:
        """A connection of the workspace itself."""
        name = _file_name(body["name"])
        options = declaration(CONNECTION, body)
        if options.get("use_workspace_managed_identity") is False:
            # As without the option.
            del options["use_workspace_managed_identity"]
        # What credentials of a type that is not known have, is not known either.
        secrets = [option for option in CONNECTION.lost_on_recreate(body, {}) if option != "credentials.type"]
        self._fill_in(CONNECTION, name, options, secrets)
        written, omitted = _for_the_cli(CONNECTION, options)
        tree = None if secrets else connection_yaml.from_options(written)
        if tree is None:
            why = (
                "the CLI's schema demands the credentials, which are not exported"
                if secrets
                else "the CLI's schema has no such connection"
            )
            self._miss(name, "", f"{why}: there is no file for it", NO_COUNTERPART)
        else:
            for option, reason in omitted.items():
                self._miss(name, option, reason, NO_COUNTERPART)
            head = {"$schema": _CONNECTION_SCHEMA, "name": name}
            self._write(self._free_file(name, CONNECTION), {**head, **tree}, list(omitted))
        self._add_other(CONNECTION, {"name": name, **options})

    def _fill_in(self, kind: Kind, name: str, options: Tree, secrets: t.Iterable[str]) -> None:
        """A placeholder in place of each value that the service never returns."""
        for secret in secrets:
            keys = secret.endswith(".keys")
            paths.set_path(options, secret, {"NAME": redact.PLACEHOLDER} if keys else redact.PLACEHOLDER)
            reason = f"the service never returns this secret: replace {redact.PLACEHOLDER} by it to create or change the {kind.label}"
            self._miss(name, secret, reason, FILL_IN)

    def _free_file(self, name: str, kind: Kind) -> str:
        """The file of a resource; a compute target, or one of another kind, may have the same name."""
        taken = {file.casefold() for file in self.files}
        return f"{name}.yml" if f"{name}.yml".casefold() not in taken else f"{name}.{kind.label}.yml"

    def _add_other(self, kind: Kind, row: Tree) -> None:
        rows = self.others.setdefault(kind.collection, [])
        rows.append(row)
        self.vars[f"aml_{kind.collection}"] = rows

    def _without_values(self, name: str, options: Tree) -> Tree:
        """A placeholder in place of each variable's value; our own modules keep the application's value where one is declared."""
        for application in options.get("custom_applications") or []:
            for variable, value in (application.get("environment_variables") or {}).items():
                if value not in (None, "") and variable not in self.shown:
                    option = f"custom_applications[{application.get('name')}].environment_variables.{variable}"
                    self._miss(
                        name,
                        option,
                        f"not exported: {redact.PLACEHOLDER} keeps the current value; replace it to create the instance",
                        FILL_IN,
                    )
        return t.cast(Tree, redact.without_values(options, self.shown, lambda _value: redact.PLACEHOLDER))

    def _add_file(self, file: str, kind: Kind, type_: str, name: str, options: Tree, names: Tree | None = None) -> None:
        schema = kind.schema_of(options)
        if not schema:
            self._miss(name, "", f"the CLI's schema has no type {type_}: there is no file for it", NO_COUNTERPART)
            return
        secrets = [row["option"] for row in self.missing if row["name"] == name and row["kind"] == FILL_IN]
        written, omitted = _for_the_cli(kind, options)
        for option, reason in omitted.items():
            self._miss(name, option, reason, NO_COUNTERPART)
        head = {
            "$schema": _SCHEMAS + schema,
            **(names or {"name": name}),
            **({"type": type_} if kind.cli_names_type else {}),
        }
        self._write(file, {**head, **cli_tree(type_, written)}, [*secrets, *omitted])

    def _add_feature_store(self, kind: Kind, name: str, options: Tree) -> None:
        """The file of a feature store, for which the CLI has a separate schema; that of workspaces refuses its kind."""
        known = copy.deepcopy(options)
        runtime = paths.get_path(known, _RUNTIME)
        if runtime is not paths.MISSING:
            paths.remove_path(known, _RUNTIME)
        written, omitted = _for_the_cli(kind, known)
        for option in [option for option in written if option not in _OF_FEATURE_STORES]:
            value = written.pop(option)
            if _OF_EACH_FEATURE_STORE.get(option) != value:
                omitted[option] = _NO_FIELD
        for option, reason in omitted.items():
            self._miss(name, option, reason, NO_COUNTERPART)
        tree = {"$schema": _FEATURE_STORE_SCHEMA, "name": name, **cli_tree("workspace", written)}
        if runtime is not paths.MISSING:
            tree["compute_runtime"] = {"spark_runtime_version": runtime}
        self._write("workspace.yml", tree, omitted)

    def _write(self, file: str, tree: Tree, not_exported: t.Iterable[str]) -> None:
        import yaml

        # A name from the service can contain line ends: the text after them would not be a comment.
        comments = "".join(f"# {' '.join(redact.printable(option).split())}: not exported\n" for option in not_exported)
        self.files[file] = comments + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)

    def _miss_separate(self, name: str, options: Tree) -> None:
        """The networks and identities that the declaration refers to by their ids."""
        subnet = paths.get_path(options, "network_settings.subnet")
        if isinstance(subnet, str):
            reason = f"the subnet {subnet} exists separately; the role aml_network creates it from aml_network_name and aml_network_subnets"
            self._miss(name, "network_settings.subnet", reason, SEPARATE)
        for identity in _listed(paths.get_path(options, "identity.user_assigned_identities")):
            reason = f"the identity {identity} exists separately; the role aml_identity creates it from aml_identity_identities"
            self._miss(name, "identity.user_assigned_identities", reason, SEPARATE)

    def _warn(self, kind: Kind, name: str, body: Body) -> None:
        self.warnings += [f"{name}: {text}" for text in kind.notices({}, body)]

    def _miss(self, name: str, option: str, reason: str, kind: str) -> None:
        self.missing.append({"name": name, "option": option, "reason": reason, "kind": kind})


def _listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


_NO_FIELD = "the CLI's schema has no such field: only the file for the CLI is without it"


# Of the options that the CLI's schema lacks, what a resource has that was created without them: an export does not mention it.
_IMPLIED: Tree = {
    "application_sharing_policy": "shared",
    "enable_service_side_cmk_encryption": False,
    "include_spark": False,
    "is_default": False,
    "managed_network.enable_firewall_log": False,
    "managed_network.enable_network_monitor": False,
    "managed_network.managed_network_kind": "v1",
    "service_data_access_auth_identity": "none",
    "use_workspace_managed_identity": False,
    "v1_legacy_mode": False,
}
# Likewise, whatever the value: a deployment is where its endpoint is.
_FOLLOWING = ("location",)


def _follows(option: str, value: t.Any) -> bool:
    return option in _FOLLOWING or (option in _IMPLIED and bool(_IMPLIED[option] == value))


_NO_USER = (
    "the CLI's schema needs admin_username, which the service does not return: only the file for the CLI is without it"
)


def _for_the_cli(kind: Kind, options: Tree) -> tuple[Tree, dict[str, str]]:
    """The options that the CLI's schema has, by their names there, and why the others are not in the file."""
    names = {row.option.partition(".")[0]: row.cli_name for row in kind.fields if row.cli_name is not None}
    known = copy.deepcopy(options)
    omitted = dict.fromkeys((*_take_unknown(kind, known), *_take_scripts(known), *_take_privileges(known)), _NO_FIELD)
    if _lacks_user(kind, known.get("ssh_settings")):
        omitted["ssh_settings"] = _NO_USER
        del known["ssh_settings"]
    return {names[option] or option: value for option, value in known.items() if value not in (None, {})}, omitted


def _take_unknown(kind: Kind, options: Tree) -> list[str]:
    """Remove the options that the CLI's schema does not have; return those that do not follow from the others."""
    differing = []
    for row in kind.fields:
        value = paths.get_path(options, row.option)
        if row.cli_name is None and value is not paths.MISSING:
            paths.remove_path(options, row.option)
            if not _follows(row.option, value):
                differing.append(row.option)
    return differing


def _take_scripts(options: Tree) -> list[str]:
    """Remove the scripts that the CLI's schema does not have: those that are not in the file share."""
    scripts = options.get("setup_scripts") or {}
    inline = [part for part, script in scripts.items() if script.get("inline")]
    for part in inline:
        del scripts[part]
    return [f"setup_scripts.{part}" for part in inline]


def _take_privileges(options: Tree) -> list[str]:
    """Remove privileges, which the CLI's schema does not have; return those that differ from the CLI's: privileged, with writable mounts."""
    differing = []
    for application in options.get("custom_applications") or []:
        place = f"custom_applications[{application.get('name')}]"
        if application.pop("privileged", None) is False:
            differing.append(f"{place}.privileged")
        read_only = [mount.pop("read_only", False) for mount in application.get("bind_mounts") or []]
        if any(read_only):
            differing.append(f"{place}.bind_mounts.read_only")
    return differing


def _lacks_user(kind: Kind, login: t.Any) -> bool:
    named = any(row.option == "ssh_settings.admin_username" for row in kind.fields)
    return bool(named and login and not login.get("admin_username"))


def declaration(kind: Kind, body: Body) -> Tree:
    """What a task would have to declare to find the resource as it is: no nulls, nothing that only the service writes, no secrets."""
    kept = kind.kept(body)
    if kept.get("resource_id"):
        # Attached targets have these automatically.
        kept = {option: value for option, value in kept.items() if option not in kind.of_target}
    options: Tree = {}
    for row in kind.fields:
        value = kept.get(row.option)
        # A row without an option follows from others.
        declarable = row.spec is not None and (row.mutability in (UPDATABLE, CREATE_ONLY) or row.option in _PUBLIC)
        if declarable and value not in (None, "", [], {}):
            paths.set_path(options, row.option, _without_nulls(value))
    identity = options.get("identity")
    if identity and not identity.get("user_assigned_identities"):
        identity.pop("user_assigned_identities", None)
    return options


def _drop(options: Tree, option: str) -> None:
    """Without an option, and without a group that has nothing else."""
    group, _dot, name = option.rpartition(".")
    holder = options.get(group, {}) if group else options
    holder.pop(name, None)
    if group and not holder:
        options.pop(group, None)


def _file_name(name: t.Any) -> str:
    """The name of a target, which becomes that of a file."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(name)) is None:
        raise AmlError(
            f"The service listed a resource {str(name)!r}, which cannot be the name of a file.",
            code="UnexpectedAnswer",
        )
    return str(name)


def _without_nulls(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {key: _without_nulls(below) for key, below in value.items() if below is not None}
    return [_without_nulls(below) for below in value] if isinstance(value, list) else value


def cli_tree(type_: str, options: Tree) -> Tree:
    """Our options as the CLI's schema spells them, where that differs."""
    tree = dict(options)
    ids = (tree.get("identity") or {}).get("user_assigned_identities")
    if ids:
        as_map = type_ == "workspace"
        tree["identity"] = {
            **tree["identity"],
            "user_assigned_identities": {identity: {} for identity in ids}
            if as_map
            else [{"resource_id": identity} for identity in ids],
        }
    if type_ in _RESPELLED:
        _RESPELLED[type_](tree)
    return tree


def _respell_kubernetes(tree: Tree) -> None:
    properties = {
        "instanceTypes": tree.pop("instance_types", None),
        "defaultInstanceType": tree.pop("default_instance_type", None),
    }
    properties = {name: value for name, value in properties.items() if value}
    if "instanceTypes" in properties:
        properties["instanceTypes"] = instance_types_to_arm(properties["instanceTypes"])
    tree.update({"properties": properties} if properties else {})


def _respell_workspace(tree: Tree) -> None:
    if "network_acls" in tree:
        # The schema takes Allow and Deny in this spelling alone.
        action = tree["network_acls"].get("default_action") or "allow"
        tree["network_acls"] = {**tree["network_acls"], "default_action": action.capitalize()}
    if tree.get("kind") == "default":
        # The schema of default workspaces has no kind.
        del tree["kind"]


def _respell_references(tree: Tree) -> None:
    """A reference without its prefix would be the path of a local file."""
    for place in ("model", "environment", "code_configuration.code"):
        reference = paths.get_path(tree, place)
        if isinstance(reference, str) and reference.startswith("/"):
            paths.set_path(tree, place, f"azureml:{reference}")


def _respell_online_deployment(tree: Tree) -> None:
    """The name of a resource is that of Kubernetes, and whether data is collected is a word."""
    _respell_references(tree)
    for row in ((tree.get("data_collector") or {}).get("collections") or {}).values():
        row["enabled"] = str(row["enabled"]).lower()
        if str(row.get("data")).startswith("/"):
            row["data"] = f"azureml:{row['data']}"
    for amounts in (tree.get("resources") or {}).values():
        if "gpu" in amounts:
            amounts["nvidia.com/gpu"] = amounts.pop("gpu")


def _respell_batch_deployment(tree: Tree) -> None:
    """The type says that the settings are those of a model. The CLI takes the region of the endpoint, and has no field for it."""
    _respell_references(tree)
    tree.pop("location", None)
    tree["type"] = "model"


_RESPELLED = {
    "kubernetes": _respell_kubernetes,
    "batch_deployment": _respell_batch_deployment,
    "online_deployment": _respell_online_deployment,
    "workspace": _respell_workspace,
}
