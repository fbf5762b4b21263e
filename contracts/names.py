"""Names as people write them: one matching of segments, products, metrics, measures, units and kinds.

Long tables, wide tables, `trona score` and the filters of the reading commands all use it, so that what one of them
takes the others take too. Two names are the same where they differ in case, width, spaces, dashes and underscores.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

from contracts.chain import Chain, Segment
from contracts.text import fold_name
from contracts.vocabulary import KINDS, MEASURES, METRICS

_MEASURES: Mapping[str, tuple[str, ...]] = {
    "mom_pct": ("mom", "m/m", "mom %", "mom%", "% mom", "m-o-m", "month on month", "month over month", "环比"),
    "yoy_pct": ("yoy", "y/y", "yoy %", "yoy%", "% yoy", "y-o-y", "year on year", "year over year", "同比"),
    "qoq_pct": ("qoq", "q/q", "qoq %", "qoq%", "q-o-q", "quarter on quarter", "quarter over quarter", "季环比"),
    "ytd_yoy_pct": ("ytd yoy", "ytd y/y", "ytd yoy %", "year to date yoy", "累计同比"),
    "share_pct": ("share", "share %", "share%", "% share", "market share", "占比", "份额", "市场份额"),
    "share_mom_pp": ("share mom", "share m/m", "占比环比"),
    "share_yoy_pp": ("share yoy", "share y/y", "占比同比"),
    "level": ("absolute level", "quantity", "volume", "数量", "绝对值"),
    "direction": ("trend", "方向"),
}
_METRICS: Mapping[str, tuple[str, ...]] = {
    "production": ("output", "产量"),
    "price": ("prices", "价格"),
    "shipments": ("shipment", "deliveries", "出货量", "出货"),
    "inventory": ("inventories", "stock", "stocks", "库存"),
    "operating_rate": ("utilisation", "utilization", "capacity utilisation", "capacity utilization", "开工率"),
    "capacity": ("产能",),
    "demand": ("consumption", "需求", "消费量"),
}
_KINDS = {
    "actual": ("actuals", "act", "a", "实际", "实际值"),
    "forecast": ("forecasts", "fcst", "f", "e", "预测", "预计"),
}
_UNITS = {
    "%": ("percent", "pct", "per cent", "％"),
    "pp": ("ppt", "pps", "percentage point", "percentage points", "% pt", "百分点"),
    "t": ("tonne", "tonnes", "metric ton", "metric tons", "吨"),
    "CNY/t": ("rmb/t", "yuan/t", "cny/tonne", "yuan/tonne", "元/吨"),
    "MWh": (),
    "GWh": (),
    "sign": (),
}


def match_measure(text: str) -> str:
    """The measure that a text names (`MoM`, `m/m`, `环比`), or empty."""
    return _match(text, "measure")


def match_metric(text: str) -> str:
    """The metric that a text names (`Output`, `产量`), or empty."""
    return _match(text, "metric")


def match_kind(text: str) -> str:
    """`actual` or `forecast` where a text names one (`Forecast`, `预测`), or empty."""
    return _match(text, "kind")


def match_unit(text: str) -> str:
    """The unit that a text names (`tonnes`, `percent`), or empty."""
    return _match(text, "unit")


def match_segment(text: str, chain: Chain) -> Segment | None:
    """The segment that a text names by its name, title or alias."""
    return chain.segments_by_spelling.get(fold_name(text))


def match_product(text: str, segment: Segment) -> str:
    """The product of a segment that a text names by its name, title or alias, or empty."""
    return segment.products_by_spelling.get(fold_name(text), "")


def match_names(texts: Collection[str], column: str, chain: Chain | None = None) -> dict[str, str]:
    """Of each text that names something in a column (`segment`, `metric` …) the name under which it is kept."""
    if column == "segment":
        found = {text: match_segment(text, chain) for text in texts} if chain else {}
        return {text: segment.name for text, segment in found.items() if segment}
    read = {"measure": match_measure, "metric": match_metric, "kind": match_kind, "unit": match_unit}[column]
    return {text: name for text in texts if (name := read(text))}


def _match(text: str, column: str) -> str:
    return _index_words()[column].get(fold_name(text), "")


@lru_cache(maxsize=1)
def _index_words() -> dict[str, dict[str, str]]:
    words = {
        "measure": (MEASURES, _MEASURES),
        "metric": (METRICS, _METRICS),
        "kind": (KINDS, _KINDS),
        "unit": (_UNITS, _UNITS),
    }
    return {
        column: {fold_name(word): name for name in names for word in (name, *also.get(name, ()))}
        for column, (names, also) in words.items()
    }
