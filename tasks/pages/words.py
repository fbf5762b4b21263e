"""The words of the pages: phrases as data per language, beside those of findings and months."""

import tomllib
from functools import cache
from importlib.resources import files

import polars as pl

from contracts.chain import Chain
from tasks.messages.figure_words import add_series_label, write_stated
from tasks.reconciling.language import Language, load_language


@cache
def load_words(code: str) -> Language:
    """The phrases of the pages and of all that they quote. Raises `UsageError` for a language without phrases."""
    base = load_language(code)
    own = tomllib.loads((files("tasks.pages") / "phrases" / f"{code}.toml").read_text(encoding="utf-8"))
    return Language(code, {**base.phrases, "page": own})


def name_chain(chain: Chain, words: Language) -> str:
    """The chain's title in this language, else as its definition has it."""
    names = chain.names.get(words.code, ())
    return chain.title if words.code == "en" or not names else names[0]


def add_words(frame: pl.DataFrame, chain: Chain, words: Language, ends: tuple[str, str, str]) -> pl.DataFrame:
    """The frame with `series` (its label) and `text`, what the columns `ends` (value, lower, upper) state."""
    labelled = add_series_label(frame, {chain.name: chain})
    if words.code == "en":
        return labelled.with_columns(write_stated(*ends).alias("text"))
    labels = {row: _label(chain, words, *row) for row in frame.select("segment", "product", "metric").unique().rows()}
    keys = pl.concat_str("segment", "product", "metric", separator="\x1f")
    return labelled.with_columns(
        keys.replace_strict({"\x1f".join(key): label for key, label in labels.items()}).alias("series"),
        write_figures(frame, words, ends).alias("text"),
    )


def write_figures(frame: pl.DataFrame, words: Language, ends: tuple[str, str, str]) -> pl.Series:
    """What each row states, in words; null where its measure has no phrase or it states nothing."""
    if words.code == "en":
        return frame.select(write_stated(*ends)).to_series()
    value, lower, upper = ends
    columns = frame.select("measure", "unit", pl.col(value).alias("value"), lower=lower, upper=upper)
    return pl.Series([_write(row, words) for row in columns.to_dicts()], dtype=pl.String)


def _write(row: dict[str, object], words: Language) -> str | None:
    is_known = row["measure"] == "direction" or row["measure"] in words.phrases["measure"]
    if not is_known or (row["value"] is None and row["lower"] is None and row["upper"] is None):
        return None
    if row["measure"] == "direction" and row["value"] is None:
        return None
    return words.figure(row)


def _label(chain: Chain, words: Language, segment: str, product: str, metric: str) -> str:
    found = next((s for s in chain.segments if s.name == segment), None)
    title = next(iter(found.names.get(words.code, ())), found.title) if found else segment
    kind = next((p for p in found.products if p.name == product), None) if found else None
    if product:
        title += f" · {next(iter(kind.names.get(words.code, ())), kind.title) if kind else product}"
    return title if metric == "production" else title + words.phrases["metric"].get(metric, metric)
