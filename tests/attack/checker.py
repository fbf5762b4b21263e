"""What a lake holds, counted with `deltalake` and DuckDB alone: nothing here imports Trona."""

import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from deltalake import DeltaTable

from tests.attack.documents import Stated

COUNTED = ("lost", "doubled", "half-written", "unreadable", "told twice", "not told", "broke")
# a row of these must be there once; comparisons and scores are computed anew, the others are kept for ever
KEYS = {
    "figures": "release_id, figure_id",
    "quarantine": 'release_id, "row", rule, "column"',
    "comparisons": "source, chain, segment, product, metric, measure, month, basis, counterpart",
    "scores": "forecast_id",
    "alerts": "alert_id, change",
    "runs": "run_id",
    "deliveries": "delivery_id, step",
    "silences": "silence_id, event",
}


@dataclass
class Verdict:
    """How often each kind of harm was found, with the first words about each."""

    counts: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    def add(self, kind: str, what: str) -> None:
        self.counts[kind] += 1
        self.told.append(f"{kind}: {what}")


class Checker:
    """The tables of one lake as they are on the disk now."""

    def __init__(self, lake: Path):
        self._lake, self._db = lake, duckdb.connect()
        self.verdict = Verdict()
        self.names = [name for name in ("releases", *KEYS) if self._open(name)]

    def _open(self, name: str) -> bool:
        folder = self._lake / name
        if not any((folder / "_delta_log").glob("*.json")):
            return False
        try:
            table = DeltaTable(str(folder))
            files = table.file_uris()
            if not files:
                return False
            self._db.execute(
                f"create table {name} as select * from read_parquet(?, hive_partitioning = true, union_by_name = true)",
                [files],
            )
        except Exception as error:  # noqa: BLE001 - whatever breaks plain readers is harm
            self.verdict.add("unreadable", f"{name}: {error}")
            return False
        return True

    def ask(self, query: str) -> list[tuple]:
        return self._db.execute(query).fetchall()

    def recorded(self) -> set[str]:
        """Names of documents whose release is recorded."""
        if "releases" not in self.names:
            return set()
        return {name for (name,) in self.ask("select document_name from releases where event = 'recorded'")}

    def check(self, acknowledged: Collection[str]) -> Verdict:
        """What must hold at any instant: acknowledged releases are there, whole, once."""
        for name in sorted(set(acknowledged) - self.recorded()):
            self.verdict.add("lost", f"the release of {name}, which was there before")
        for name, key in KEYS.items():
            if name in self.names:
                for *row, count in self.ask(f"select {key}, count(*) from {name} group by all having count(*) > 1"):
                    self.verdict.add("doubled", f"{name}: {row} {count} times")
        if "releases" in self.names:
            self._check_releases()
        return self.verdict

    def _check_releases(self) -> None:
        for name, count in self.ask(
            "select document_name, count(*) from releases where event = 'recorded' group by all having count(*) > 1"
        ):
            self.verdict.add("doubled", f"the release of {name} {count} times")
        for table, column in (("figures", "figures"), ("quarantine", "quarantined")):
            found = (
                f"select release_id, count(*) n from {table} group by all"
                if table in self.names
                else ("select '' release_id, 0 n")
            )
            for name, said, there in self.ask(
                f"select document_name, {column}, coalesce(n, 0) from releases left join ({found}) using (release_id) "
                f"where event = 'recorded' and {column} <> coalesce(n, 0)"
            ):
                self.verdict.add("half-written", f"{name} says {said} {table}, {there} are there")

    def check_end(self, stated: Iterable[Stated]) -> Verdict:
        """What must hold once a run has finished: every figure of every document once, and none besides."""
        wanted = Counter((s.document, s.segment, s.period, s.kind, s.value) for s in stated)
        there = Counter(
            self.ask(
                "select document_name, segment, period, kind, value from figures "
                "left join (select * from releases where event = 'recorded') r using (release_id)"
            )
            if {"figures", "releases"} <= set(self.names)
            else ()
        )
        for row in (wanted - there).elements():
            self.verdict.add("lost", f"figure {row}")
        for row in (there - wanted).elements():
            self.verdict.add("doubled", f"figure {row}")
        return self.check({s.document for s in stated})

    def turned(self) -> set[tuple[str, str]]:
        """Every event of a release that is recorded: document and event."""
        return set(self.ask("select document_name, event from releases")) if "releases" in self.names else set()

    def check_turned(self, acknowledged: Collection[tuple[str, str]]) -> None:
        """Events that were acknowledged are there."""
        for name, event in sorted(set(acknowledged) - self.turned()):
            self.verdict.add("lost", f"the release of {name} was {event}")

    def check_told(self, got: Mapping[str, list[str]]) -> Verdict:
        """What must hold once everything due was sent: every change that people are to be told stands in one message.

        `got` are the markers of the messages that each receiver got, each of which wants everything. The same marker
        twice is the same message for a webhook's key and a mail's id; two markers that tell one change are not.
        """
        if not {"alerts", "deliveries"} <= set(self.names):
            return self.verdict
        wanted = {cover for (cover,) in self.ask("select alert_id || ':' || change from alerts where notify <> ''")}
        planned: dict[tuple[str, str], set[str]] = {}
        for receiver, marker, covers in self.ask("select receiver, delivery_id, covers from deliveries"):
            planned.setdefault((receiver, marker), set()).update(covers.split())
        unwanted = {cover for (receiver, _), covers in planned.items() if not receiver for cover in covers}
        for receiver, markers in got.items():
            told = Counter(cover for marker in set(markers) for cover in planned.get((receiver, marker), ()))
            for marker in sorted(set(markers)):
                if (receiver, marker) not in planned:
                    self.verdict.add("lost", f"{receiver} got {marker}, of which the outbox knows nothing")
            for cover in sorted(wanted - set(told) - unwanted):
                self.verdict.add("not told", f"{receiver}: {cover}")
            for cover, count in sorted(told.items()):
                if count > 1:
                    self.verdict.add("told twice", f"{receiver}: {cover} in {count} messages")
        return self.verdict

    def digest(self) -> dict[str, list[tuple]]:
        """What is computed from the figures, without what depends on the instant or the run."""
        queries = {
            "comparisons": f"select {KEYS['comparisons']}, value, lower, upper",
            "scores": "select segment, month, forecast, actual, surprise_pp, verdict",
        }
        return {n: sorted(self.ask(f"{q} from {n}"), key=str) for n, q in queries.items() if n in self.names}


def check_workbook(path: Path, verdict: Verdict) -> None:
    """A workbook is absent or whole."""
    if not path.exists():
        return
    try:
        with zipfile.ZipFile(path) as book:
            broken = book.testzip() or ("" if "xl/workbook.xml" in book.namelist() else "xl/workbook.xml")
    except zipfile.BadZipFile as error:
        broken = str(error)
    if broken:
        verdict.add("half-written", f"{path.name}: {broken}")


def check_site(folder: Path, verdict: Verdict) -> None:
    """Each page of a site is whole."""
    for page in folder.rglob("*.html"):
        if not page.read_text(encoding="utf-8", errors="replace").rstrip().endswith("</html>"):
            verdict.add("half-written", f"{page.relative_to(folder)}, {page.stat().st_size} bytes")
