# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""azure-ai-ml, for what only it knows: the templates that create a workspace with the resources it depends on.

Import this module only on the path that needs it: azure-ai-ml costs a second and 100 MB. It submits; the waiting is the engine's, because
azure-ai-ml's own has no deadline, cannot be resumed and loses the reason of a failure (docs/facts.md f.20).
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
import time
import typing as t
import uuid
from dataclasses import dataclass

from .._arm import limits
from .._arm.answers import Answer, error_of, hint_for, read_error
from .._arm.cloud import Cloud
from .._arm.connections import limit_of, session_for
from .._arm.transport import exchange_seconds, lost, was_sent
from .._core import paths, redact
from .._core.arm_id import Target
from .._core.errors import AmlError, ArmError
from .._engine import versions
from .._engine.plan import Declared
from .._kinds.compute import IDENTITY_TYPES
from .._kinds.workspace import FIELDS, isolation_mode_to_arm

_ENTITIES = {"default": "Workspace", "hub": "Hub", "featurestore": "FeatureStore"}

# What an entity takes as it is. What it does not take is set by the update that follows the creation.
_PLAIN = (
    "location",
    "display_name",
    "description",
    "tags",
    "storage_account",
    "key_vault",
    "application_insights",
    "container_registry",
    "hbi_workspace",
    "image_build_compute",
    "primary_user_assigned_identity",
    "system_datastores_auth_mode",
    "enable_data_isolation",
)

# What only a creation sets, or sets before anyone can reach the workspace, and azure-ai-ml has no parameter for in a version that has it.
_IN_TEMPLATE = (
    "customer_managed_key.user_assigned_identity",
    "customer_managed_key.cosmosdb_id",
    "customer_managed_key.search_id",
    "customer_managed_key.storage_id",
    "enable_service_side_cmk_encryption",
    "network_acls.default_action",
    "network_acls.ip_rules",
    "allow_roleassignment_on_rg",
    "default_resource_group",
    "additional_workspace_storage_accounts",
    "shared_private_link_resources",
    "soft_delete_retention_in_days",
)
# How the template spells stores of the user's own; the types of no version have these names.
_UNKNOWN_STORES = ("cosmosDbArmId", "storageAccountArmId", "SearchAccountArmId")


@dataclass(frozen=True)
class FeatureStore:
    """How a feature store is created, in addition to what every workspace has.

    materialization_identity  the id of the identity that its jobs use; None for a new one
    grant_permissions         whether that identity gets its roles
    offline_store             the id of a container that exists; None for a new one in a new storage account
    online_store              the id of a Redis cache that exists; None for no online store
    """

    materialization_identity: str | None = None
    grant_permissions: bool = True
    offline_store: str | None = None
    online_store: str | None = None


NEW_STORE = FeatureStore()


class WorkspaceExists(AmlError):
    """azure-ai-ml read the workspace before its deployment, and found one."""

    default_code = "WorkspaceExists"


def submit_workspace(
    cloud: Cloud,
    credential: t.Any,
    target: Target,
    declared: Declared,
    *,
    verify: bool | str = True,
    retry_timeout: float = 120.0,
    stores: FeatureStore = NEW_STORE,
) -> None:
    """Start the deployment that creates the workspace. Returns when Azure has accepted it.

    Raises AmlError where azure-ai-ml or the service refuses, or no answer comes. Its own retries are over by then: those of one request and their answers
    take at most ``retry_timeout`` seconds, as with ArmClient.
    """
    from azure.ai.ml.exceptions import MlException
    from azure.core.exceptions import AzureError, HttpResponseError

    sender = _Sender(cloud, target, retry_timeout, verify)
    # Output of azure-ai-ml would precede the module's JSON.
    with contextlib.redirect_stdout(io.StringIO()), _sending(sender):
        try:
            client = _client(cloud, credential, target)
            # azure-ai-ml reads the workspace first, and updates one that exists with what this task would create.
            client.workspaces.begin_update = _refuse_update
            _complete_template(client.workspaces, declared)
            entity, of_store = _entity(target, declared), {}
            if declared.get("kind") == "featurestore":
                _name_connections(entity, target, declared, stores)
                of_store = _of_feature_store(stores)
            client.workspaces.begin_create(entity, **of_store)
        except AmlError:
            # WorkspaceExists, or what the sender refuses.
            raise
        except HttpResponseError as error:
            raise _service_error(error, target) from error
        except MlException as error:
            refused = AmlError(str(error.message), code="SdkRefused", target=target.id)
            refused.unclear = False
            raise refused from error
        except AzureError as error:
            # Whatever broke before the deployment was sent changed nothing.
            raise _no_answer(error, target) from error
        except Exception as error:  # azure-ai-ml fails in many ways on an answer that is not what it expects
            raise _strange_answer(error, target) from error


