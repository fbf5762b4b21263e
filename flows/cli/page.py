"""`trona page`: what the lake knows, as a static site."""

from datetime import UTC, datetime
from pathlib import Path

from contracts.errors import Exit
from flows.cli.options import LakeOption, parse_instant
from flows.cli.output import print_message
from flows.cli.progress_line import waiting_for
from flows.cli.query import days_zone, open_store

_DEFAULT_LAKE = LakeOption()


def page(*, out: Path = Path("page"), chain: str = "", as_of: str = "", lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Write a static site: a page per month and series, the track record, sources, data. Opens from disk.

    Parameters
    ----------
    out
        Folder to write into; `index.html` comes first.
    chain
        Only this chain.
    as_of
        Only what was public then: a date or an instant.
    """
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415 - not needed for --help
    from tasks.pages import build_site  # noqa: PLC0415

    settings, store = open_store(lake)
    now = datetime.now(UTC)
    chains = load_chains(store, settings.chains_folder)
    wanted = {name: found for name, found in chains.items() if not chain or name == chain}
    zone = days_zone(store, settings, chain)
    instant = parse_instant(as_of, now=now, zone=zone) if as_of else now
    with waiting_for(f"drawing the page into {out}"):
        changed = build_site(store, wanted, out, as_of=instant)
    print_message(f"wrote {out / 'index.html'}: {len(changed)} files new or changed")
    return Exit.DONE
