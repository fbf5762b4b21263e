"""Rules that find something, and a ledger that decides whether it is news."""

from tasks.alerts.candidates import find_alerts
from tasks.alerts.decisions import Entry, Scope, decide, read_current
from tasks.alerts.evaluation import Evaluation
from tasks.alerts.recording import record_candidates

__all__ = ["Entry", "Evaluation", "Scope", "decide", "find_alerts", "read_current", "record_candidates"]
