"""Scoring forecasts: surprises, verdicts, track records, and the uncertainty of the verdict."""

from tasks.scoring.calibration import tabulate_calibration
from tasks.scoring.murphy import draw_murphy
from tasks.scoring.pairwise import compare_forecasters, compare_sources
from tasks.scoring.record import RECORD_NEEDS, build_record
from tasks.scoring.restatement_record import restatement_stats
from tasks.scoring.rolling import roll_bias
from tasks.scoring.score_forecasts import code_scorable, score_forecasts
from tasks.scoring.surprise_index import surprise_index
from tasks.scoring.table_checks import check_score_table
from tasks.scoring.table_form import score_table

__all__ = [
    "RECORD_NEEDS",
    "build_record",
    "check_score_table",
    "code_scorable",
    "compare_forecasters",
    "compare_sources",
    "draw_murphy",
    "restatement_stats",
    "roll_bias",
    "score_forecasts",
    "score_table",
    "surprise_index",
    "tabulate_calibration",
]
