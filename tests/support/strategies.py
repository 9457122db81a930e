# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random declarations of every kind, drawn from the modules' argument specs and the kinds' tables of fields.

A strategy for each option comes from its row (type, choices, rule, examples), or from ``VALUES`` by the option's dotted path (or a subject's own,
``subject:path``). Where the kind's table says that an option can be declared null, it sometimes is. An option that neither covers raises
:class:`NoStrategy`, so that a new one is either drawn at once or named by a test. What cannot be meant together is taken out afterwards, by the subject's
``mend``.
"""

from __future__ import annotations

import copy
import importlib
import typing as t
from dataclasses import dataclass, field

from ansible_collections.azureml.compute.plugins.module_utils._core.arm_id import collection_id
from ansible_collections.azureml.compute.plugins.module_utils._engine import rules
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds import workspace_rules
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_deployment import BATCH_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_endpoint import BATCH_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.connection import CONNECTION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import DATASTORE, OF_STORAGE, STORAGE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from ansible_collections.azureml.compute.plugins.module_utils._kinds.kubernetes_extension import KUBERNETES_EXTENSION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.ml_registry import REGISTRY
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.role_assignment import ROLE_ASSIGNMENT, target_of
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import FIELDS, Workspace
from ansible_collections.azureml.compute.plugins.module_utils._options import kind_specs, specs
from ansible_collections.azureml.compute.tests.support.azure import GROUP_ID, WORKSPACE, WORKSPACE_ID, Azure
from ansible_collections.azureml.compute.tests.support.bad_input import PRIVATE_KEY
from ansible_collections.azureml.compute.tests.support.declarations import KEY, aks
from ansible_collections.azureml.compute.tests.support.rows import row_of
from hypothesis import strategies as st

Options = dict[str, t.Any]
Strategy = st.SearchStrategy[t.Any]

# Decided by a property itself, or with a meaning of its own that the table tests of each module have.
BY_THE_PROPERTY = {
    "name", "state", "resource_group", "workspace", "type", "on_immutable_change", "force", "wait", "definition", "soft_deleted", "permanently_delete",
    "delete_dependent_resources", "delete_underlying", "resources_created_earlier", "update_password", "update_certificate",
}  # fmt: skip


class NoStrategy(LookupError):
    """An option that nothing is drawn for."""


# --- values ---


def spelled(text: str) -> Strategy:
    """A text whose case the service does not keep."""
    return st.sampled_from([text, text.lower(), text.upper()])


def ids(*resource_ids: str) -> Strategy:
    """Ids in the service's spelling and in others that mean the same."""
    return st.sampled_from(
        [
            spelling
            for item in resource_ids
            for spelling in (item, item.replace("/resourceGroups/", "/resourcegroups/"), f"{item}/")
        ]
    )


def provider(type_: str, name: str) -> str:
    return f"{GROUP_ID}/providers/{type_}/{name}"


HUB_ID, PROJECT_ID = (
    provider("Microsoft.MachineLearningServices/workspaces", name) for name in ("hub-test", "project-test")
)
PROSE = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=40)
GUID = "aaaaaaaa-0000-4000-8000-00000000000a"
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
SUBNETS = [provider("Microsoft.Network/virtualNetworks", f"vnet/subnets/{name}") for name in ("training", "other")]
IDENTITIES = [
    provider("Microsoft.ManagedIdentity/userAssignedIdentities", name) for name in ("id-one", "id-two", "id-three")
]
SIZES = st.one_of(spelled("Standard_D2s_v3"), spelled("Standard_D4s_v3"))
EAST = st.sampled_from(["eastus", "East US", "EastUS", "EASTUS"])
TAG_VALUES = st.one_of(PROSE, st.integers(0, 9), st.booleans(), st.none(), st.floats(0, 9, width=16))
TAGS = st.dictionaries(st.sampled_from(["team", "stage", "Cost Center", "größe"]), TAG_VALUES, max_size=3)
PASSWORD = st.just("planted-Passw0rd")
TIMES = st.datetimes().map(lambda one: one.replace(microsecond=0).isoformat())
QUANTITIES = st.sampled_from(["2", "500m", "8Gi", 1, "1.5"])
RESOURCES = st.dictionaries(st.sampled_from(["cpu", "memory", "nvidia.com/gpu"]), QUANTITIES, max_size=2)
SUBNET_SETTINGS = st.one_of(
    st.fixed_dictionaries({"subnet": ids(*SUBNETS)}),
    st.fixed_dictionaries(
        {"subnet": st.sampled_from(["training", "other"]), "vnet_name": st.just("vnet")},
        optional={"resource_group": st.just("rg-test")},
    ),
)


def identity(*types: str) -> Strategy:
    users = st.lists(ids(*IDENTITIES), min_size=1, max_size=3, unique_by=lambda one: one.rstrip("/").casefold())
    with_users = [item for item in types if "user_assigned" in item]
    without = [item for item in types if "user_assigned" not in item]
    as_cli = users.map(lambda found: [{"resource_id": item} for item in found])
    return st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(with_users), "user_assigned_identities": st.one_of(users, as_cli)}
        ),
        st.fixed_dictionaries({"type": st.sampled_from(without)}),
    )


