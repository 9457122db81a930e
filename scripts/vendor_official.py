# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut the official descriptions that the tests read from their originals, and write them to tests/support/official/.

Run it with a directory that has the originals of tests/support/official/README.md, after a new version of them was published; --only awx
needs the wheel of the PyPI package ansible alone. It refuses originals whose checksum is not the one in CHECKSUMS, so that what is vendored
can be traced to them: change both together.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import re
import shutil
import sys
import typing as t
import zipfile
from pathlib import Path

import yaml

TARGET = Path(__file__).resolve().parents[1] / "tests" / "support" / "official"
SCHEMA = "arm-schema-2025-12-01.json"
TYPES = ("types-2026-05-01.md", "types-2026-05-15-preview.md")
# Of other providers: the resource that this collection writes.
OTHER_TYPES = {
    "types-authorization-2022-04-01.md": "Microsoft.Authorization/roleAssignments",
    "types-insights-2021-05-01-preview.md": "Microsoft.Insights/diagnosticSettings",
    "types-kubernetesconfiguration-2025-03-01.md": "Microsoft.KubernetesConfiguration/extensions",
    "types-quota-2025-09-01.md": "Microsoft.Quota/quotas",
}
# The last release of the PyPI package that contains awx.awx.
ANSIBLE = "ansible-11.13.0-py3-none-any.whl"
AWX = "awx-24.6.1.json"
# The modules of awx.awx that configure what runs jobs.
AWX_MODULES = (
    "credential", "credential_type", "execution_environment", "host", "instance_group", "inventory", "inventory_source", "job_launch", "job_template",
    "notification_template", "organization", "project", "role", "schedule", "team", "workflow_job_template", "workflow_launch",
)  # fmt: skip
# What a test needs of an option: not its description and not its default, which AWX chooses.
SPEC = ("type", "elements", "choices", "required", "aliases")
CHECKSUMS = {
    ANSIBLE: "7f1c9c6a6026ff214d9240647e4d2b019b2a9d4c7a2bc733932bcf92af80ab04",
    SCHEMA: "143c77e4506202978875a2157f634e3fb09d5952c44fb87712ddec6dabb4a199",
    TYPES[0]: "ba2a1dd44a715f8c541c771cef0e995676811556442ab211c6eae64c2904e73a",
    TYPES[1]: "b37edd3f1d66d4f4ed5d674262167c11526b41fd9581e1b6d35a291ae1c48781",
    "types-authorization-2022-04-01.md": "9c213dc0ddb3ca3927ddb45fe93137d39026d2cced7d8ba81ad70b671a9cac02",
    "types-insights-2021-05-01-preview.md": "ae701433850d8bf53929283c64760997d784048a4f0bc69f0a12da46c55919a9",
    "types-kubernetesconfiguration-2025-03-01.md": "a394de2ed55b5e32916edda55a25abec3d9da3ae600586a654292870f8b30529",
    "types-quota-2025-09-01.md": "7f6d37ce15c4dfce9407ada60d5c8d0f414f843bf43e48087c8fb89bf8474446",
}
RESOURCES = ("workspaces", "workspaces_computes", "workspaces_outboundRules")
# The resources that this collection writes, and the types of the answers that tests/contract compares.
ROOTS = (
    "workspaces", "workspaces/computes", "workspaces/outboundRules", "workspaces/connections", "workspaces/datastores", "registries", "DatastoreSecrets",
    "workspaces/onlineEndpoints", "workspaces/onlineEndpoints/deployments", "workspaces/batchEndpoints", "workspaces/batchEndpoints/deployments",
    "workspaces/privateEndpointConnections",
    "AmlComputeNodesInformation", "ComputeSecrets", "ListWorkspaceKeysResult",
    "VirtualMachineSizeListResult", "UpdateWorkspaceQuotasResult", "ManagedNetworkProvisionStatus",
    "DiagnoseResponseResult",
)  # fmt: skip


def require_original(path: Path) -> bytes:
    """Return the content of an original, or refuse one that is not the expected version."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != CHECKSUMS[path.name]:
        raise SystemExit(f"{path} has the checksum {digest}, expected {CHECKSUMS[path.name]}.")
    return data


def cut_schema(document: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the schema of some resources with the definitions that they refer to, without descriptions and nested resources."""
    resources, definitions = {}, dict[str, t.Any]()

    def plain(value: t.Any) -> t.Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if not isinstance(value, dict):
            return value
        package, _slash, name = value.get("$ref", "").rpartition("/")
        if package == "#/definitions" and name not in definitions:
            definitions[name] = None
            definitions[name] = plain(document["definitions"][name])
        return {key: plain(item) for key, item in value.items() if not (key == "description" and isinstance(item, str))}

    for resource in RESOURCES:
        definition = document["resourceDefinitions"][resource]
        own = {name: row for name, row in definition["properties"].items() if name != "resources"}
        resources[resource] = plain({**definition, "properties": own})
    return {
        "id": document["id"],
        "$schema": document["$schema"],
        "resourceDefinitions": resources,
        "definitions": dict(sorted(definitions.items())),
    }


def sections_of(text: str) -> dict[str, str]:
    """Return the types of a document by name; resources by what follows the provider's name."""
    sections = dict[str, str]()
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0].removeprefix("## ")
        resource = re.match(r"Resource (?:Microsoft\.MachineLearningServices/)?([^@]+)@", title)
        name = resource[1] if resource else title
        # A name may have two sections, whose properties add up.
        sections[name] = sections.get(name, "") + section
    return sections


