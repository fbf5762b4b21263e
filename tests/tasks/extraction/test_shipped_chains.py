"""Chains that are shipped: a short review of each is recognised by its names and read in both languages."""

import pytest

from contracts.readings import Document
from tasks.extraction import read_review

TEXTS = {
    ("solar", "en"): """China PV industry review, January 2026
Published 5 February 2026
In January 2026, China's polysilicon production rose 4% MoM and fell 12% YoY. Silicon wafer production fell 3% MoM.
Solar cell production rose 2% MoM. The operating rate of PV modules was 41%.
""",
    ("solar", "zh"): """2026年1月光伏行业月度回顾
发布日期:2026年2月5日
1月多晶硅产量环比增长4%,同比下降12%。硅片产量环比下降3%。电池片产量环比增长2%。光伏组件开工率为41%。
""",
    ("nickel", "en"): """China nickel market review, January 2026
Published 5 February 2026
In January 2026, China's refined nickel production rose 4% MoM and fell 12% YoY. Nickel pig iron production fell 3% MoM.
MHP production rose 2% MoM. Nickel sulphate production fell 6% MoM.
""",
    ("nickel", "zh"): """2026年1月镍产业月度回顾
发布日期:2026年2月5日
1月精炼镍产量环比增长4%,同比下降12%。镍生铁产量环比下降3%。MHP产量环比增长2%。硫酸镍产量环比下降6%。
""",
    ("cobalt", "en"): """China cobalt market review, January 2026
Published 5 February 2026
In January 2026, China's refined cobalt production rose 4% MoM and fell 12% YoY. Cobalt sulphate production fell 3% MoM.
Cobalt chloride production rose 2% MoM. Tricobalt tetraoxide production fell 6% MoM.
""",
    ("cobalt", "zh"): """2026年1月钴行业月度回顾
发布日期:2026年2月5日
1月电解钴产量环比增长4%,同比下降12%。硫酸钴产量环比下降3%。氯化钴产量环比增长2%。四氧化三钴产量环比下降6%。
""",
}
STATED = {
    "solar": {
        ("polysilicon", "production", "mom_pct", 4.0),
        ("polysilicon", "production", "yoy_pct", -12.0),
        ("wafer", "production", "mom_pct", -3.0),
        ("solar_cell", "production", "mom_pct", 2.0),
        ("module", "operating_rate", "level", 41.0),
    },
    "nickel": {
        ("refined_nickel", "production", "mom_pct", 4.0),
        ("refined_nickel", "production", "yoy_pct", -12.0),
        ("npi", "production", "mom_pct", -3.0),
        ("mhp", "production", "mom_pct", 2.0),
        ("nickel_sulphate", "production", "mom_pct", -6.0),
    },
    "cobalt": {
        ("refined_cobalt", "production", "mom_pct", 4.0),
        ("refined_cobalt", "production", "yoy_pct", -12.0),
        ("cobalt_sulphate", "production", "mom_pct", -3.0),
        ("cobalt_chloride", "production", "mom_pct", 2.0),
        ("cobalt_oxide", "production", "mom_pct", -6.0),
    },
}


@pytest.mark.parametrize(("chain", "language"), TEXTS)
def test_a_review_is_recognised_and_read(chain, language):
    content = TEXTS[chain, language].encode()
    reading = read_review(Document(f"{chain}.txt", content), source="test")
    assert (reading.head.chain, reading.head.review_month) == (chain, "2026-01")
    rows = reading.figures.select("segment", "metric", "measure", "value").rows()
    assert sorted(rows) == sorted(STATED[chain])
    assert set(reading.figures["period"]) == {"2026-01"}