def _aks_network(draw: t.Any) -> Options:
    return {
        **draw(SUBNET_SETTINGS),
        "service_cidr": "10.8.0.0/16",
        "dns_service_ip": "10.8.0.10",
        "docker_bridge_cidr": "172.17.0.1/16",
    }


_NODE_SELECTOR = st.dictionaries(st.sampled_from(["accelerator", "zone"]), WORDS, max_size=2)
_INSTANCE_TYPE = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "node_selector": st.one_of(st.none(), _NODE_SELECTOR),
            "resources": st.fixed_dictionaries({}, optional={"requests": RESOURCES, "limits": RESOURCES}),
        },
    ),
)
_TLS = st.one_of(
    st.just({"status": "disabled"}),
    st.fixed_dictionaries(
        {"leaf_domain_label": WORDS}, optional={"status": st.just("auto"), "overwrite_existing_domain": st.booleans()}
    ),
    st.fixed_dictionaries(
        {"cert": st.just("planted-cert"), "key": st.just("planted-tls-key"), "cname": spelled("scoring.example.org")},
        optional={"status": st.just("enabled")},
    ),
)
_RULES = st.lists(
    st.one_of(
        st.fixed_dictionaries({"name": st.just("packages"), "type": st.just("fqdn"), "destination": st.sampled_from(["pypi.org", "*.pypi.org"])}),
        st.fixed_dictionaries(
            {
                "name": st.just("factory"), "type": st.just("service_tag"),
                "destination": st.fixed_dictionaries(
                    {"service_tag": st.just("DataFactory"), "protocol": st.just("TCP"), "port_ranges": st.sampled_from(["80, 8080", "443"])}
                ),
            }
        ),
        st.fixed_dictionaries({"name": st.sampled_from(["gone", "factory"]), "state": st.just("absent")}),
    ),
    max_size=2,
    unique_by=lambda one: one["name"],
)  # fmt: skip
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), PROSE),
    lambda below: st.one_of(
        st.lists(below, max_size=2),
        st.dictionaries(st.sampled_from("abcd"), below, max_size=3),
        st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("xyz")}, optional={"a": below}),
            max_size=2,
            unique_by=lambda one: one["name"],
        ),
    ),
    max_leaves=6,
)

