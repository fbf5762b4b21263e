"""Lines of the log that `trona up` itself writes: for a person, or as JSON for machines."""

import json
import os
import sys
from datetime import UTC, datetime


def write_line(who: str, text: str, *, level: str = "INFO") -> None:
    """One line on stderr, as the setting `log_format` asks."""
    at = datetime.now(UTC)
    if os.environ.get("TRONA_LOG_FORMAT") == "json":
        line = json.dumps({"at": at.isoformat(), "level": level, "logger": f"trona.{who}", "message": text})
    else:
        line = f"{at.astimezone():%H:%M:%S} {who:<8} {text}"
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
