"""The sentences of a month that open a message about it: those of `trona month` and of the page."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache

from contracts.chain import Chain
from contracts.errors import UsageError
from data_lake.lake import Lake
from tasks.month_summary.reading import MonthReading, read_growth
from tasks.month_summary.writing import tell_chain
from tasks.reconciling.language import load_language


def open_months(
    lake: Lake, chains: Mapping[str, Chain]
) -> Callable[[Mapping[str, object], datetime, str], tuple[str, ...]]:
    """A function that gives the sentences of a group (source, chain, month), as known at an instant, in a language.

    None where nothing of the chain's output is known for that month by then. A month is read once, however many are
    told of it.
    """

    @cache
    def read(source: str, chain: str, month: date, as_of: datetime) -> MonthReading | None:
        try:
            return read_growth(lake, chains[chain], month, as_of=as_of, source=source)
        except UsageError:  # nothing of the chain was public then
            return None

    def tell(group: Mapping[str, object], as_of: datetime, language: str) -> tuple[str, ...]:
        source, chain, month = (group[name] for name in ("source", "chain", "month"))
        assert isinstance(source, str) and isinstance(chain, str) and isinstance(month, date)  # noqa: S101, PT018 - of the ledger
        reading = read(source, chain, month, as_of) if chain in chains and source else None
        return tuple(tell_chain(reading, load_language(language))) if reading else ()

    return tell