# By the option's dotted path; a subject's own go before, then its module's. Booleans and choices need no row, unless not all of them go.
STORAGES = st.fixed_dictionaries(
    {
        "storage_account_hns": st.just(False),
        "storage_account_type": st.sampled_from(["standard_lrs", "Standard_LRS"]),
        "replication_count": st.sampled_from([1, 1, 2]),
    }
)
VALUES: dict[str, Strategy] = {
    "wait_timeout": st.integers(3600, 7200),
    "wait_interval": st.sampled_from([0.5, 5, "2"]),
    "api_version": st.sampled_from(["2025-12-01", "2025-09-01"]),
    "tags": TAGS,
    "location": EAST,
    "size": SIZES,
    "description": PROSE,
    "identity": identity("system_assigned", "user_assigned", "none"),
    "network_settings": SUBNET_SETTINGS,
    # cluster
    "min_instances": st.integers(0, 2),
    "max_instances": st.one_of(st.integers(1, 6), st.sampled_from(["3", "4"])),
    "cluster:ssh_settings": st.one_of(
        st.fixed_dictionaries(
            {
                "admin_username": st.just("azureuser"),
                "ssh_key_value": st.sampled_from([KEY, f"{KEY} somebody@somewhere"]),
            },
            optional={"admin_password": PASSWORD},
        ),
        st.fixed_dictionaries({"admin_username": st.just("azureuser"), "admin_password": PASSWORD}),
    ),
    # instance
    "instance:ssh_settings": st.just({"ssh_key_value": KEY}),
    "create_on_behalf_of": st.just(
        {
            "user_object_id": "00000000-0000-0000-0000-0000000000a1",
            "user_tenant_id": "AAAAAAAA-0000-4000-8000-00000000000a",
        }
    ),
    "schedules.compute_start_stop.trigger": st.one_of(
        st.fixed_dictionaries(
            {
                "type": st.just("cron"),
                "expression": st.sampled_from(["0 18 * * *", "*/5  8-18 1,15 * MON", "59 23 31 12 7"]),
            },
            optional={"start_time": TIMES, "time_zone": st.sampled_from(["UTC", "W. Europe Standard Time"])},
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("recurrence"),
                "frequency": st.sampled_from(["week", "day"]),
                "interval": st.integers(1, 9),
            },
            optional={
                "start_time": TIMES,
                "time_zone": st.just("UTC"),
                "schedule": st.fixed_dictionaries(
                    {
                        "hours": st.permutations([8, 18]),
                        "minutes": st.lists(st.integers(0, 59), min_size=1, max_size=2, unique=True),
                    },
                    optional={"week_days": st.permutations(["monday", "friday"])},
                ),
            },
        ),
    ),
    "setup_scripts.creation_script": st.one_of(
        st.fixed_dictionaries(
            {"path": st.just("Users/a.sh")},
            optional={"timeout_minutes": st.integers(1, 60), "command": st.just("--fast")},
        ),
        st.fixed_dictionaries(
            {"inline": st.sampled_from(["echo ä\n", "true"])}, optional={"timeout_minutes": st.integers(1, 60)}
        ),
    ),
    "setup_scripts.startup_script": st.fixed_dictionaries(
        {"path": st.just("Users/a.sh")}, optional={"timeout_minutes": st.integers(1, 60)}
    ),
    "custom_applications.name": st.sampled_from(["rstudio", "posit", "app"]),
    "custom_applications.image.reference": st.sampled_from(["rocker/rstudio:latest", "app@sha256:00"]),
    "custom_applications.endpoints.target": st.integers(1026, 65534),
    "custom_applications.endpoints.published": st.integers(1026, 65534),
    "custom_applications.environment_variables": st.dictionaries(
        WORDS, st.one_of(PROSE, st.integers(0, 9), st.booleans()), max_size=2
    ),
    "custom_applications.bind_mounts.source": st.just("/home/azureuser/cloudfiles"),
    "custom_applications.bind_mounts.target": st.sampled_from(["/home/rstudio", "/data"]),
    "data_mounts.mount_name": st.sampled_from(["data", "models"]),
    "data_mounts.source": st.sampled_from(["azureml://datastores/data", "azureml://datastores/models"]),
    "data_mounts.source_type": st.just("uri"),
    "data_mounts.mount_path": st.sampled_from(["/mnt/data", "/mnt/models"]),
    # inference cluster
    "agent_count": st.integers(3, 4),
    "aks-made:network_settings": st.composite(_aks_network)(),
    "load_balancer_subnet": st.sampled_from(["inner", "other"]),
    "ssl": _TLS,
    # attached compute
    "ssh_settings": st.one_of(
        st.fixed_dictionaries(
            {"admin_username": WORDS, "admin_password": PASSWORD}, optional={"ssh_port": st.integers(1, 65535)}
        ),
        st.fixed_dictionaries(
            {"admin_username": WORDS, "ssh_private_key": st.just(PRIVATE_KEY)},
            optional={"ssh_port": st.sampled_from([22, "2222"])},
        ),
    ),
    "access_token": st.just("planted-token"),
    "instance_types": st.dictionaries(st.sampled_from(["gpu", "cpu"]), _INSTANCE_TYPE, min_size=1, max_size=2),
    # workspace; what is fixed there is declared as it is, in any spelling
    "kind": st.just("default"),
    "project:hub_id": ids(HUB_ID),
    "display_name": st.text("abc äß", min_size=1, max_size=20),
    "storage_account": ids(provider("Microsoft.Storage/storageAccounts", "stwstest")),
    "key_vault": ids(provider("Microsoft.KeyVault/vaults", "kvwstest")),
    "application_insights": ids(
        provider("Microsoft.Insights/components", "aiwstest"), provider("Microsoft.Insights/components", "ai-two")
    ),
    "container_registry": ids(provider("Microsoft.ContainerRegistry/registries", "acrtest")),
    "hbi_workspace": st.just(False),
    "aml_workspace:identity": identity("system_assigned", "system_assigned,user_assigned"),
    "serverless_compute.custom_subnet": ids(*SUBNETS),
    "network_acls.ip_rules.value": st.sampled_from(["203.0.113.0/24", "198.51.100.7"]),
    "managed_network.isolation_mode": st.just("allow_only_approved_outbound"),
    # There is no way back to v1.
    "managed_network.managed_network_kind": st.just("v2"),
    "managed_network.firewall_sku": st.sampled_from(["standard", "basic"]),
    "managed_network.outbound_rules": _RULES,
    # connection
    "aml_connection:metadata": st.fixed_dictionaries({"team": WORDS}),
    "aml_connection:credentials": st.one_of(
        st.just({"type": "none"}),
        st.sampled_from([{"type": "pat", "pat": "planted-pat"}, {"type": "PAT", "pat": "planted-other"}]),
        st.fixed_dictionaries({"type": st.just("username_password"), "username": WORDS, "password": PASSWORD}),
        st.just({"type": "custom_keys", "keys": {"one": "planted-one"}}),
        st.just({"type": "managed_identity", "client_id": "client"}),
    ),
    # registry; the storage of each region in full, because what is not declared of an existing one stays
    "replication_locations": st.lists(
        st.fixed_dictionaries(
            {"location": st.sampled_from(["eastus", "westus", "West Europe"]), "storage_config": STORAGES}
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda region: region["location"],
    ),
    "registry:container_registry": st.sampled_from([{"acr_account_sku": "premium"}, {"acr_account_sku": "Premium"}]),
    # datastore
    "is_default": st.just(False),
    "credentials": st.one_of(
        st.none(),
        st.just({"account_key": "planted-key"}),
        st.just({"sas_token": "?sig=planted-sas"}),
        st.fixed_dictionaries(
            {"tenant_id": st.sampled_from([GUID, GUID.upper()]), "client_id": st.just(GUID), "client_secret": PASSWORD},
            optional={"resource_url": st.just("https://storage.azure.com/")},
        ),
        st.just({"tenant_id": GUID, "client_id": GUID, "certificate": "planted-certificate", "thumbprint": "AB12"}),
    ),
    # role assignment: of another scope is another one
    "aml_role_assignment:scope": st.nothing(),
    # diagnostic setting
    "log_analytics_workspace_id": ids(provider("Microsoft.OperationalInsights/workspaces", "log-test")),
    "storage_account_id": ids(provider("Microsoft.Storage/storageAccounts", "stwstest")),
    "event_hub_authorization_rule_id": ids(provider("Microsoft.EventHub/namespaces", "hubs/authorizationRules/Send")),
    "log_categories": st.lists(
        st.sampled_from(["AmlComputeJobEvent", "RunEvent", "ComputeInstanceEvent"]), unique=True
    ),
    "log_category_groups": st.sampled_from([[], ["allLogs"]]),
    "metric_categories": st.sampled_from([[], ["AllMetrics"]]),
    # online endpoint; traffic goes to deployments, which a new endpoint does not have
    "aml_online_endpoint:identity": identity("system_assigned", "user_assigned"),
    "aml_online_endpoint:traffic": st.just({}),
    "aml_online_endpoint:mirror_traffic": st.just({}),
    # online deployment of the type managed
    "instance_count": st.integers(1, 4),
    "instance_type": spelled("Standard_DS3_v2"),
    "aml_online_deployment:scale_settings": st.just({"type": "default"}),
    # The settings need collections.
    "aml_online_deployment:data_collector": st.sampled_from(
        [
            {"collections": {"request": {"enabled": True}}, "rolling_rate": "hour", "sampling_rate": 0.5},
            {
                "collections": {
                    "request": {"enabled": "false", "data": "azureml:asked:1"},
                    "response": {"enabled": True, "client_id": GUID},
                },
                "request_logging": {"capture_headers": ["X-Request-Id"]},
            },
            {"collections": None},
        ]
    ),
    # What an endpoint has cannot be changed.
    "aml_online_endpoint:properties": st.just({"stage": "test"}),
    "aml_batch_endpoint:properties": st.just({"stage": "test"}),
    "aml_batch_deployment:compute": st.just(f"{WORKSPACE_ID}/computes/cpu-cluster"),
    "aml_batch_deployment:settings.environment_variables": st.just({"LEVEL": "info"}),
    "aml_online_deployment:environment_variables": st.dictionaries(
        st.sampled_from(["LEVEL", "MODE"]), st.one_of(st.none(), st.integers(0, 9), st.booleans(), WORDS), max_size=2
    ),
    # extension of a Kubernetes cluster
    "aml_kubernetes_extension:api_version": st.sampled_from([KUBERNETES_EXTENSION.api_version, "2024-11-01"]),
    "aml_kubernetes_extension:ssl": st.just({"cname": "scoring.example.org", "secret_name": "scoring-tls"}),
    "aml_kubernetes_extension:internal_load_balancer_provider": st.just("azure"),
    # any resource
    "arm_resource:api_version": st.just("2023-01-31"),
    "body": st.fixed_dictionaries(
        {"location": EAST}, optional={"properties": st.dictionaries(st.sampled_from("abcd"), _JSON, max_size=3)}
    ),
    "secret_body": st.just({"properties": {"secret": "planted-secret"}}),
    # quotas
    "quotas.family": st.one_of(spelled("standardDSv2Family"), spelled("standardDSv3Family")),
    "quotas.limit": st.one_of(st.none(), st.integers(0, 24)),
    "subscription_quotas.family": st.one_of(spelled("standardDSv2Family"), spelled("standardDSv3Family")),
    # Also below the current limits, of which nothing is lowered.
    "subscription_quotas.limit": st.integers(0, 400),
}

