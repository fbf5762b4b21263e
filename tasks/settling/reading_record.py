"""How often a reader was right, by what people settled afterwards."""

import polars as pl

from contracts.settlements import READING_RECORD

_Z = 1.959963984540054
_BY = ("source", "chain")


def build_reading_record(settlements: pl.DataFrame) -> pl.DataFrame:
    """`READING_RECORD` per source and chain, from rows of `SETTLEMENTS` of releases that stand.

    Of each document the newest settlement counts. A number that the reader took for a figure is right where it was
    confirmed, wrong where it was corrected or rejected; the same for doubtful readings that somebody decided. Missed is
    a figure that was added: unresolved or passed over before, or, silently, in no account at all. Recall is what was
    accepted and right, of all figures: confirmed, corrected and added. The interval is Wilson's:
    (p + z²/2n ± z √(p(1−p)/n + z²/4n²)) / (1 + z²/n), in percent.
    """
    newest = settlements.sort("settled_at", "sheet").select("document", "sheet").unique("document", keep="last")
    rows = settlements.join(newest, on=["document", "sheet"], how="semi").filter(pl.col("outcome") != "open")
    is_accepted, is_doubtful = pl.col("status") == "figure", pl.col("status") == "doubtful"
    is_right, is_added = pl.col("outcome") == "confirmed", pl.col("outcome") == "added"
    counts = rows.group_by(_BY).agg(
        accepted=is_accepted.sum(),
        accepted_right=(is_accepted & is_right).sum(),
        doubtful=is_doubtful.sum(),
        doubtful_right=(is_doubtful & is_right).sum(),
        missed=is_added.sum(),
        missed_silently=(is_added & (pl.col("status") == "")).sum(),
        figures=(pl.col("outcome") != "rejected").sum(),
    )
    seen = settlements.join(newest, on=["document", "sheet"], how="semi")
    documents = seen.group_by(_BY).agg(
        documents=pl.col("document").n_unique(), last_settled_at=pl.col("settled_at").max()
    )
    both = documents.join(counts, on=_BY, how="left").with_columns(pl.col(pl.UInt32).cast(pl.Int64).fill_null(0))
    n, right = pl.col("accepted"), pl.col("accepted_right")
    lower, upper = _wilson(right / n, n)
    record = both.with_columns(
        accepted_right_pct=_percent(right, n),
        accepted_lower_pct=pl.when(n > 0).then(lower),
        accepted_upper_pct=pl.when(n > 0).then(upper),
        doubtful_right_pct=_percent(pl.col("doubtful_right"), pl.col("doubtful")),
        recall_pct=_percent(right, pl.col("figures")),
    )
    return READING_RECORD.conform(record).sort(_BY)


def _percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(100 * part / whole)


def _wilson(p: pl.Expr, n: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The ends of Wilson's 95 % interval of a share, in percent."""
    z2 = _Z**2
    middle, half = p + z2 / (2 * n), _Z * (p * (1 - p) / n + z2 / (4 * n**2)).sqrt()
    return 100 * (middle - half) / (1 + z2 / n), 100 * (middle + half) / (1 + z2 / n)
