"""The log of `trona up`: JSON lines with ids for machines, lines with date and time for people."""

import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

from contracts.errors import ContractBroken
from flows.service.log_format import describe_record, write_line

ROOT = Path(__file__).parents[2]
SAYS = """
import logging
import prefect.main
from contracts.errors import ContractBroken
from flows.run.progress import _drop_expected_traceback
logging.getLogger("trona.delivery").info("message %s", "sent", extra={"trona": {"delivery_id": "d1", "receiver": "desk"}})
log = logging.getLogger("prefect.flow_runs.x")
log.handlers, log.propagate = [], True
logging.getLogger("prefect.flow_runs").handlers = []
log.info("  [1/1] a.csv: 22 figures", extra={"flow_run_id": "f1", "flow_run_name": "all"})
logging.getLogger("prefect.flow_runs").addFilter(_drop_expected_traceback)
try:
    raise ContractBroken("no", where="a.csv", next="look")
except ContractBroken:
    logging.getLogger("prefect.flow_runs").error("failed", exc_info=True)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("any.library").exception("boom")
"""


def log_of(**environment: str) -> list[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "TRONA_"))}
    done = subprocess.run(
        [sys.executable, "-c", SAYS],
        env=clean | {"PYTHONPATH": str(ROOT), "PREFECT_LOGGING_LEVEL": "INFO", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stderr.splitlines()


def test_every_record_of_a_run_is_a_json_line_with_its_ids():
    lines = log_of(PREFECT_LOGGING_HANDLERS_CONSOLE_CLASS="flows.service.log_format.JsonHandler")
    message, step, refused, bug = (json.loads(line) for line in lines)
    assert (message["logger"], message["delivery_id"], message["receiver"]) == ("trona.delivery", "d1", "desk")
    assert (step["message"].strip(), step["flow_run_id"]) == ("[1/1] a.csv: 22 figures", "f1")
    assert refused["error"] == {"what": "no", "where": "a.csv", "next": "look"}
    assert bug["error"]["type"] == "ZeroDivisionError"
    assert "1 / 0" in bug["error"]["traceback"] or "<string>" in bug["error"]["traceback"]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", line["at"]) for line in (message, step, refused, bug))


def test_lines_for_people_carry_date_and_time_and_nothing_that_is_for_machines():
    lines = log_of(PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT="%Y-%m-%d %H:%M:%S")
    assert not [line for line in lines if "message sent" in line]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", lines[0])


def test_the_service_writes_both(capsys, monkeypatch):
    write_line("inbox", "landed: a.csv")
    monkeypatch.setenv("TRONA_LOG_FORMAT", "json")
    write_line("inbox", "landed: a.csv")
    text, machine = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d inbox    landed: a.csv", text)
    assert json.loads(machine)["message"] == "landed: a.csv"


def test_an_error_is_its_five_parts():
    try:
        raise ContractBroken("what", where="w", found="f", effect="e", next="n")  # noqa: TRY301
    except ContractBroken:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    assert describe_record(record)["error"] == {"what": "what", "where": "w", "found": "f", "effect": "e", "next": "n"}
