"""One fact printed twice is one figure, the more precise print; a noun of change gives a number its sign."""

from pathlib import Path

import pytest

from contracts.readings import Document
from tasks.extraction import read_review

CHAINS = Path(__file__).parents[2] / "corpus" / "chains"
ENGLISH = "Cement industry review, June 2025\nPublished: 2025-07-08\n\n{}\n"
CHINESE = "水泥行业月度回顾：2025年6月\n发布日期：2025-07-08\n\n{}\n"


def read(frame: str, text: str) -> list[tuple[object, ...]]:
    document = Document("review.txt", frame.format(text).encode())
    figures = read_review(document, source="test", chains_folder=CHAINS).figures
    return figures.select("segment", "metric", "measure", "period", "value", "half_width").rows()


# 8 % is 7.5 … 8.5 and 8.4 % is 8.35 … 8.45, inside it: one fact, and the second says more of it
@pytest.mark.parametrize(
    ("frame", "coarse", "fine"),
    [
        (ENGLISH, "Clinker production rose 8% MoM in June.", "In June, clinker production was up 8.4% MoM."),
        (CHINESE, "6月熟料产量环比增长8%。", "熟料6月产量环比上升8.4%。"),
    ],
    ids=["en", "zh"],
)
def test_of_two_prints_the_more_precise_stays_wherever_it_stands(frame, coarse, fine):
    kept = [("clinker", "production", "mom_pct", "2025-06", 8.4, 0.05)]
    assert read(frame, f"{coarse}\n\n{fine}") == kept
    assert read(frame, f"{fine}\n\n{coarse}") == kept


# the sentences of a pair differ in the noun alone, so that nothing else can give the sign
@pytest.mark.parametrize(
    ("frame", "text", "value"),
    [
        (ENGLISH, "Clinker production recorded a MoM increase of 3% in June.", 3.0),
        (ENGLISH, "Clinker production recorded a MoM decrease of 3% in June.", -3.0),
        (ENGLISH, "Clinker production saw a MoM gain of 3% in June.", 3.0),
        (ENGLISH, "Clinker production saw a MoM decline of 3% in June.", -3.0),
        (ENGLISH, "Clinker production saw a MoM drop of 3% in June.", -3.0),
        (CHINESE, "6月熟料产量环比增幅3%。", 3.0),
        (CHINESE, "6月熟料产量环比降幅3%。", -3.0),
        (CHINESE, "6月熟料产量环比涨幅3%。", 3.0),
        (CHINESE, "6月熟料产量环比跌幅3%。", -3.0),
        # the noun after a number is nearer to it than the verb before
        (ENGLISH, "Recovering clinker production saw a 3% MoM decline in June.", -3.0),
        (ENGLISH, "Falling clinker production saw a 3% MoM increase in June.", 3.0),
        # a rate of change that itself moved keeps the sign of its noun, whatever the verb says
        (ENGLISH, "MoM growth of clinker production slowed to 3% in June.", 3.0),
        (ENGLISH, "The MoM decline in clinker production eased to 3% in June.", -3.0),
        (CHINESE, "6月熟料产量环比增幅回落至3%。", 3.0),
        (CHINESE, "6月熟料产量环比降幅扩大至3%。", -3.0),
    ],
    ids=lambda value: "" if value in (ENGLISH, CHINESE) else str(value),
)
def test_a_noun_of_change_gives_the_sign(frame, text, value):
    assert read(frame, text) == [("clinker", "production", "mom_pct", "2025-06", value, 0.5)]
