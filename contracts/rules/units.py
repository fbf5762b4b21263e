"""A figure's unit is one of its measure's, and a level's is the one in which the chain counts that segment."""

import polars as pl

from contracts.chain import Chain
from contracts.rules.rule import Rule
from contracts.text import fill_text
from contracts.vocabulary import LEVEL_UNITS, MEASURES, measures_of, units_of


def list_unit_rules(chain: Chain) -> list[Rule]:
    """`unit_of_measure` and `unit_of_chain`."""
    return [_fit_measure(), _fit_chain(chain)]


def _fit_measure() -> Rule:
    by_units: dict[tuple[str, ...], list[str]] = {}
    for measure in MEASURES:
        by_units.setdefault(units_of(measure), []).append(measure)
    fits = pl.any_horizontal(
        pl.col("measure").is_in(names) & pl.col("unit").is_in(units) for units, names in by_units.items()
    )
    return Rule(
        "unit_of_measure",
        "unit",
        fits | ~pl.col("measure").is_in(list(MEASURES)),
        "the unit is one of the measure's",
        found=fill_text("{} in '{}'", "measure", "unit"),
        explain=lambda found: _name_units(found.split(" in ")[0]),
    )


def _name_units(measure: str) -> str:
    return f"{measure} is stated in {' or '.join(units_of(measure))}" if measure in MEASURES else "unknown measure"


def _fit_chain(chain: Chain) -> Rule:
    counted = {f"{s.name} {metric}": unit for s in chain.segments for metric, unit in s.units.items()}
    pair = pl.concat_str("segment", "metric", separator=" ")
    known = [f"{subject} in {unit}" for subject, unit in counted.items()]
    is_level = pl.col("measure").is_in(measures_of("level", "change")) & pl.col("unit").is_in(LEVEL_UNITS)
    return Rule(
        "unit_of_chain",
        "unit",
        ~is_level | ~pair.is_in(list(counted)) | fill_text("{} in {}", pair, "unit").is_in(known),
        "a level has the unit in which the chain counts that segment",
        found=fill_text("{} in {}", pair, "unit"),
        explain=lambda found: f"counted in {counted.get(found.split(' in ')[0], '')} by the chain {chain.name}",
    )
