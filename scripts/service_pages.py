# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the pages about the service from the tables that the modules use.

python -m scripts.service_pages             # write docs/api-versions.md, docs/retirements.md and docs/confirmed.md
python -m scripts.service_pages --check     # change nothing; fail if a page is not current
"""

from __future__ import annotations

import argparse
import sys
import typing as t
from collections import Counter
from pathlib import Path

from ansible_collections.azureml.compute.plugins.module_utils._engine.kind import Kind
from ansible_collections.azureml.compute.plugins.module_utils._engine.versions import ALL, PREVIEW, STABLE, Versions
from ansible_collections.azureml.compute.plugins.module_utils._kinds import retirements
from ansible_collections.azureml.compute.plugins.module_utils._kinds.instance_actions import ACTIONS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.ml_registry import REGISTRY
from ansible_collections.azureml.compute.plugins.module_utils._kinds.online_deployment import ONLINE_DEPLOYMENT
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import INFO_KINDS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.registry import OTHERS as COLLECTIONS
from ansible_collections.azureml.compute.plugins.module_utils._kinds.workspace import Workspace
from ansible_collections.azureml.compute.tests.support.official_types import OTHERS
from azureml_simulator import App
from azureml_simulator.acceptance import compare, guesses, record

from .command import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from conformance._facts import facts

RECORDINGS = ROOT / "tests" / "conformance" / "recordings"
# What a workspace has beside compute targets. A deployment is below its endpoint.
OF_WORKSPACE: list[Kind] = list(
    dict.fromkeys([*(collection.fallback for collection in COLLECTIONS.values()), ONLINE_DEPLOYMENT])
)
_NOTE = "<!-- Written by make service-pages. -->\n"


def _table(head: t.Sequence[str], rows: t.Iterable[t.Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _version(first: str, last: str = "") -> str:
    return "none" if not first else f"{first} only" if last == first else f"from {first}"


def _cells(versions: Versions) -> list[str]:
    preview = _version(versions.preview, versions.preview_until)
    return [_version(versions.stable, versions.stable_until), preview, versions.best]


def _options() -> t.Iterator[list[str]]:
    kinds: list[Kind] = [Workspace(), *INFO_KINDS.values(), *OF_WORKSPACE, REGISTRY]
    for kind in kinds:
        for row in (*kind.fields, *kind.options):
            if row.versions is not ALL:
                yield [kind.label, f"`{row.option}`", *_cells(row.versions)]


def _others() -> t.Iterator[list[str]]:
    for (resource, version), _file in sorted(OTHERS.items()):
        yield [f"`{resource}`", version]


def versions_page() -> str:
    """The page of API versions."""
    actions = [
        [f"`{suffix[1:]}`", f"`{option}`", *_cells(action)] for option, (suffix, action, _body) in ACTIONS.items()
    ]
    return f"""# API versions

{_NOTE}
Requests to Microsoft.MachineLearningServices use API version **{STABLE}**. If a task sets an option that no stable version has, the
requests for that resource use **{PREVIEW}**. An option that only another version has is sent in a separate request.
A preview version has no service level agreement. `aml_compute_info`, `aml_workspace_info`, `aml_export_info` and
`aml_fleet_info` only read, and they read with {PREVIEW}, which returns all options.

`api_version` of a task sets the version of all of its requests to this provider, actions included. An option that this version does not
have is then refused before the first request, and so is a change that needs an action that it does not have.