# Options that no declaration has, each with the reason.
NOT_DRAWN = {
    "expected_computes": "of a deletion; tests/functional/test_other_writers.py",
    "show_variables": "decides what a result shows, not what is declared; tests/functional/test_secrets_fleet.py",
    "resource_id": "the subject's own: which resource there is",
    "hub_id": "a project alone has one",
    "enable_data_isolation": "fixed at creation, which needs azure-ai-ml",
    "default_resource_group": "fixed at creation, which needs azure-ai-ml; tests/integration/test_workspace.py",
    "additional_workspace_storage_accounts": "fixed at creation, which needs azure-ai-ml; tests/integration/test_workspace.py",
    "shared_private_link_resources": "fixed at creation, which needs azure-ai-ml; tests/integration/test_workspace.py",
    "primary_user_assigned_identity": "belongs to one of the identities that are there; tests/functional/test_workspace.py",
    "customer_managed_key": "fixed at creation, which needs azure-ai-ml",
    "enable_service_side_cmk_encryption": "fixed at creation, which needs azure-ai-ml",
    "feature_store_settings": "of a kind that only azure-ai-ml creates; tests/integration/test_workspace.py",
    "provision_network": "what is done stays; tests/functional/test_provisioning.py",
    "include_spark": "what is done stays; tests/functional/test_provisioning.py",
    "materialization_identity": "of a creation, which needs azure-ai-ml; tests/integration/test_workspace.py",
    "grant_materialization_permissions": "of a creation, which needs azure-ai-ml; tests/integration/test_workspace.py",
    "offline_store": "of a creation, which needs azure-ai-ml; tests/integration/test_samples.py",
    "online_store": "of a creation, which needs azure-ai-ml; tests/unit/module_utils/test_sdk.py",
    "aml_online_endpoint:compute": "an endpoint on Kubernetes takes a cluster with the extension; tests/functional/test_fleet_online_endpoints.py",
    "expected_traffic": "decides whether other values are changed; tests/functional/test_online_endpoint.py",
    "aml_batch_endpoint:defaults": "names a deployment, which a new endpoint does not have; tests/functional/test_batch_endpoint.py",
    "regenerate_keys": "is done in every run; tests/functional/test_online_endpoint.py",
    "resources": "of deployments on Kubernetes; tests/functional/test_online_endpoint.py",
    "log_lines": "decides what a failure shows, not what is declared; tests/functional/test_online_endpoint.py",
    "arm_resource:id": "one name for a resource is enough",
    "arm_resource:scope": "one name for a resource is enough",
}
VALUES |= dict.fromkeys(NOT_DRAWN, st.nothing())