def cut_types(documents: dict[str, str], roots: t.Iterable[str] = ROOTS) -> dict[str, str]:
    """Return the documents with the types that the roots refer to, without the descriptions of their properties."""
    sections = {name: sections_of(text) for name, text in documents.items()}
    referred, pending = set[str](), list(roots)
    while pending:
        name = pending.pop()
        if name not in referred:
            referred.add(name)
            texts = [types[name] for types in sections.values() if name in types]
            pending += [found for text in texts for found in re.findall(r"\[(\w+)\]\(#", text)]
    return {
        name: f"{text.partition(chr(10))[0]}\n\n"
        + "".join(without_descriptions(section) for title, section in sections[name].items() if title in referred)
        for name, text in documents.items()
    }


def without_descriptions(section: str) -> str:
    """Return a type without the text behind the type and the flags of each property, which may itself have colons."""
    lines = []
    for line in section.splitlines():
        match = re.match(r"(\* \*\*[^*]+\*\*: .*?)(?<=[\w)\]'}]): (?=[A-Z`'\"\[(<])", line)
        bound = match and match[1].count("{") != match[1].count("}")
        lines.append(match[1] if match and not bound else line)
    return "\n".join(lines) + "\n"


def spec_of_call(call: ast.Call, constants: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return an option's row of an argument spec, which the modules write as dict(...)."""
    row = {}
    for argument in call.keywords:
        if argument.arg in SPEC:
            # list(KIND_CHOICES.keys()) of credential_type is the one value that is not a literal.
            names = [node.id for node in ast.walk(argument.value) if isinstance(node, ast.Name)]
            constant = next((constants[name] for name in names if name in constants), None)
            row[argument.arg] = ast.literal_eval(argument.value) if constant is None else sorted(constant)
    return row


def without_text(option: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return a documented option without its texts, as a row of an argument spec."""
    row = {key: option[key] for key in SPEC if key in option}
    if "suboptions" in option:
        row["options"] = {name: without_text(inner) for name, inner in option["suboptions"].items()}
    return row


def cut_awx_module(source: str) -> dict[str, t.Any]:
    """Return the argument spec of a module of awx.awx, with the documented suboptions of an option that is checked in code only."""
    assigned = {
        node.targets[0].id: node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    constants = {name: ast.literal_eval(value) for name, value in assigned.items() if name.endswith("_CHOICES")}
    documented = yaml.safe_load(ast.literal_eval(assigned["DOCUMENTATION"]))["options"]
    spec = {}
    for row in t.cast("ast.Call", assigned["argument_spec"]).keywords:
        suboptions = without_text(documented.get(row.arg, {})).get("options")
        spec[str(row.arg)] = spec_of_call(t.cast("ast.Call", row.value), constants) | (
            {"options": suboptions} if suboptions else {}
        )
    return spec


def cut_awx(wheel: Path) -> dict[str, t.Any]:
    """Return the argument specs of AWX_MODULES, from the wheel that contains the collection."""
    require_original(wheel)
    with zipfile.ZipFile(wheel) as archive:
        base = "ansible_collections/awx/awx"
        version = json.loads(archive.read(f"{base}/MANIFEST.json"))["collection_info"]["version"]
        modules = {
            name: cut_awx_module(archive.read(f"{base}/plugins/modules/{name}.py").decode()) for name in AWX_MODULES
        }
    return {"collection": "awx.awx", "version": version, "modules": modules}


def write_types(source: Path) -> None:
    """Cut the types of this provider together, because a resource of one version may refer to what another one names, and those of others alone."""
    cut = cut_types({name: require_original(source / name).decode() for name in TYPES})
    for name, root in OTHER_TYPES.items():
        cut |= cut_types({name: require_original(source / name).decode()}, [root])
    for name, text in cut.items():
        (TARGET / name).write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Cut official descriptions of the service and write them to tests/support/official/."
    )
    parser.add_argument("source", type=Path, help="directory with the originals")
    parser.add_argument("--only", choices=["awx", "types"], help="cut the specs of awx.awx, or the types, alone")
    arguments = parser.parse_args()
    source: Path = arguments.source
    if arguments.only != "types":
        (TARGET / AWX).write_text(json.dumps(cut_awx(source / ANSIBLE), indent=1, sort_keys=True) + "\n")
    if arguments.only != "awx":
        write_types(source / "spec")
    if arguments.only:
        return 0
    schema = cut_schema(json.loads(require_original(source / "spec" / SCHEMA)))
    (TARGET / SCHEMA).write_text(json.dumps(schema, indent=1) + "\n")
    for origin, folder in (
        ("spec/examples", "examples"),
        ("samples/compute", "samples/compute"),
        ("samples/connection", "samples/connection"),
        ("samples/datastore", "samples/datastore"),
        ("samples/featurestore", "samples/featurestore"),
        ("samples/online", "samples/online"),
        ("samples/registry", "samples/registry"),
        ("samples/workspace", "samples/workspace"),
    ):
        shutil.rmtree(TARGET / folder, ignore_errors=True)
        for path in sorted((source / origin).rglob("*.*")):
            if path.is_file():
                target = TARGET / folder / path.relative_to(source / origin)
                target.parent.mkdir(parents=True, exist_ok=True)
                # As ansible-test wants the files of a collection; the tests apply them with both.
                target.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
