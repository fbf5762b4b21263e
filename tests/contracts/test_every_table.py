"""Every table's contract can be checked, and every rule is told to its users."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.alerts import ALERTS, CANDIDATES
from contracts.checks import check_table, list_figure_rules
from contracts.comparisons import COMPARISONS
from contracts.errors import ContractBroken
from contracts.figures import FIGURES, READ_FIGURES
from contracts.readings import REFUSED, UNRESOLVED
from contracts.releases import QUARANTINE, RELEASES
from contracts.rules.shape import list_shape_rules
from contracts.runs import RUNS
from contracts.scores import SCORES
from contracts.settlements import READING_RECORD, SETTLEMENTS
from tests.contracts.frames import SODIUM, head_of

ROOT = Path(__file__).parents[2]
TABLES = (
    *(ALERTS, CANDIDATES, COMPARISONS, FIGURES, READ_FIGURES, REFUSED),
    *(UNRESOLVED, QUARANTINE, RELEASES, RUNS, SCORES, SETTLEMENTS, READING_RECORD),
)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_table_can_be_checked(table):
    check_table(table, table.empty())
    with pytest.raises(ContractBroken, match=f"contract `{table.name}`"):
        check_table(table, table.empty().drop(table.columns[0].name))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_row_of_nulls_breaks_what_is_always_given(table):
    row = table.empty().clear(1)
    with pytest.raises(ContractBroken, match=f"1 of 1 rows break contract `{table.name}`") as caught:
        check_table(table, row)
    assert "given" in caught.value.found


def test_rules_of_figures_follow_from_their_table():
    names = {rule.key for rule in list_shape_rules(READ_FIGURES)}
    assert {"known_measure.measure", "period_form.period", "finite.value", "given.segment"} <= names
    assert "given.value" not in names


def test_every_rule_is_documented():
    page = (ROOT / "docs" / "reading-tables.md").read_text(encoding="utf-8")
    between = {"stated_once", "one_value_per_key", "percent_not_fraction", "child_within_parent"}
    between |= {"month", "not_stated", "no_figure", "source_name"}
    between |= {"siblings_within_parent", "share_change_fits", "number", "label", "chain", "review_month", "published"}
    rules = {rule.name for rule in list_figure_rules(SODIUM, head_of())} | between
    told = set(re.findall(r"`(\w+)`", page.split("## What is refused")[1]))
    assert rules <= told
    assert told <= rules | {"source"}


def test_the_page_of_tables_says_what_the_contracts_say():
    command = [sys.executable, ROOT / ".ci" / "tables.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