# --- subjects ---


@dataclass(frozen=True)
class Subject:
    """One kind of thing that is declared. ``always`` is in every declaration, ``needed`` must be drawn for a creation."""

    name: str
    module: str
    kind: Kind | None
    always: Options
    needed: tuple[str, ...] = ()
    mend: t.Callable[[Options], Options] = field(default=lambda options: options)
    path: str = ""
    # Of what is in a workspace; a fleet has compute targets alone.
    collection: str = "computes"
    # Of reads of the document.
    version: str = "2025-12-01"
    # Whether a task may replace it where it is not a compute target.
    replaceable: bool = False
    # What it is in.
    prepare: t.Callable[[Azure], None] = lambda azure: None

    @property
    def spec(self) -> specs.Spec:
        found = importlib.import_module(f"ansible_collections.azureml.compute.plugins.modules.{self.module}")
        return t.cast("specs.Spec", found.SPEC)

    @property
    def document(self) -> str:
        """Where ARM has it."""
        return self.path or f"{collection_id(WORKSPACE_ID, self.collection)}/{self.always['name']}"

    @property
    def replaces(self) -> Options:
        """What lets a task replace what cannot change."""
        given = {"on_immutable_change": "recreate", "force": True, "delete_underlying": True}
        taken = {
            name: value
            for name, value in given.items()
            if name in self.spec and (name != "delete_underlying" or self.name == "aks-made")
        }
        return {} if self.path and not self.replaceable else taken

    @property
    def clearable(self) -> set[str]:
        return {row.option for row in self.kind.fields if row.clearable} - {*self.needed} if self.kind else set()

    def options(self) -> dict[str, dict[str, t.Any]]:
        """The options that are drawn: for an attached type, those that its table of fields has or that no table has."""
        fields = {row.option.partition(".")[0] for row in self.kind.fields} if self.kind else set()
        declared = {row.option.partition(".")[0] for kind in INFO_KINDS.values() for row in kind.fields}
        fits = {
            name: row
            for name, row in self.spec.items()
            if self.module != "aml_attached_compute" or name in fields or name not in declared
        }
        return {name: row for name, row in fits.items() if name not in BY_THE_PROPERTY and name not in self.always}

    def strategy(self) -> Strategy:
        """Declarations that are right."""
        drawn = {name: value for name, row in self.options().items() if not (value := self._value(name, row)).is_empty}
        required = {name: drawn.pop(name) for name in {option.partition(".")[0]: None for option in self.needed}}
        return st.fixed_dictionaries(required, optional=drawn).map(
            lambda options: self._with_fitting_version(self.mend({**copy.deepcopy(options), **self.always}))
        )

    def _with_fitting_version(self, options: Options) -> Options:
        """Without an API version that does not have all options: the module then chooses one that has."""
        version = options.get("api_version")
        rows = [row for row in self.kind.fields if declares(options, row.option)] if self.kind else []
        return (
            options
            if version is None or all(row.versions.has(version) for row in rows)
            else without(options, "api_version")
        )

    def _value(self, path: str, row: dict[str, t.Any]) -> Strategy:
        found = self._plain(path, row)
        null = path in self.clearable or (
            bool(row.get("options")) and all(f"{path}.{name}" in self.clearable for name in row["options"])
        )
        return found if found.is_empty or not null else st.one_of(found, st.none())

    def _plain(self, path: str, row: dict[str, t.Any]) -> Strategy:
        own = VALUES.get(f"{self.name}:{path}", VALUES.get(f"{self.module}:{path}", VALUES.get(path)))
        if own is not None:
            return own
        if row.get("options"):
            return self._nested(path, row)
        of_kind = row_of(self.module, path)
        if of_kind is not None and isinstance(of_kind.rule, rules.Range):
            return st.integers(of_kind.rule.lowest, of_kind.rule.highest or 100_000)
        if of_kind is not None and of_kind.examples:
            return st.sampled_from(of_kind.examples)
        if row.get("choices"):
            one = st.sampled_from(list(row["choices"]))
            return st.lists(one, min_size=1, unique=True) if row.get("type") == "list" else one
        if row.get("type") == "bool":
            return st.one_of(st.booleans(), st.sampled_from(["yes", "no"]))
        raise NoStrategy(
            f"{self.name}: nothing is drawn for the option {path}; give its row examples, or it one in VALUES"
        )

    def _nested(self, path: str, row: dict[str, t.Any]) -> Strategy:
        below = {
            name: value
            for name, option in row["options"].items()
            if not (value := self._value(f"{path}.{name}", option)).is_empty
        }
        required = {
            name: below.pop(name)
            for name, option in row["options"].items()
            if name in below and (option.get("required") or f"{path}.{name}" in self.needed)
        }
        made = st.fixed_dictionaries(required, optional=below)
        if row.get("type") == "list":
            name = next(iter(row["options"]))
            return st.lists(made, max_size=2, unique_by=lambda value: str(value.get(name)).casefold())
        return made.filter(bool)


