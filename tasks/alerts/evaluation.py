"""What every rule is given: the tables as of an instant, the chains, and the months that are evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

import polars as pl

from contracts.alerts import DELIVERIES
from contracts.chain import Chain
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.releases import QUARANTINE, RELEASES
from contracts.scores import SCORES
from contracts.wording import name_subjects
from tasks.alerts.scored import prepare_scored


@dataclass(frozen=True)
class Evaluation:
    """The tables as of `as_of`, reaching back before the first of `months`; a table not given is empty.

    `months` are the first and last reference month that findings are wanted for, `chains` the chains. A rule may read
    everything before a month to judge it, and nothing after it.
    """

    chains: Mapping[str, Chain]
    months: tuple[date, date]
    as_of: datetime
    scores: pl.DataFrame = field(default_factory=SCORES.empty)
    comparisons: pl.DataFrame = field(default_factory=COMPARISONS.empty)
    figures: pl.DataFrame = field(default_factory=FIGURES.empty)
    releases: pl.DataFrame = field(default_factory=RELEASES.empty)
    quarantine: pl.DataFrame = field(default_factory=QUARANTINE.empty)
    deliveries: pl.DataFrame = field(default_factory=DELIVERIES.empty)

    @cached_property
    def scored(self) -> pl.DataFrame:
        """Scored forecasts as rules see them, up to the last month: see `prepare_scored`."""
        return prepare_scored(self.scores, self.figures, self.chains, self.months)

    @cached_property
    def subjects(self) -> pl.DataFrame:
        """The readable name of every segment and product: see `name_subjects`."""
        return name_subjects(self.chains)
