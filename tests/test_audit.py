"""`make audit` says what it could not ask about: silence of the service is no good news."""

import importlib.util
import json
from pathlib import Path

import pytest

from contracts.errors import SourceUnavailable

SPEC = importlib.util.spec_from_file_location("audit", Path(__file__).parents[1] / ".ci" / "audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

GOOD = {"name": "polars", "version": "1.0", "vulns": []}
BAD = {"name": "httpx", "version": "0.1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["0.2"], "aliases": []}]}
UNKNOWN = {"name": "obstore", "skip_reason": "Dependency not found on PyPI and could not be audited: obstore (0.9)"}


def answer(*dependencies):
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_lock_without_known_vulnerabilities():
    assert audit.judge(answer(GOOD, GOOD), "") == "2 pinned dependencies, no known vulnerability"


def test_a_vulnerability_is_named_with_the_version_that_mends_it():
    with pytest.raises(audit.Vulnerable) as told:
        audit.judge(answer(GOOD, BAD, UNKNOWN), "")
    assert told.value.found == "httpx 0.1: PYSEC-1 (mended in 0.2)"
    assert told.value.exit_code == 1


def test_packages_that_the_service_does_not_know_are_no_good_news():
    with pytest.raises(SourceUnavailable, match="1 of 2 pinned dependencies could not be asked about") as told:
        audit.judge(answer(GOOD, UNKNOWN), "")
    assert "not found on PyPI" in told.value.found
    assert told.value.next


@pytest.mark.parametrize("said", ["Traceback (most recent call last):\n  x\nConnectionError: no route to host\n", ""])
def test_a_service_that_is_not_reached_is_told_in_five_parts(said):
    with pytest.raises(SourceUnavailable, match="could not be asked for") as told:
        audit.judge("", said)
    assert told.value.found in {"ConnectionError: no route to host", "no answer"}
    assert all((told.value.where, told.value.effect, told.value.next))