def declares(options: Options, path: str) -> bool:
    """Whether the options have something at the path, or null at it or above it."""
    value: t.Any = options
    for name in path.split("."):
        if value is None:
            return True
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


def without(options: Options, *names: str) -> Options:
    return {name: value for name, value in options.items() if name not in names}


def mend_cluster(options: Options) -> Options:
    if int(options.get("min_instances") or 0) > int(options["max_instances"]):
        options["min_instances"] = options["max_instances"]
    if not options.get("ssh_settings"):
        options = without(options, "ssh_public_access_enabled")
    # Without a public address a cluster needs a private endpoint of the workspace, which the pre-flight looks at.
    return (
        options
        if options.get("network_settings") and not options.get("preflight")
        else without(options, "enable_node_public_ip")
    )


def mend_instance(options: Options) -> Options:
    if not (options.get("ssh_settings") or {}).get("ssh_key_value"):
        options = without(options, "ssh_public_access_enabled")
    return (
        options
        if options.get("network_settings") and not options.get("preflight")
        else without(options, "enable_node_public_ip")
    )


def mend_aks(options: Options) -> Options:
    if (options.get("ssl") or {}).get("leaf_domain_label"):
        options = without(options, "load_balancer_type")
    if options.get("load_balancer_type") != "internal_load_balancer":
        options = without(options, "load_balancer_subnet")
    return options


def mend_attached_aks(options: Options) -> Options:
    return mend_aks(without(options, "agent_count", "size", "location", "network_settings"))


def mend_kubernetes(options: Options) -> Options:
    types = options.get("instance_types")
    return (
        options
        if types and options.get("default_instance_type") in types
        else without(options, "default_instance_type")
    )


def mend_project(options: Options) -> Options:
    options = without(options, *workspace_rules.FROM_HUB)
    # A project stays in its hub: null, which says that it has none, is refused.
    return without(options, "hub_id") if options.get("hub_id", "") is None else options


def mend_workspace(options: Options) -> Options:
    if options.get("key_vault", "") is None:
        # Every workspace of these tests has one.
        del options["key_vault"]
    network = options.get("managed_network")
    if network and (network.get("outbound_rules") or network.get("firewall_sku")) and "isolation_mode" not in network:
        network["isolation_mode"] = "allow_only_approved_outbound"
    return options


def mend_datastore(options: Options) -> Options:
    needed, others = STORAGE[options["type"]]
    own = {option.partition(".")[0] for option in (*needed, *others)}
    return {
        name: value
        for name, value in options.items()
        if name in own or name not in {option.partition(".")[0] for option in OF_STORAGE}
    }


def mend_diagnostic_setting(options: Options) -> Options:
    if not options.get("event_hub_authorization_rule_id"):
        options = without(options, "event_hub_name")
    if not any(options.get(name) for name in ("storage_account_id", "event_hub_authorization_rule_id")):
        options["log_analytics_workspace_id"] = provider("Microsoft.OperationalInsights/workspaces", "log-test")
    if not options.get("log_analytics_workspace_id"):
        options = without(options, "log_analytics_destination_type")
    if options.get("log_categories"):
        options["log_category_groups"] = []
    elif options.get("log_category_groups"):
        options["log_categories"] = []
    else:
        options["metric_categories"] = ["AllMetrics"]
    return options


def mend_registry(options: Options) -> Options:
    """The registry is in the region of its group, which is one of its regions."""
    regions = options.get("replication_locations")
    if regions and all(region["location"] != "eastus" for region in regions):
        regions[0]["location"] = "eastus"
    return options


def _endpoint(azure: Azure) -> None:
    azure.run("aml_online_endpoint", name="an-endpoint")


def _batch_endpoint(azure: Azure) -> None:
    azure.run("aml_compute_cluster", name="cpu-cluster", size="Standard_DS3_v2", max_instances=1)
    azure.run("aml_batch_endpoint", name="an-endpoint")


def mend_deployment(options: Options) -> Options:
    code = options.get("code_configuration")
    if code and code.get("code") and not code.get("scoring_script"):
        code["scoring_script"] = "score.py"
    return options


def mend_extension(options: Options) -> Options:
    if options.get("enable_inference") not in (None, False, "no"):
        # With its certificate, or without one.
        options["inference_router_service_type"] = options.get("inference_router_service_type") or "load_balancer"
        if not options.get("ssl"):
            options["allow_insecure_connections"] = True
    if options.get("inference_router_service_type") == "node_port":
        options = without(options, "internal_load_balancer_provider")
    if "auto_upgrade_mode" in options:
        options = without(options, "api_version")
    if options.get("version"):
        options["auto_upgrade_minor_version"] = False
    return options


