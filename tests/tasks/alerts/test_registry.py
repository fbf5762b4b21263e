"""A rule is one file that registers itself: the page that says so is followed word for word."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.alerts import ALERT_KINDS, SEVERITIES
from contracts.errors import UsageError
from tasks.alerts import Evaluation, find_alerts, registry, rules
from tasks.alerts.registry import read_rules
from tests.tasks.alerts.rows import MAY, SODIUM, comparison, comparisons, published

ROOT = Path(__file__).parents[3]


@pytest.fixture
def steep_growth(tmp_path, monkeypatch):
    """The rule of docs/extend.md as one more file among the rules."""
    code = re.search(r"steep_growth\.py`:\n\n```python\n(.*?)```", (ROOT / "docs" / "extend.md").read_text(), re.DOTALL)
    (tmp_path / "steep_growth.py").write_text(code.group(1))
    monkeypatch.setattr(registry, "_RULES", dict(registry._RULES))
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    yield
    sys.modules.pop("tasks.alerts.rules.steep_growth", None)


def find(value: float, chains=SODIUM):
    tables = {"comparisons": comparisons(comparison(value))}
    return find_alerts(Evaluation(chains=chains, months=(MAY, MAY), as_of=published(MAY), **tables))


def test_the_rule_of_the_page_is_evaluated_and_takes_thresholds(steep_growth):
    (alert,) = find(120).to_dicts()
    assert (alert["rule"], alert["kind"], alert["title"]) == (
        "steep_growth",
        "event",
        "Cathode materials grew by 120.0 %",
    )
    assert find(100).is_empty()  # 99.5 is possible
    chain = SODIUM["sodium_ion"]
    own = dataclasses.replace(chain, thresholds={**chain.thresholds, "steep_growth": {"steep_pct": 50.0}})
    assert find(60, {"sodium_ion": own}).height == 1


def test_without_the_file_there_is_no_such_rule():
    assert "steep_growth" not in read_rules()
    assert find(120).is_empty()
    chain = dataclasses.replace(SODIUM["sodium_ion"], thresholds={"steep_growth": {}})
    with pytest.raises(UsageError, match="steep_growth"):
        find(120, {"sodium_ion": chain})


def test_every_file_is_a_rule_of_its_name():
    files = {path.stem for path in Path(rules.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(read_rules()) == files
    for rule in read_rules().values():
        assert rule.kind in ALERT_KINDS
        assert set(rule.severities) <= set(SEVERITIES)
        assert rule.says


def test_two_rules_of_one_name_are_refused():
    rule = next(iter(read_rules().values()))
    with pytest.raises(ValueError, match=rule.name):
        registry.register(dataclasses.replace(rule, says="another"))


def test_the_page_has_the_rules_and_their_thresholds():
    check = subprocess.run(
        [sys.executable, ROOT / ".ci" / "alert_rules.py", "--check"], check=False, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
