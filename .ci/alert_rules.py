"""Write the tables of rules and thresholds in docs/alerts.md, or (`--check`) say whether they are fresh."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tasks.alerts.registry import read_rules  # noqa: E402

PAGE = ROOT / "docs" / "alerts.md"
START, END = "<!-- rules: made by .ci/alert_rules.py -->\n", "<!-- end of rules -->\n"


def describe() -> str:
    """Both tables as Markdown."""
    rules = read_rules().values()
    lines = ["| rule | kind | severity | says |", "|---|---|---|---|"]
    lines += [f"| `{r.name}` | {r.kind} | {', '.join(r.severities)} | {r.says} |" for r in rules]
    lines += ["", "| rule | threshold | default | meaning |", "|---|---|---|---|"]
    lines += [
        f"| `{rule.name}` | `{name}` | {threshold.default:g} | {threshold.meaning} |"
        for rule in rules
        for name, threshold in rule.thresholds.items()
    ]
    return "\n".join(["", *lines, "", ""])


def main() -> None:
    """Write or check the tables."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    made = before + START + describe() + END + rest.split(END)[1]
    if "--check" not in sys.argv:
        PAGE.write_text(made, encoding="utf-8")
    elif page != made:
        sys.exit("the tables in docs/alerts.md are not what the rules say: run `make docs`")


main()