_CLUSTER = provider("Microsoft.ContainerService/managedClusters", "aks-one")
_VM = provider("Microsoft.Compute/virtualMachines", "vm")
_ATTACHED: dict[str, tuple[Options, tuple[str, ...], t.Callable[[Options], Options]]] = {
    "virtualmachine": ({"resource_id": _VM}, (), lambda options: without(options, "address")),
    "hdinsight": (
        {"resource_id": provider("Microsoft.HDInsight/clusters", "hdi")},
        (),
        lambda options: without(options, "address"),
    ),
    "databricks": (
        {"resource_id": provider("Microsoft.Databricks/workspaces", "dbx")},
        ("access_token",),
        lambda options: options,
    ),
    "datafactory": ({"resource_id": provider("Microsoft.DataFactory/factories", "adf")}, (), lambda options: options),
    "datalakeanalytics": (
        {"resource_id": provider("Microsoft.DataLakeAnalytics/accounts", "adla")},
        (),
        lambda options: options,
    ),
    "synapsespark": (
        {"resource_id": provider("Microsoft.Synapse/workspaces", "syn/bigDataPools/pool")},
        (),
        lambda options: options,
    ),
    "kubernetes": (
        {"resource_id": provider("Microsoft.ContainerService/managedClusters", "aks-two")},
        (),
        mend_kubernetes,
    ),
}
_WORKSPACE_KIND = Workspace()
_WORKSPACE_KIND.fields = FIELDS
_ASSIGNED = {"role": "AzureML Data Scientist", "principal_id": GUID, "principal_type": "group"}
_PLAIN_TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"

SUBJECTS = {
    item.name: item
    for item in (
        Subject("cluster", "aml_compute_cluster", INFO_KINDS["amlcompute"], {"name": "a-cluster"}, ("size", "max_instances"), mend_cluster),
        Subject("instance", "aml_compute_instance", INFO_KINDS["computeinstance"], {"name": "an-instance"}, ("size",), mend_instance),
        Subject("aks-made", "aml_inference_cluster", INFO_KINDS["aks"], {"name": "made-aks", "cluster_purpose": "dev_test"}, ("size", "agent_count"), mend_aks),
        Subject(
            "aks-attached", "aml_inference_cluster", INFO_KINDS["aks"],
            {"name": "attached-aks", "resource_id": provider("Microsoft.ContainerService/managedClusters", "aks-one")}, (), mend_attached_aks,
        ),
        *(
            Subject(name, "aml_attached_compute", INFO_KINDS[name], {"name": "an-attached", "type": name, **always}, needed, mend)
            for name, (always, needed, mend) in _ATTACHED.items()
        ),
        Subject(
            "connection", "aml_connection", CONNECTION, {"name": "a_connection", "type": "python_feed"}, ("target",), collection="connections"
        ),
        *(
            Subject(type_, "aml_datastore", DATASTORE, {"name": "a_datastore", "type": type_}, needed, mend_datastore, collection="datastores")
            for type_, (needed, _others) in STORAGE.items()
        ),
        Subject(
            "diagnostic_setting", "aml_diagnostic_setting", DIAGNOSTIC_SETTING, {"name": "to-logs"}, (), mend_diagnostic_setting,
            collection="diagnostic_settings", version=DIAGNOSTIC_SETTING.api_version,
        ),
        Subject(
            "registry", "aml_registry", REGISTRY, {"name": "a-registry"}, (), mend_registry,
            provider("Microsoft.MachineLearningServices/registries", "a-registry"), collection="registries", replaceable=True,
        ),
        Subject(
            "online_endpoint", "aml_online_endpoint", ONLINE_ENDPOINT, {"name": "an-endpoint"}, collection="online_endpoints", version="2026-05-01",
        ),
        Subject(
            "online_deployment", "aml_online_deployment", ONLINE_DEPLOYMENT, {"endpoint_name": "an-endpoint", "name": "a-deployment"},
            ("model", "instance_type", "instance_count"), mend_deployment, f"{WORKSPACE_ID}/onlineEndpoints/an-endpoint/deployments/a-deployment",
            collection="deployments", version="2026-05-01", replaceable=True, prepare=_endpoint,
        ),
        Subject("batch_endpoint", "aml_batch_endpoint", BATCH_ENDPOINT, {"name": "an-endpoint"}, collection="batch_endpoints", version="2026-05-01"),
        Subject(
            "batch_deployment", "aml_batch_deployment", BATCH_DEPLOYMENT, {"endpoint_name": "an-endpoint", "name": "a-deployment"},
            ("model", "compute"), mend_deployment, f"{WORKSPACE_ID}/batchEndpoints/an-endpoint/deployments/a-deployment",
            collection="deployments", version="2026-05-01", replaceable=True, prepare=_batch_endpoint,
        ),
        Subject(
            "kubernetes_extension", "aml_kubernetes_extension", KUBERNETES_EXTENSION, {"name": "azureml", "cluster_id": _CLUSTER, "enable_training": True},
            (), mend_extension, f"{_CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/azureml", collection="extensions",
            version=KUBERNETES_EXTENSION.api_version, replaceable=True,
        ),
        Subject(
            "role_assignment", "aml_role_assignment", ROLE_ASSIGNMENT, _ASSIGNED, (), path=target_of(WORKSPACE_ID, _ASSIGNED["role"], GUID).id,
            collection="role_assignments", version=ROLE_ASSIGNMENT.api_version,
        ),
        Subject("workspace", "aml_workspace", _WORKSPACE_KIND, {"name": WORKSPACE}, (), mend_workspace, WORKSPACE_ID),
        Subject("hub", "aml_workspace", _WORKSPACE_KIND, {"name": "hub-test", "kind": "hub"}, (), mend_workspace, HUB_ID),
        Subject("project", "aml_workspace", _WORKSPACE_KIND, {"name": "project-test", "kind": "project"}, (), mend_project, PROJECT_ID),
        Subject(
            "arm_resource", "arm_resource", None, {"resource_group": "rg-test", "type": _PLAIN_TYPE, "name": "drawn"}, ("body", "api_version"),
            path=provider(_PLAIN_TYPE, "drawn"), version="2023-01-31",
        ),
    )
}  # fmt: skip

