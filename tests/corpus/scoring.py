"""Marks a reading against gold rows: precision, recall and F1 over keys and values.

A row is right when its key (document, segment, product, metric, period, kind, measure) is in the gold
and its value, or its two bounds where it is a bound or a range, is the same number.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

KEY = ("doc", "segment", "product", "metric", "period", "kind", "measure")
Row = tuple[object, ...]


@dataclass(frozen=True)
class Score:
    gold: int
    read: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.read if self.read else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def load_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reduce_row(row: Mapping[str, object]) -> Row:
    numbers = ("lower", "upper") if row.get("qualifier") in {"bound", "range"} else ("value",)
    return (*(str(row.get(name) or "") for name in KEY), *(_round(row.get(name)) for name in numbers))


def _round(value: object) -> float | None:
    return None if value in (None, "") else round(float(str(value)), 6)


def score_rows(
    gold: Iterable[Mapping[str, object]],
    read: Iterable[Mapping[str, object]],
    keep: Callable[[Row], bool] = bool,
) -> Score:
    wanted = {row for row in map(reduce_row, gold) if keep(row)}
    found = {row for row in map(reduce_row, read) if keep(row)}
    return Score(len(wanted), len(found), len(wanted & found))
