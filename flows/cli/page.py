"""`trona page` and `trona chart`: what the lake knows, as a static site, and its pictures one by one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from contracts.errors import Exit, UsageError
from flows.cli.options import LakeOption, parse_instant
from flows.cli.output import print_message
from flows.cli.progress_line import waiting_for
from flows.cli.query import days_zone, open_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.chain import Chain
    from data_lake.lake import Lake

_DEFAULT_LAKE = LakeOption()
Language = Literal["en", "zh", "both"]


def page(
    *,
    out: Path = Path("page"),
    chain: str = "",
    as_of: str = "",
    language: Language = "en",
    past: str = "3",
    single_file: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Write a static site: a page per month and series, the track record, findings, sources, data. Opens from disk.

    Parameters
    ----------
    out
        Folder to write into; `index.html` comes first. With --single-file the file, NAME.html.
    chain
        Only this chain.
    as_of
        Only what was public then: a date or an instant.
    language
        en, zh, or both: English at the root, Chinese in zh/, each page linked to the other.
    past
        For how many of each chain's newest publications there are pages of what could be known then; or all.
    single_file
        One HTML file with all pages, which can be attached; without workbooks and pages of the past.
    """
    from tasks.pages import SiteOptions, build_site, write_single_file  # noqa: PLC0415 - not needed for --help

    if past != "all" and not past.isdecimal():
        raise UsageError("--past is a number of publications, or all", found=past, next="trona page --past 12")
    store, chains, instant = _open(lake, chain, as_of)
    languages = ("en", "zh") if language == "both" else (language,)
    if single_file:
        if language == "both":
            raise UsageError("a single file is in one language", found="--language both", next="--language en, or zh")
        file = out if out.suffix == ".html" else out.with_name(out.name + ".html")
        with waiting_for(f"writing {file}"):
            size = write_single_file(store, chains, file, as_of=instant, language=language)
        print_message(f"wrote {file}: {size / 1000:,.0f} kB")
        return Exit.DONE
    options = SiteOptions(languages=languages, past=None if past == "all" else int(past))
    with waiting_for(f"drawing the page into {out}"):
        changed = build_site(store, chains, out, as_of=instant, options=options)
    print_message(f"wrote {out / 'index.html'}: {len(changed)} files new or changed")
    return Exit.DONE


def chart(
    name: str = "",
    *,
    out: Path | None = None,
    as_of: str = "",
    language: Literal["en", "zh"] = "en",
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Write one chart of the page as a picture: SVG or PNG. Without a name, list the names of all.

    Parameters
    ----------
    name
        The page and the chart on it: `CHAIN/2026-01/heat`, `CHAIN/cell-production/mom`, `CHAIN/record/skill`.
    out
        File to write, NAME.svg or NAME.png.
    as_of
        Only what was public then: a date or an instant.
    language
        en or zh.
    """
    from tasks.pages.catalogue import find_chart, list_charts  # noqa: PLC0415 - not needed for --help
    from tasks.pages.charts import can_draw, write_picture  # noqa: PLC0415

    store, chains, instant = _open(lake, name.partition("/")[0], as_of)
    if not name:
        for each in list_charts(store, chains, as_of=instant):
            print(each)
        return Exit.DONE
    if out is None or out.suffix.lower() not in {".svg", ".png"}:
        raise UsageError("a chart is a file that ends in .svg or .png", next=f"trona chart {name} --out chart.svg")
    if not can_draw():
        raise UsageError(
            "pictures need the package vl-convert-python, which is not installed here",
            next="pip install vl-convert-python; every number of the chart is on its page",
        )
    found = find_chart(store, chains, name, as_of=instant, language=language)
    write_picture(out, found.spec, f"{found.heading}. {found.note}", found.alternative)
    print_message(f"wrote {out}: {found.heading}")
    return Exit.DONE


def _open(lake: LakeOption, chain: str, as_of: str) -> "tuple[Lake, Mapping[str, Chain], datetime]":
    """The lake, the chains that are asked for, and the instant. Raises `UsageError` for a chain that is not there."""
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415 - not needed for --help

    settings, store = open_store(lake)
    now = datetime.now(UTC)
    chains = load_chains(store, settings.chains_folder)
    wanted = {name: found for name, found in chains.items() if not chain or name == chain}
    if chain and not wanted:
        known = ", ".join(sorted(chains)) or "none yet"
        raise UsageError(f"the lake has no chain {chain!r}", found=f"its chains: {known}", next="trona releases")
    zone = days_zone(store, settings, chain)
    return store, wanted, parse_instant(as_of, now=now, zone=zone) if as_of else now
