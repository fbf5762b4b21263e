"""The charts of the pages by name, to be drawn one by one."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches

from contracts.chain import Chain
from contracts.errors import UsageError
from contracts.period import format_month
from data_lake.lake import Lake
from tasks.pages.facts import ChainFacts, read_facts, translate
from tasks.pages.month import build_month
from tasks.pages.parts import Chart
from tasks.pages.record import build_record_page
from tasks.pages.series import build_series
from tasks.pages.words import load_words

_RECORD = "record"


def list_charts(lake: Lake, chains: Mapping[str, Chain], *, as_of: datetime) -> Iterator[str]:
    """The names of all charts: `CHAIN/MONTH/chart`, `CHAIN/SERIES/chart`, `CHAIN/record/chart`."""
    for chain in chains.values():
        facts = read_facts(lake, chain, as_of)
        pages = [format_month(month) for month in facts.months] + list(facts.slugs.values())
        for page in [*pages, _RECORD]:
            yield from (f"{chain.name}/{page}/{chart.name}" for chart in _list_page(facts, page))


def find_chart(lake: Lake, chains: Mapping[str, Chain], name: str, *, as_of: datetime, language: str = "en") -> Chart:
    """The chart of this name. Raises `UsageError` with the nearest names where there is none that can be drawn."""
    chain, _, rest = name.partition("/")
    page, _, wanted = rest.partition("/")
    if chain not in chains:
        raise UsageError(f"the lake has no chain {chain!r}", found=", ".join(sorted(chains)), next="trona chart")
    facts = translate(read_facts(lake, chains[chain], as_of), load_words(language))
    charts = {chart.name: chart for chart in _list_page(facts, page)}
    if wanted not in charts:
        pages = [format_month(month) for month in facts.months] + [*facts.slugs.values(), _RECORD]
        near = [f"{chain}/{page}/{other}" for other in charts] or [
            f"{chain}/{other}/…" for other in get_close_matches(page, pages, n=3) or pages[:3]
        ]
        raise UsageError(f"there is no chart {name!r}", found=", ".join(near), next="`trona chart` lists all names")
    return charts[wanted]


def _list_page(facts: ChainFacts, page: str) -> list[Chart]:
    labels = {slug: label for label, slug in facts.slugs.items()}
    months = {format_month(month): month for month in facts.months}
    if page == _RECORD:
        charts = build_record_page(facts).charts
    elif page in labels:
        charts = build_series(facts, labels[page]).charts
    else:
        charts = build_month(facts, months[page]).charts if page in months else ()
    return [chart for chart in charts if chart.spec]
