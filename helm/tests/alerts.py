"""Whether each alert has a runbook of its name and fires in a rule test, and whether alerts and dashboard ask for what exists."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

# What a runbook has to tell, in this order.
HEADINGS = ["## Meaning", "## First check", "## Fix"]
# Words of the query language that look like metrics.
FUNCTIONS = {"histogram_quantile"}
PROMTOOL_TIMEOUT_S = 120


def problems(chart: Path, root: Path) -> list[str]:
    found = []
    rules_file = chart / "files" / "alerts.yaml"
    groups = yaml.safe_load(rules_file.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    folder = root / "deploy" / "runbooks"
    metrics = documented(root)
    for rule in rules:
        name = rule["alert"]
        if rule["labels"].get("severity") not in ("critical", "warning"):
            found.append(f"alert {name}: severity is neither critical nor warning")
        found += [f"alert {name}: deploy/METRICS.md has no {metric}" for metric in unreported(rule["expr"], metrics)]
        runbook = folder / f"{name}.md"
        if rule["annotations"].get("runbook") != str(runbook.relative_to(root)):
            found.append(f"alert {name}: annotation runbook is not {runbook.relative_to(root)}")
        text = runbook.read_text(encoding="utf-8") if runbook.exists() else ""
        headings = [line for line in text.splitlines() if line.startswith("#")]
        if headings != [f"# {name}", *HEADINGS]:
            found.append(f"runbook of {name} does not have exactly the headings # {name}, {', '.join(HEADINGS)}")
    known = {rule["alert"] for rule in rules}
    found += [f"runbook {path.name} belongs to no alert" for path in folder.glob("*.md") if path.stem not in known]
    tests = chart / "tests" / "alerts.test.yaml"
    expressions = queries(chart)
    for title, expression in expressions:
        found += [f"dashboard, {title}: deploy/METRICS.md has no {metric}" for metric in unreported(expression, metrics)]
    return found + silent(tests, known) + fired(tests, rules_file, root, expressions)


def documented(root: Path) -> dict[str, str]:
    """The metrics of deploy/METRICS.md with their kinds, as Prometheus spells them."""
    text = (root / "deploy" / "METRICS.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", text, re.M))


def unreported(expression: str, metrics: dict[str, str]) -> list[str]:
    """Metrics in a query that the table does not have."""
    # What stands before a selector, or within an aggregation or function, is a metric; names of labels are not.
    bare = re.sub(r"\{[^}]*\}|\b(?:by|without|on|ignoring|group_left|group_right) *\([^)]*\)", "", expression)
    asked = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", bare)) - FUNCTIONS
    known = set(metrics)
    for name, kind in metrics.items():
        if kind == "histogram":
            known |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
    return sorted(asked - known)


def queries(chart: Path) -> list[tuple[str, str]]:
    """Title and query of each target of the dashboard, with its variables filled in."""
    dashboard = json.loads((chart / "files" / "dashboard.json").read_text(encoding="utf-8"))
    return [
        (panel["title"], target["expr"].replace("$namespace", "crm"))
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def silent(tests: Path, alerts: set[str]) -> list[str]:
    """Alerts that no rule test expects to fire."""
    cases = yaml.safe_load(tests.read_text(encoding="utf-8"))["tests"]
    fires = {one["alertname"] for case in cases for one in case["alert_rule_test"] if one.get("exp_alerts")}
    return [f"{tests.name}: {alert} never fires" for alert in sorted(alerts - fires)]


def fired(tests: Path, rules_file: Path, root: Path, expressions: list[tuple[str, str]]) -> list[str]:
    """Runs the rule tests and parses the dashboard's queries, where promtool is to be had."""
    promtool = provide(root / ".local" / "prometheus")
    if promtool is None:
        print("chart: alert rules not run: install promtool, or name it in PROMTOOL_BIN", file=sys.stderr)
        return []
    found = []
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as parsed:
        # promtool parses rules only, so each query becomes one.
        rules = [{"record": f"panel:{n}", "expr": expression} for n, (_, expression) in enumerate(expressions)]
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, parsed)
        parsed.flush()
        for command in (["check", "rules", rules_file], ["check", "rules", parsed.name], ["test", "rules", tests]):
            done = subprocess.run(
                [promtool, *command], capture_output=True, text=True, timeout=PROMTOOL_TIMEOUT_S, check=False
            )
            if done.returncode:
                found.append(f"promtool {command[0]} rules: {done.stdout.strip()} {done.stderr.strip()}")
    return found


def provide(folder: Path) -> str | None:
    """promtool of the user, or out of Debian's package prometheus, unpacked without installing it."""
    unpacked = folder / "usr" / "bin" / "promtool"
    there = os.environ.get("PROMTOOL_BIN") or shutil.which("promtool")
    if there or unpacked.exists():
        return there or str(unpacked)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with tempfile.TemporaryDirectory() as download:
        got = subprocess.run(
            ["apt-get", "download", "--quiet", "prometheus"],
            cwd=download,
            capture_output=True,
            timeout=PROMTOOL_TIMEOUT_S,
            check=False,
        )
        packages = list(Path(download).glob("*.deb"))
        if got.returncode or not packages:
            return None
        subprocess.run(["dpkg-deb", "--extract", packages[0], folder], check=True, timeout=PROMTOOL_TIMEOUT_S)
    return str(unpacked) if unpacked.exists() else None
