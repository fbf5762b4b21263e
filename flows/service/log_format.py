"""Lines of the log of `trona up` and its runs: for a person with date and time, or as JSON for machines.

A record may carry `extra={"trona": {...}}`: ids and numbers of what happened. They are fields of the JSON line.
"""

import json
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from typing import IO, Any

from contracts.errors import TronaError

TEXT_TIME = "%Y-%m-%d %H:%M:%S"
_IDS = ("flow_run_id", "flow_run_name", "task_run_id", "task_run_name")
_PARTS = ("what", "where", "found", "effect", "next")


def write_line(who: str, text: str, *, level: str = "INFO") -> None:
    """One line on stderr, as the setting `log_format` asks."""
    at = datetime.now(UTC)
    if os.environ.get("TRONA_LOG_FORMAT") == "json":
        line = json.dumps({"at": at.isoformat(), "level": level, "logger": f"trona.{who}", "message": text})
    else:
        line = f"{at.astimezone():{TEXT_TIME}} {who:<8} {text}"
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class JsonHandler(logging.StreamHandler[Any]):
    """Writes each record as one JSON object; in the place of Prefect's handler for the console.

    Where it is used, what Trona tells for machines alone (loggers below `trona`) is written too.
    """

    def __init__(self, stream: IO[str] | None = None, **_: object) -> None:
        super().__init__(stream or sys.stderr)
        logging.getLogger("trona").setLevel(logging.INFO)

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return json.dumps(describe_record(record), ensure_ascii=False, default=str)


def describe_record(record: logging.LogRecord) -> dict[str, object]:
    """Instant, level, logger and message; the ids that the record has; the parts of an error."""
    line: dict[str, object] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
    }
    line |= {name: str(getattr(record, name)) for name in _IDS if getattr(record, name, None)}
    line |= getattr(record, "trona", {})
    error = record.exc_info[1] if record.exc_info else getattr(record, "expected_error", None)
    if isinstance(error, TronaError):
        line["error"] = {name: getattr(error, name) for name in _PARTS if getattr(error, name)}
    elif error is not None:
        trace = "".join(traceback.format_exception(error))
        line["error"] = {"type": type(error).__name__, "what": str(error), "traceback": trace}
    elif record.exc_text:
        line["error"] = {"traceback": record.exc_text}
    return line
