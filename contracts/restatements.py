"""The contract of a restatement: two vintages of one figure that differ."""

import polars as pl

from contracts.table import INSTANT, Column, Table

CLASSES = ("preliminary", "restated", "disputed", "revised")

RESTATEMENTS = Table(
    name="restatements",
    meaning="One row per vintage that differs from the one published before it for the same figure.",
    columns=(
        Column("source", pl.String, "who published it"),
        Column("chain", pl.String, "value chain"),
        Column("segment", pl.String, "stage of the chain"),
        Column("product", pl.String, "kind within the segment; empty = total"),
        Column("metric", pl.String, "what is measured"),
        Column("measure", pl.String, "how it is stated"),
        Column("period", pl.String, "what it is about"),
        Column("kind", pl.String, "actual or forecast"),
        Column("vintage", pl.Int64, "2 for the second value published, 3 for the third …"),
        Column("before", pl.Float64, "the value before; null where it was a bound or range", nullable=True),
        Column("value", pl.Float64, "the value now", nullable=True),
        Column("change", pl.Float64, "value - before: pp for percents, else in the unit", nullable=True),
        Column("change_unit", pl.String, "pp or the unit"),
        Column("age_days", pl.Float64, "days from the value before to this one"),
        Column(
            "class",
            pl.String,
            "preliminary (the value before was published before its period ended), disputed (two reviews of one "
            "month, or the order is not known), restated (by a later review), revised (a forecast)",
            allowed=CLASSES,
        ),
        Column("before_at", INSTANT, "when the value before was published"),
        Column("published_at", INSTANT, "when this value was published"),
        Column("is_published_assumed", pl.Boolean, "one of the two days was assumed from the calendar"),
        Column("before_id", pl.String, "figure_id of the value before"),
        Column("figure_id", pl.String, "figure_id of this value"),
    ),
    key=("figure_id",),
)
