# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the kinds say to tests: which values of an option are right, and which are wrong.

A row with a type that has few values, with choices, with a rule that is known here, or with ``examples`` and ``wrong`` needs no other place in the tests.
"""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.azureml.compute.plugins.module_utils._engine import rules
from ansible_collections.azureml.compute.plugins.module_utils._engine.fields import Option
from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._kinds.attached_types import ATTACHED
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_deployment import BATCH_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.batch_endpoint import BATCH_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.connection import CONNECTION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.datastore import DATASTORE
from ansible_collections.azureml.compute.plugins.module_utils._kinds.diagnostic_setting import DIAGNOSTIC_SETTING
from ansible_collections.azureml.compute.plugins.module_utils._kinds.kubernetes_extension import KUBERNETES_EXTENSION
from ansible_collections.azureml.compute.plugins.module_utils._kinds.ml_registry import REGISTRY
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_endpoint import ONLINE_ENDPOINT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.role_assignment import ROLE_ASSIGNMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace

GROUP = "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg-test"
VM = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm"
NEGATIVE = [-1, -(2**31), "-5"]
GUIDS = [
    "",
    "none",
    "11111111-0000-4000-8000",
    "{11111111-0000-4000-8000-000000000001}",
    "11111111-0000-4000-8000-000000000001\n",
    "../x",
    "g" * 36,
]
IDS = [
    "",
    "vm",
    "/subscriptions/x",
    f"{GROUP}/providers/Microsoft.Web/sites/x",
    f"{VM}/../x",
    f"{VM}\n",
    f" {VM}",
    f"{VM}?a=b",
    f"{VM}#a",
]
TAGS = [
    {"a<b": "c"},
    {"": "c"},
    {"a" * 513: "b"},
    {"a": "b" * 257},
    {"a": ["b"]},
    {"a": {"b": "c"}},
    {f"tag-{number}": "x" for number in range(51)},
    {"a": "\ud800"},
    {"a": "b\u0000"},
]
# What each rule refuses.
WRONG_BY_RULE: dict[t.Any, list[t.Any]] = {
    rules.guid: [*GUIDS, None],
    rules.tags: TAGS,
    rules.resource_id: IDS,
    rules.host: ["", "a b", "a\nb", " a", "http://a", "a/b", "a..b", "-a.b", "999.1.1.1", "\ud800"],
    rules.dns_label: ["a b", "a.b", "a\nb", "-a", "a-", "\u00e4", "a" * 64, "\ud800"],
    rules.https_address: ["", "key", "http://kv.vault.azure.net/keys/a/b", "https://", "https://kv/keys/a\n", "\ud800"],
}
KINDS: dict[str, tuple[Kind, ...]] = {
    "aml_compute_cluster": (INFO_KINDS["amlcompute"],),
    "aml_compute_instance": (INFO_KINDS["computeinstance"],),
    "aml_inference_cluster": (INFO_KINDS["aks"],),
    "aml_attached_compute": tuple(ATTACHED.values()),
    "aml_workspace": (Workspace(),),
    "aml_connection": (CONNECTION,),
    "aml_datastore": (DATASTORE,),
    "aml_diagnostic_setting": (DIAGNOSTIC_SETTING,),
    "aml_kubernetes_extension": (KUBERNETES_EXTENSION,),
    "aml_batch_deployment": (BATCH_DEPLOYMENT,),
    "aml_batch_endpoint": (BATCH_ENDPOINT,),
    "aml_online_deployment": (ONLINE_DEPLOYMENT,),
    "aml_online_endpoint": (ONLINE_ENDPOINT,),
    "aml_registry": (REGISTRY,),
    "aml_role_assignment": (ROLE_ASSIGNMENT,),
}


def row_of(module: str, option: str) -> Option | None:
    """The row of an option of a module, by its dotted name."""
    rows = (row for kind in KINDS.get(module, ()) for row in (*kind.fields, *kind.options))
    return next((row for row in rows if row.option == option), None)


def right_values(row: Option) -> list[t.Any]:
    """Values that the row's rule takes; none where the row does not say."""
    spec = row.spec or {}
    if row.examples:
        return list(row.examples)
    if isinstance(row.rule, rules.Range):
        return [row.rule.lowest, row.rule.highest if row.rule.highest is not None else row.rule.lowest + 9]
    if spec.get("type") == "bool":
        return [True, False]
    return list(spec.get("choices", ())) if spec.get("type") == "str" else []


def wrong_values(row: Option) -> list[t.Any] | None:
    """Values that the row's rule refuses; None where the row does not say, and the tests have to."""
    if row.wrong:
        return list(row.wrong)
    if isinstance(row.rule, rules.Range):
        over = [] if row.rule.highest is None else [row.rule.highest + 1]
        return [*NEGATIVE, row.rule.lowest - 1, *over]
    rule = row.rule.func if isinstance(row.rule, functools.partial) else row.rule
    found = WRONG_BY_RULE.get(rule)
    takes_null = getattr(row, "clearable", False) or getattr(row, "optional", False)
    return found and [value for value in found if value is not None or not takes_null]


def completed(kind: Kind, options: dict[str, t.Any], *, of_other_versions: bool = False) -> dict[str, t.Any]:
    """A declaration with a right value for each option of the kind that it does not name, where the row has one.

    of_other_versions   the options that only other API versions than the kind's have, and not the others: all requests use such a version then
    """
    rows = [row for row in kind.fields if "." not in row.option and row.versions.is_preview == of_other_versions]
    more = {row.option: right_values(row) for row in rows}
    return {**{option: values[0] for option, values in more.items() if values}, **options}
