"""Whether each alert has the parts an alert needs, and a runbook of its name."""

from pathlib import Path

import yaml

# What a runbook has to tell, in this order.
HEADINGS = ["## Meaning", "## First check", "## Fix"]


def problems(chart: Path, root: Path) -> list[str]:
    found = []
    groups = yaml.safe_load((chart / "files" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    folder = root / "deploy" / "runbooks"
    for rule in rules:
        name = rule["alert"]
        if rule["labels"].get("severity") not in ("critical", "warning"):
            found.append(f"alert {name}: severity is neither critical nor warning")
        runbook = folder / f"{name}.md"
        if rule["annotations"].get("runbook") != str(runbook.relative_to(root)):
            found.append(f"alert {name}: annotation runbook is not {runbook.relative_to(root)}")
        text = runbook.read_text(encoding="utf-8") if runbook.exists() else ""
        headings = [line for line in text.splitlines() if line.startswith("#")]
        if headings != [f"# {name}", *HEADINGS]:
            found.append(f"runbook of {name} does not have exactly the headings # {name}, {', '.join(HEADINGS)}")
    known = {rule["alert"] for rule in rules}
    found += [f"runbook {path.name} belongs to no alert" for path in folder.glob("*.md") if path.stem not in known]
    return found
