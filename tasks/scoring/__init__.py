"""Marking forecasts: surprises, verdicts, track records, and the uncertainty of the verdict."""

from tasks.scoring.marking import mark_forecasts

__all__ = ["mark_forecasts"]