class _Sender:
    """What azure-ai-ml's transports send with, instead of a requests session: that of the collection, which limits each exchange.

    A token goes to the cloud's own hosts only, whatever address an answer names. The pauses and retries of one request end with ``seconds``.
    """

    def __init__(self, cloud: Cloud, target: Target, seconds: float, verify: bool | str) -> None:
        self._cloud, self._target, self._seconds = cloud, target, seconds
        # azure-ai-ml has no way to stop the checking of certificates.
        self._verify = True if verify is False else verify
        self.thread = threading.get_ident()
        self._asked: tuple[str, str] | None = None
        self._end = 0.0
        self._failure: ArmError | None = None
        self._unclear = False

    def request(self, method: str, url: str, **options: t.Any) -> t.Any:
        """As requests.Session has it."""
        if not self._cloud.trusts(url):
            address = url.split("?", 1)[0]
            hint = "The token is only sent to the cloud's own Resource Manager."
            raise ArmError(f"The service pointed azure-ai-ml to an address outside {self._cloud.resource_manager}: {address}.",
                           code="UntrustedAddress", target=self._target.id, hint=hint)  # fmt: skip
        if threading.get_ident() != self.thread:
            # azure-ai-ml's polling in the background, whose result no one reads.
            with limits.exchange(exchange_seconds(self._seconds)):
                return session_for(self._verify).request(method, url, **options)
        if self._asked != (method, url):
            self._asked, self._end, self._unclear = (method, url), time.monotonic() + self._seconds, False
        try:
            with limits.exchange(exchange_seconds(self._end - time.monotonic())):
                response = session_for(self._verify).request(method, url, **options)
        except Exception as error:
            self._lost(method, url, error)
            raise
        self._unclear = self._unclear or (
            method not in ("GET", "HEAD") and (response.status_code >= 500 or response.status_code == 408)
        )
        if response.status_code >= 400:
            self._failed(error_of(Answer(method, url, response.status_code, response.headers, response.content)))
        return response

    def sleep(self, seconds: float) -> None:
        """Before azure-core's pause. The failure of the last attempt is the task's, where the pause would last longer than the time that is left."""
        if self._failure is not None and time.monotonic() + seconds > self._end:
            raise self._failure

    def _lost(self, method: str, url: str, error: Exception) -> None:
        from requests import exceptions
        from urllib3.exceptions import ProtocolError

        connecting = isinstance(error, exceptions.ConnectionError) and not (
            error.args and isinstance(error.args[0], ProtocolError)
        )
        self._unclear = self._unclear or (method not in ("GET", "HEAD") and not (connecting and not was_sent(error)))
        self._failed(lost(method, url, error, unsent=False))
        ended = limit_of(error)
        if ended is not None and (ended.code == limits.TOO_LARGE or time.monotonic() >= self._end):
            raise t.cast(ArmError, self._failure) from error

    def _failed(self, failure: ArmError) -> None:
        failure.target, failure.unclear = self._target.id, self._unclear
        self._failure = failure

    def close(self) -> None:
        """The session is the process's."""


_patching = threading.Lock()


