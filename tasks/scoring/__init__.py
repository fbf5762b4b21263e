"""Marking forecasts: surprises, verdicts, track records, and the uncertainty of the verdict."""

from tasks.scoring.composite import surprise_index
from tasks.scoring.marking import mark_forecasts
from tasks.scoring.pairwise import compare_forecasters
from tasks.scoring.record import build_record
from tasks.scoring.restatements import restatement_stats
from tasks.scoring.table_checks import check_table
from tasks.scoring.table_form import score_table

__all__ = [
    "build_record",
    "check_table",
    "compare_forecasters",
    "mark_forecasts",
    "restatement_stats",
    "score_table",
    "surprise_index",
]
