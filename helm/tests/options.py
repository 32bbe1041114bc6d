"""Whether the chart and the programs agree on the options: every name the chart sets exists, every option can be set."""

import json
import re
from pathlib import Path
from typing import Any

SALESFORCE = ("auth", "metadata-sync", "writeback")
SERVICES = ("auth", "metadata-sync", "matching", "writeback", "console")
# The chart mounts the keys as a file instead.
NOT_OFFERED = {"ERGO_SEAL_KEYS"}
DECLARED = re.compile(r'env = "([A-Z0-9_]+)"')


def declared(root: Path, *parts: str) -> set[str]:
    """The environment names that a package's options have."""
    names: set[str] = set()
    for path in root.joinpath("services", *parts, "src").rglob("*.rs"):
        names |= set(DECLARED.findall(path.read_text(encoding="utf-8")))
    return names


def of_service(root: Path, service: str) -> set[str]:
    names = declared(root, "chassis") | declared(root, service)
    return names | declared(root, "salesforce") if service in SALESFORCE else names


def unknown(objects: list[dict[str, Any]], root: Path) -> list[str]:
    """Variables a container is given that its program does not know; extras of the cases excepted."""
    found = []
    for one in objects:
        template = one["spec"].get("template", one) if one["kind"] in ("Deployment", "Job", "Pod") else None
        for container in template["spec"]["containers"] if template else []:
            migrates = container["args"] == ["migrate"]
            known = declared(root, "chassis") if migrates else of_service(root, container["name"])
            given = {variable["name"] for variable in container["env"]} - {"NODE_NAME"}
            found += [f"{one['metadata']['name']}: {name} is no option" for name in sorted(given - known)]
    return found


def not_settable(chart: Path, root: Path) -> list[str]:
    """Options that neither the templates set nor the values can."""
    template = (chart / "templates" / "_environment.tpl").read_text(encoding="utf-8")
    templated = set(re.findall(r"- name: ([A-Z0-9_]+)", template))
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))["properties"]
    common = set(schema["settings"]["properties"])
    salesforce = set(schema["salesforce"]["properties"]["settings"]["properties"])
    found = []
    for service in SERVICES:
        own = set(schema["services"]["properties"][service]["properties"]["settings"]["properties"])
        settable = templated | common | own | NOT_OFFERED
        if service in SALESFORCE:
            settable |= salesforce
        missing = of_service(root, service) - settable
        found += [f"values.schema.json: {name} of {service} cannot be set" for name in sorted(missing)]
        gone = own - of_service(root, service)
        found += [f"values.schema.json: {name} is no option of {service}" for name in sorted(gone)]
    gone = (common - declared(root, "chassis")) | (salesforce - declared(root, "salesforce"))
    return found + [f"values.schema.json: {name} is no option" for name in sorted(gone)]
