"""The site: pages of every chain, an overview, a search, and the data; a later build writes what has changed."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import polars as pl

from contracts.chain import Chain
from data_lake.figures import read_vintages
from data_lake.files import write_file
from data_lake.lake import Lake
from data_lake.releases import visible_releases
from data_lake.selection import Selection
from tasks.pages.chain_pages import ChainSummary, PastFacts, build_chain
from tasks.pages.downloads import build_downloads, list_tables
from tasks.pages.facts import ChainFacts, read_chain_alerts, read_facts, translate
from tasks.pages.rendering import Edition, SiteFile, build_page, fingerprint_code, hash_frame, hash_text, read_script
from tasks.pages.words import load_words

STATE = ".trona-page.json"
"""What a folder of the site remembers of its last build: the key of every file, and of every chain."""
MOST_FINDINGS = 400
"""Findings that the search lists, over all chains."""


@dataclass(frozen=True)
class SiteOptions:
    """What a site is built with.

    `languages`: the first at the root, others in folders of their codes. `past`: of how many of each chain's newest
    publications there are pages of what could be known then; None is all of them.
    """

    languages: Sequence[str] = ("en",)
    past: int | None = 3

    def editions(self) -> list[Edition]:
        """The languages as editions of the site. Raises `UsageError` for a language without phrases."""
        folders = ["", *(f"{code}/" for code in self.languages[1:])]
        others = [*folders[1:], ""] if len(folders) > 1 else [None]
        return [
            Edition(load_words(code), folder, other)
            for code, folder, other in zip(self.languages, folders, others, strict=True)
        ]


@dataclass
class _State:
    """The keys of the last build: of files by path, of chains by name; the chains' files and summaries."""

    files: dict[str, str] = field(default_factory=dict)
    chains: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "_State":
        """The state that the folder remembers; nothing where it has none that can be read.

        A chain of which a file is gone is forgotten, so that it is built anew.
        """
        with suppress(OSError, ValueError, TypeError, AttributeError):
            state = cls(**json.loads((folder / STATE).read_text(encoding="utf-8")))
            lost = {name for name in state.files if not (folder / PurePosixPath(name)).exists()}
            whole = {name: chain for name, chain in state.chains.items() if lost.isdisjoint(chain["files"])}
            return cls(state.files, whole)
        return cls()


def build_site(
    lake: Lake,
    chains: Mapping[str, Chain],
    folder: Path,
    *,
    as_of: datetime,
    options: SiteOptions | None = None,
) -> list[Path]:
    """Write the site of these chains into `folder`, with the knowledge of `as_of`. Returns the files that changed.

    `index.html` comes first; every page opens from disk and asks no network. The same lake and instant give the same
    bytes. What says the same as at the last build, by the keys that the folder remembers, is left as it is; files of
    an earlier build that the site has no more are removed, and nothing else in the folder is touched. Raises
    `SourceUnavailable` where the disk does not take a file; those before it are whole.
    """
    options = options or SiteOptions()
    before, after = _State.read(folder), _State()
    changed = []
    for file in _list_files(lake, chains, as_of, options, before, after):
        after.files[file.path] = file.key
        path = folder / PurePosixPath(file.path)
        if before.files.get(file.path) == file.key and path.exists():
            continue
        content = file.write()
        if not path.exists() or path.read_bytes() != content:
            write_file(path, content)
            changed.append(path)
    for name in before.files.keys() - after.files.keys():
        (folder / PurePosixPath(name)).unlink(missing_ok=True)
    state = json.dumps({"files": after.files, "chains": after.chains}, ensure_ascii=False, sort_keys=True)
    write_file(folder / STATE, state.encode())
    return changed


def render_site(
    lake: Lake, chains: Mapping[str, Chain], *, as_of: datetime, options: SiteOptions | None = None
) -> Iterator[SiteFile]:
    """Every file of the site, `index.html` first."""
    return _list_files(lake, chains, as_of, options or SiteOptions(), _State(), _State())


def _list_files(
    lake: Lake, chains: Mapping[str, Chain], as_of: datetime, options: SiteOptions, before: _State, after: _State
) -> Iterator[SiteFile]:
    editions = options.editions()
    summaries: dict[str, list[ChainSummary]] = {edition.folder: [] for edition in editions}
    parts = []
    for chain in chains.values():
        key = _key_chain(lake, chain, as_of, options)
        kept = before.chains.get(chain.name, {})
        if kept.get("key") != key:
            kept, files = _build_editions(lake, chain, as_of, options, editions)
            parts.append(files)
        else:
            parts.append([SiteFile(path, before.files[path], partial(_lost, path)) for path in kept["files"]])
        after.chains[chain.name] = {**kept, "key": key}
        for edition in editions:
            if summary := kept["summaries"].get(edition.folder):
                summaries[edition.folder].append(ChainSummary.of_json(summary))
    for edition in editions:
        yield from _build_root(edition, summaries[edition.folder])
    for files in parts:
        yield from files


