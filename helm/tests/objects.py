"""Whether rendered objects are what Kubernetes accepts: its own schemas, strictly, and ours for kinds of others."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate.utils as schemas
from referencing import Registry, Resource

# Kinds that clusters learn from others; only the fields this chart writes are listed, so a misspelt one is refused.
OTHERS = json.loads((Path(__file__).parent / "other-kinds.json").read_text(encoding="utf-8"))


def problems(objects: list[dict[str, Any]], version: str, validated: set[str]) -> list[str]:
    """What is wrong with the objects for one version of Kubernetes; `validated` gains those that were not seen before."""
    found = []
    names: set[tuple[str, str]] = set()
    for one in objects:
        name = (one["kind"], one["metadata"]["name"])
        if name in names:
            found.append(f"{name[0]} {name[1]} is rendered twice")
        names.add(name)
        if len(name[1]) > 63:
            found.append(f"{name[0]} {name[1]} has a name of more than 63 characters")
        known = json.dumps([version, one], sort_keys=True)
        if known in validated:
            continue
        validated.add(known)
        for error in validator(one["apiVersion"], one["kind"], version).iter_errors(one):
            where = ".".join(str(step) for step in error.absolute_path)
            found.append(f"{name[0]} {name[1]}: {where}: {error.message} (Kubernetes {version})")
    return found


@functools.cache
def validator(api_version: str, kind: str, version: str) -> Any:
    other = OTHERS.get(f"{api_version}/{kind}")
    if other is not None:
        return jsonschema.Draft7Validator(other)
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    group = api_version.split("/")[0].split(".")[0]
    suffix = f"{group}-{api_version.split('/')[1]}" if "/" in api_version else api_version
    schema = schemas.schema_contents(f"{folder}/{kind.lower()}-{suffix}.json", version)
    definitions = Resource.from_contents(schemas.schema_contents(f"{folder}/_definitions.json", version))
    registry = (definitions @ Registry()).crawl()
    return jsonschema.Draft202012Validator(schema, registry=registry)