assert set(kind_specs.KIND_SPECS) <= {*_ATTACHED, "amlcompute", "computeinstance", "aks"}


# A fleet's targets: of every kind but AKS that the service makes, which takes its time. Each resource is attached once.
FLEET = tuple(
    name
    for name, subject in SUBJECTS.items()
    if not subject.path and subject.collection == "computes" and name != "aks-made"
)


def fleets() -> Strategy:
    """Lists of (subject, options) for one workspace, each target with a name of its own."""
    drawn = {
        name: SUBJECTS[name]
        .strategy()
        .map(lambda options, name=name: {**options, "name": f"fleet-{name}"[:16].rstrip("-")})
        for name in FLEET
    }
    return st.lists(st.sampled_from(FLEET), min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(*(drawn[name] for name in names)).map(
            lambda found: list(zip(names, found, strict=True))
        )
    )


def quotas() -> Strategy:
    """Options of ``aml_quota``, from its spec; each family once in each list."""

    def is_once(options: Options) -> bool:
        lists = (
            [row["family"].casefold() for row in options.get(name) or []] for name in ("quotas", "subscription_quotas")
        )
        return all(len(set(families)) == len(families) for families in lists)

    subject = Subject("quota", "aml_quota", None, {}, ("quotas",))
    return subject.strategy().filter(is_once)


# What has no subject, because it declares several things at once.
OF_THEIR_OWN = {"aml_quota": quotas, "aml_fleet": fleets}


def furnish(azure: Azure) -> None:
    """All that declarations name."""
    azure.make_workspace()
    subnets = [
        {"name": name, "properties": {"addressPrefix": f"10.0.{number}.0/24"}}
        for number, name in enumerate(("training", "other"))
    ]
    network = {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}}
    azure.resource("Microsoft.Network/virtualNetworks", "vnet", network, "2024-05-01")
    for name in ("id-one", "id-two", "id-three"):
        azure.identity(name)
    for name in ("aks-one", "aks-two"):
        aks(azure, name)
    machine = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v3"}}}
    azure.resource("Microsoft.Synapse/workspaces", "syn", {"properties": {"defaultDataLakeStorage": {}}}, "2021-06-01")
    spark = {
        "properties": {"sparkVersion": "3.5", "nodeCount": 3, "nodeSize": "Small", "nodeSizeFamily": "MemoryOptimized"}
    }
    for type_, name, body, version in (
        ("Microsoft.Compute/virtualMachines", "vm", machine, "2024-07-01"),
        ("Microsoft.HDInsight/clusters", "hdi", machine, "2021-06-01"),
        ("Microsoft.Databricks/workspaces", "dbx", {}, "2024-05-01"),
        ("Microsoft.DataFactory/factories", "adf", {}, "2018-06-01"),
        ("Microsoft.DataLakeAnalytics/accounts", "adla", {}, "2016-11-01"),
        ("Microsoft.Synapse/workspaces/syn/bigDataPools", "pool", spark, "2021-06-01"),
        ("Microsoft.ContainerRegistry/registries", "acrtest", {"sku": {"name": "Premium"}}, "2023-07-01"),
        ("Microsoft.Insights/components", "ai-two", {"kind": "web"}, "2020-02-02"),
        ("Microsoft.OperationalInsights/workspaces", "log-test", {}, "2023-09-01"),
    ):
        azure.resource(type_, name, body, version)
    found = azure.get(WORKSPACE_ID)["properties"]
    dependents = {name: found[name] for name in ("storageAccount", "keyVault", "applicationInsights")}
    for identifier, kind, properties in (
        (HUB_ID, "Hub", dependents),
        (PROJECT_ID, "Project", {"hubResourceId": HUB_ID}),
    ):
        azure.arm(
            "PUT",
            identifier,
            {"location": "eastus", "kind": kind, "identity": {"type": "SystemAssigned"}, "properties": properties},
        )
