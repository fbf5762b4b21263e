"""The shares of a segment's products in sentences: how large, how they moved, what each added, how concentrated."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.month_summary.reading import METRIC, MonthReading
from tasks.reconciling.language import Language, write_plain, write_signed


def tell_shares(reading: MonthReading, language: Language) -> Iterator[str]:
    """A sentence per segment of which a product has a share, and one on its concentration where it can be bounded."""
    for (segment,), rows in reading.shares.group_by("segment", maintain_order=True):
        series = language.inside(language.series(reading.chain, str(segment), "", METRIC))
        items = [_tell_share(row, reading, language) for row in rows.to_dicts()]
        listed = str(language.phrases["list_items"]).join(items)
        yield language.say("month_page.shares", series=series, month=language.month(reading.month), list=listed)
        for row in reading.concentration.filter(segment=segment).to_dicts():
            ends = dict.fromkeys(write_plain(row[f"hhi_{name}"], 2) for name in ("lower", "upper"))
            range_ = str(language.phrases["range_to"]).join(ends)
            yield language.say("month_page.concentration", series=series, n=row["n_products"], range=range_)


def _tell_share(row: Mapping[str, Any], reading: MonthReading, language: Language) -> str:
    product = language.inside(language.product(reading.chain, row["segment"], row["product"]))
    said = {"product": product, "share": write_plain(row["share_pct"], 2)}
    parts = []
    if row["change_pp"] is not None:
        parts.append(language.say("month_page.share_change", change=write_signed(row["change_pp"], 2)))
    if row["contribution_pp"] is not None:
        value, lower, upper = (row[f"contribution_{name}"] for name in ("pp", "lower", "upper"))
        adds = language.interval(value, lower, upper, unit="pp")
        parts.append(language.say("month_page.share_adds", adds=adds))
    if not parts:
        return language.say("month_page.share", **said)
    return language.say("month_page.share_moved", **said, parts=str(language.phrases["list_comma"]).join(parts))