The dates are those of the types that Microsoft publishes ([bicep-types-az](https://github.com/Azure/bicep-types-az)). Tests compare this
table with the types of {STABLE} and {PREVIEW}, and each request of the functional tests with the types of its version. What the service
does with a property in a version that does not have it is not documented.

## Options

Options that are not in this table are in every version that the collection can use.

{_table(["resource", "option", "stable versions", "preview versions", "used"], _options())}
## Actions that change a compute instance

A PUT changes nothing on an instance that exists. These actions do, and only preview versions list them.

{_table(["action", "changes", "stable versions", "preview versions", "used"], actions)}
## Resources of other providers

What modules write at other providers, in one version each, whatever `api_version` says. `arm_resource` has its own option.

{_table(["resource", "used"], _others())}"""


def retirements_page() -> str:
    """The page of what Microsoft has retired or will retire."""
    rows = [
        [
            row.date.isoformat(),
            f"{row.what}: {row.name.rstrip(',')}",
            f"`{row.values.removesuffix('(_Promo)?').replace('|', '&#124;')}`",
            row.successor,
            row.source,
        ]
        for row in sorted(retirements.RETIREMENTS, key=lambda row: row.date)
    ]
    others = sorted([date, name, successor, source] for name, date, successor, source in retirements.OTHERS)
    return f"""# Retirements

{_NOTE}
What Microsoft has retired or will retire, of the things that compute targets, managed online deployments (their `instance_type` is a size), datastores
and feature stores (their `spark_runtime_version`) use. From {retirements.NOTICE} days before the date, the
modules, `aml_fleet`, `aml_preflight_info` and `aml_export_info` warn of a target that uses it (`Retiring`), and from the date on they warn
that it is gone (`Retired`). `aml_compute_info`, `aml_fleet_info` and the drift report list it as `retirements`. No example and no default
of this collection uses a size in this table.

The dates are those of Microsoft's list of retirements ([Azure/EOL](https://github.com/Azure/EOL)) of 2025-12-18, by its ids, of later
[Azure updates](https://azure.microsoft.com/updates) until October 2026, by their ids (`https://azure.microsoft.com/updates?id=ID`), and of pages of
Microsoft's documentation, by their files (below `https://learn.microsoft.com/azure/`). Successors are those of the notices, else recommendations of this
collection.

## What warnings are about

{_table(["date", "what", "values", "successor", "source"], rows)}
`Promo` sizes are retired with the sizes of the same names. The tier of an attached Databricks workspace is read when it is attached, and the
runtime of a Spark pool also later.

## Low priority

Since 2026-03-31 the service allocates Spot virtual machines for clusters with `tier: low_priority`. Such clusters still pass validation and run jobs
([azure-ai-docs#806](https://github.com/MicrosoftDocs/azure-ai-docs/pull/806)). The price of their nodes varies with region and demand, up to that of
dedicated nodes, and evicted nodes are billed until they are removed. `estimate_cost` of `aml_fleet` therefore estimates the maximum with the
price of dedicated nodes.

## Inference clusters

No date is announced for inference clusters (`AksCompute`). Only SDK v1 and CLI v1 deploy to them, and support for both has ended. The service still
creates, attaches, changes and detaches them, web services that run on them continue to run, and `aml_inference_cluster` manages them. New features
are for Kubernetes compute only
([how-to-attach-kubernetes-anywhere](https://learn.microsoft.com/azure/machine-learning/how-to-attach-kubernetes-anywhere)). To move to it:

1. Create another AKS cluster, install the extension and attach the cluster under a new name: the role `aml_kubernetes` does all of it. The router of an
   inference cluster and that of the extension do not work in one cluster (E45005).
2. Create the namespaces that the compute targets use: `kubectl create namespace NAME`.
3. Deploy the models to online endpoints with this compute target, and switch the clients to the endpoints.
4. Detach the inference cluster with `aml_inference_cluster` and `state: absent`.

## API versions

No retirement of a version of Microsoft.MachineLearningServices for computes and workspaces is announced. Versions of 2020 still respond. See
[API versions](api-versions.md).

## Others

No option of a compute target shows these.

{_table(["date", "what", "successor", "source"], others)}"""


_MARKS = {
    "REC": "a recording of the real service, made by others and published",
    "ISS": "a public issue that quotes the service",
    "SDK": "the source of a Microsoft client",
    "HAR": "a client's requests, captured",
    "SPEC": "the official specification",
    "ARM": "Resource Manager's documentation",
    "GUESS": "no evidence",
}


def confirmed_page() -> str:
    """The page of what is confirmed on Azure, and what is not."""
    # One of a simulator confirms nothing.
    recordings = [
        recording
        for recording in map(compare.read, sorted(RECORDINGS.glob("*.json")))
        if recording["against"] == record.AZURE
    ]
    recording_rows = [[one["made"], one["location"], str(len(one["exchanges"]))] for one in recordings]
    settled = {
        verdict.guess: repr(verdict.value)
        for one in recordings
        for verdict in compare.compare(one).verdicts
        if verdict.settled
    }
    defaults = guesses.leaves(App().config["guesses"])
    counts = Counter(fact.kinds[0] for fact in facts())
    evidence = [[mark, text, str(counts[mark])] for mark, text in _MARKS.items()]
    rows = [
        [
            f"`{path}`",
            f"`{defaults[path]!r}`",
            settled.get(path, "no"),
            guesses.NOT_COMPARED.get(path, "the walk" if path in guesses.BY_PATH else "a recording of it"),
        ]
        for path in sorted(defaults)
    ]
    return f"""# Confirmed on Azure, and not confirmed

{_NOTE}
The authors of this collection have not run it on Azure. Its modules and its simulator follow published recordings, Microsoft's clients, specifications and
documentation; each fact is in [facts.md](facts.md) with its evidence, and `make conformance` verifies that the simulator implements it. Anyone with a
subscription can confirm the rest in about an hour:

- The playbook `azureml.compute.acceptance` creates one compute target of each kind, runs each task again and deletes everything.
- `azureml-simulator record FILE --resource-group GROUP` records the responses of the service, masked. `azureml-simulator compare FILE` lists each difference
  from the simulator, and the guesses that the recording settles. A recording that is added to `tests/conformance/recordings/` is verified by `make test` from
  then on.

## Recordings by the acceptance walk

{_table(["date", "region", "requests"], recording_rows) if recording_rows else "None yet."}

## Facts by their evidence

{_table(["mark", "evidence", "facts"], evidence)}
## Guesses

Behaviour for which there is no evidence. Each is a setting of the simulator, below `guesses`; `tests/conformance/facts/guesses.yml` describes them.

{_table(["setting", "default", "confirmed", "what can confirm it"], rows)}"""


PAGES: dict[Path, t.Callable[[], str]] = {
    ROOT / "docs" / "api-versions.md": versions_page,
    ROOT / "docs" / "confirmed.md": confirmed_page,
    ROOT / "docs" / "retirements.md": retirements_page,
}


def problems() -> list[str]:
    """The pages that are not current."""
    return [
        f"{path.relative_to(ROOT)} is not current: run make service-pages."
        for path, page in PAGES.items()
        if not path.exists() or path.read_text() != page()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the pages about the service from the tables of the modules.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is not current")
    if parser.parse_args().check:
        outdated = problems()
        print("\n".join(outdated) or "The pages about the service are current.")
        return int(bool(outdated))
    for path, page in PAGES.items():
        path.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
