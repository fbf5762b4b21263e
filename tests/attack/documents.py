"""Documents whose every row is known beforehand, so that a checker can say what must be in the lake."""

from dataclasses import dataclass
from pathlib import Path

HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier\n"


@dataclass(frozen=True)
class Stated:
    """One figure that a document states."""

    document: str
    segment: str
    period: str
    kind: str
    value: float


def write_documents(folder: Path, months: int) -> list[Stated]:
    """A document a month: two actual figures, a forecast, and a row that is refused (a fall of 140 %)."""
    folder.mkdir(parents=True, exist_ok=True)
    stated: list[Stated] = []
    for number in range(months):
        month, after = _name_month(number), _name_month(number + 1)
        rows = [
            Stated(f"{month}.csv", "cathode", month, "actual", float(number % 7 + 1)),
            Stated(f"{month}.csv", "cell", month, "actual", -float(number % 5 + 1)),
            Stated(f"{month}.csv", "cathode", after, "forecast", float(number % 4 + 2)),
        ]
        refused = Stated(f"{month}.csv", "electrolyte", month, "actual", -140.0)
        lines = [
            f"smm,sodium_ion,{month},{after}-05,{row.segment},,production,{row.period},{row.kind},mom_pct,{row.value},%,exact\n"
            for row in [*rows, refused]
        ]
        (folder / f"{month}.csv").write_text(HEAD + "".join(lines), encoding="utf-8")
        stated += rows
    return stated


def _name_month(number: int) -> str:
    return f"{2021 + number // 12}-{number % 12 + 1:02}"