@contextlib.contextmanager
def _sending(sender: _Sender) -> t.Iterator[None]:
    """Let the transports that azure-ai-ml makes meanwhile send with the sender.

    MLClient takes a transport, but the clients that it makes for a deployment and for the resource group's location do not.
    """
    from azure.core.pipeline.transport import RequestsTransport

    opened, slept = RequestsTransport.open, RequestsTransport.sleep

    def open_(transport: t.Any) -> None:
        if transport.session is None and transport._session_owner:
            transport.session, transport._session_owner = sender, False
        opened(transport)

    def sleep(transport: t.Any, seconds: float) -> None:
        if transport.session is sender and threading.get_ident() == sender.thread:
            sender.sleep(seconds)
        slept(transport, seconds)

    with _patching:
        RequestsTransport.open, RequestsTransport.sleep = open_, sleep
        try:
            yield
        finally:
            RequestsTransport.open, RequestsTransport.sleep = opened, slept


def _complete_template(operations: t.Any, declared: Declared) -> None:
    """Let the template of azure-ai-ml set what it has no parameter for."""
    rows = [row for row in FIELDS if row.option in _IN_TEMPLATE and declared.get(row.option) is not None]
    without_vault = declared.get("key_vault", "") is None
    if not rows and not without_vault:
        return
    populate = operations._populate_arm_parameters

    def completed(workspace: t.Any, **options: t.Any) -> t.Any:
        template, *others = populate(workspace, **options)
        by_type = {resource["type"]: resource for resource in template["resources"]}
        made = by_type["Microsoft.MachineLearningServices/workspaces"]
        if without_vault:
            made["properties"]["keyVault"] = None
            by_type["Microsoft.KeyVault/vaults"]["condition"] = False
        if rows:
            # The version of the template lacks them.
            made["apiVersion"] = versions.PREVIEW
            for name in _UNKNOWN_STORES:
                made["properties"]["encryption"].pop(name, None)
        for row in rows:
            paths.set_path(made, row.path, row.write(declared[row.option]))
        return template, *others

    operations._populate_arm_parameters = completed


def _refuse_update(workspace: t.Any, **options: t.Any) -> t.NoReturn:
    raise WorkspaceExists(f"The workspace {workspace.name!r} exists.")


def _service_error(error: t.Any, target: Target) -> ArmError:
    """The service's refusal as the engine's own error."""
    if error.response is not None and (error.status_code or 0) < 400:
        # A response that was not an error, and that azure-ai-ml could not read.
        return _strange_answer(error, target)
    try:
        code, message, details = read_error(json.loads(error.response.body()))
    except (AttributeError, ValueError):
        # A body that is cut off, or no answer of the service's.
        return _no_answer(error, target) if error.response is None else _strange_answer(error, target)
    message = message or str(error.message)
    arm_error = ArmError(
        message,
        code=code,
        details=details,
        status=error.status_code,
        request_id=error.response.headers.get("x-ms-request-id"),
        target=target.id,
        hint=hint_for(code, message, error.status_code),
    )
    if str(error.response.request.method).upper() in ("GET", "HEAD"):
        arm_error.unclear = False
    return arm_error


def _no_answer(error: t.Any, target: Target) -> ArmError:
    from azure.core.exceptions import ServiceRequestError

    request = getattr(error.inner_exception, "request", None)
    method = str(getattr(request, "method", None) or "PUT").upper()
    arm_error = lost(method, str(getattr(request, "url", None) or target.id), error, unsent=False)
    arm_error.target = target.id
    arm_error.unclear = method not in ("GET", "HEAD") and (
        was_sent(error) or not isinstance(error, ServiceRequestError)
    )
    return arm_error


def _strange_answer(error: Exception, target: Target) -> ArmError:
    return ArmError(
        f"azure-ai-ml could not make the deployment of the workspace {target.name!r}, because an answer was not what it expects "
        f"({type(error).__name__}: {redact.cut(' '.join(str(error).split()), 300)}).",
        code="UnexpectedAnswer",
        target=target.id,
        hint="A proxy or a wrong cloud_environment may have answered in the service's place. Run the same task again: it waits for running operations.",
    )