def _lost(path: str) -> bytes:
    """A file that was there when the build began has vanished since: the next build, which misses it, writes it."""
    raise FileNotFoundError(path)


def _build_editions(
    lake: Lake, chain: Chain, as_of: datetime, options: SiteOptions, editions: Iterable[Edition]
) -> tuple[dict[str, Any], list[SiteFile]]:
    """The chain in every language: what is to be remembered of it, and its files."""
    facts = read_facts(lake, chain, as_of)
    if facts.figures.is_empty():
        return {"summaries": {}, "files": []}, []
    past = read_past(lake, facts, options.past)
    tables = list_tables(facts)
    files: list[SiteFile] = []
    summaries = {}
    for edition in editions:
        own = facts if edition.words.code == "en" else translate(facts, edition.words)
        ago = [PastFacts(p.at, translate(p.facts, edition.words)) for p in past] if own is not facts else past
        summary, pages = build_chain(lake, edition, own, ago, tables)
        summaries[edition.folder] = summary.to_json()
        files += pages
    files += build_downloads(facts, tables)
    return {"summaries": summaries, "files": [file.path for file in files]}, files


def read_past(lake: Lake, facts: ChainFacts, most: int | None) -> list[PastFacts]:
    """The chain as it could be known at its newest instants of publication, the newest first."""
    published = pl.concat([facts.releases["published_at"], facts.documents["published_at"]])
    instants: list[datetime] = published.unique().sort(descending=True).to_list()
    past = [PastFacts(at, _read_at(lake, facts, at, is_newest=not place)) for place, at in enumerate(instants[:most])]
    return [one for one in past if one.months]


def _read_at(lake: Lake, facts: ChainFacts, at: datetime, *, is_newest: bool) -> ChainFacts:
    """The chain as it could be known at an instant: at the newest it is what is known now, but for what was alerted."""
    if not is_newest:
        return read_facts(lake, facts.chain, at, recent=True)
    known = {source: replace(one, as_of=at) for source, one in facts.known.items()}
    return replace(facts, as_of=at, known=known, alerts=read_chain_alerts(lake, facts.chain, at))


def _key_chain(lake: Lake, chain: Chain, as_of: datetime, options: SiteOptions) -> str:
    """A hash of all that the chain's pages rest on: what of it is known, its definition, the day, the code."""
    tables = (
        read_vintages(lake, Selection(chain=chain.name), as_of=as_of).sort("figure_id", "release_id").collect(),
        visible_releases(lake, as_of=as_of).filter(pl.col("chain") == chain.name).sort("release_id").collect(),
        read_chain_alerts(lake, chain, as_of),
    )
    hashes = [hash_frame(frame) for frame in tables]
    return hash_text(f"{hashes}{chain!r}{as_of.date()}{options!r}{fingerprint_code()}")


def _build_root(edition: Edition, summaries: Sequence[ChainSummary]) -> Iterator[SiteFile]:
    """The overview and the search."""
    published = [datetime.fromisoformat(one.newest) for one in summaries if one.newest]
    newest = max(published, default=None)
    title = edition.words.say("page.site")
    yield build_page(edition, "index.html", "index.html", title=title, newest=newest, chains=summaries)
    script, digest = read_script()
    entries = list(_list_entries(edition, summaries))
    told = sum(len(one.findings) for one in summaries)
    hidden = max(0, told - MOST_FINDINGS) + sum(one.hidden for one in summaries)
    yield build_page(
        edition,
        "search.html",
        "search.html",
        title=edition.words.say("page.search.title"),
        newest=newest,
        entries=entries,
        hidden=hidden,
        script=script,
        script_hash=digest,
    )


def _list_entries(edition: Edition, summaries: Sequence[ChainSummary]) -> Iterator[dict[str, str]]:
    """Every page and finding as the search lists it."""
    left = MOST_FINDINGS
    for one in summaries:
        for entry in (*one.months, *one.series, *one.findings[:left]):
            yield {"path": f"{one.name}/{entry.path}", "label": f"{entry.label}, {one.title}", "says": entry.title}
        left = max(0, left - len(one.findings))
        for kind in ("record", "findings", "sources", "data"):
            label = edition.words.say(f"page.{kind}.title", chain=one.title)
            yield {"path": f"{one.name}/{kind}.html", "label": label, "says": ""}