def _client(cloud: Cloud, credential: t.Any, target: Target) -> t.Any:
    from azure.ai.ml import MLClient

    where: dict[str, t.Any] = {"cloud": cloud.name}
    if cloud.origin == "metadata":
        # A second client under one name silently keeps the first one's addresses (docs/facts.md e): the name is unique.
        where = {
            "cloud": f"{cloud.name}-{uuid.uuid4().hex}",
            "cloud_metadata": {
                "azure_portal": cloud.portal,
                "resource_manager": cloud.resource_manager + "/",
                "active_directory": cloud.login_endpoint,
                "aml_resource_id": cloud.resource_manager,
                "storage_endpoint": cloud.suffixes.get("storage", "core.windows.net"),
                "registry_discovery_endpoint": cloud.resource_manager + "/",
            },
        }
    return MLClient(credential, target.subscription_id, target.resource_group, enable_telemetry=False, **where)


def _entity(target: Target, declared: Declared) -> t.Any:
    from azure.ai.ml import entities

    kind = declared.get("kind") or "default"
    arguments: dict[str, t.Any] = {"name": target.name, "resource_group": target.resource_group}
    for option in _PLAIN:
        if declared.get(option) is not None:
            arguments[option] = declared[option]
    arguments["tags"] = {key: str(value) for key, value in (declared.get("tags") or {}).items() if value is not None}
    if declared.get("identity"):
        arguments["identity"] = _identity(entities, declared["identity"])
    if declared.get("public_network_access"):
        arguments["public_network_access"] = declared["public_network_access"].capitalize()
    mode = declared.get("managed_network.isolation_mode")
    if mode:
        arguments["managed_network"] = entities.ManagedNetwork(
            isolation_mode=isolation_mode_to_arm(mode), firewall_sku=declared.get("managed_network.firewall_sku")
        )
    if declared.get("customer_managed_key.key_vault"):
        arguments["customer_managed_key"] = entities.CustomerManagedKey(
            key_vault=declared["customer_managed_key.key_vault"], key_uri=declared.get("customer_managed_key.key_uri")
        )
    spark = declared.get("feature_store_settings.spark_runtime_version")
    if spark:
        arguments["compute_runtime"] = entities.ComputeRuntime(spark_runtime_version=spark)
    return getattr(entities, _ENTITIES[kind])(**arguments)


def _of_feature_store(stores: FeatureStore) -> dict[str, t.Any]:
    from azure.ai.ml.entities import ManagedIdentityConfiguration

    identity = stores.materialization_identity
    return {
        "materialization_identity": ManagedIdentityConfiguration(resource_id=identity) if identity else None,
        "grant_materialization_permissions": stores.grant_permissions,
        "offline_store_target": stores.offline_store,
        "online_store_target": stores.online_store,
    }


def _name_connections(entity: t.Any, target: Target, declared: Declared, stores: FeatureStore) -> None:
    """Name the connections to the stores, which azure-ai-ml does only in its operations of feature stores, where it has no way to complete the template.

    It recognises the connections by how their names begin. What follows is not random as there, so that a creation that is tried again makes the same ones.
    """
    ending = uuid.uuid5(uuid.NAMESPACE_URL, target.id.casefold()).hex[:8]
    settings = entity._feature_store_settings
    settings.offline_store_connection_name = (
        declared.get("feature_store_settings.offline_store_connection_name") or f"OfflineStoreConnectionName-{ending}"
    )
    if stores.online_store:
        settings.online_store_connection_name = (
            declared.get("feature_store_settings.online_store_connection_name") or f"OnlineStoreConnectionName-{ending}"
        )


def _identity(entities: t.Any, declared: dict[str, t.Any]) -> t.Any:
    users = [
        entities.ManagedIdentityConfiguration(resource_id=item)
        for item in declared.get("user_assigned_identities") or []
    ]
    return entities.IdentityConfiguration(type=IDENTITY_TYPES[declared["type"]], user_assigned_identities=users or None)
