"""The tables of a lake, in the order in which they rest on one another."""

from contracts.alerts import ACKNOWLEDGEMENTS, ALERTS, DELIVERIES, SILENCES
from contracts.comparisons import COMPARISONS
from contracts.figures import FIGURES
from contracts.releases import QUARANTINE, RELEASES
from contracts.runs import RUNS
from contracts.scores import SCORES
from contracts.settlements import SETTLEMENTS

FROM_DOCUMENTS = (RELEASES, FIGURES, QUARANTINE, SETTLEMENTS)
"""What was read out of documents: kept documents say it again."""
FROM_FIGURES = (COMPARISONS, SCORES)
"""What follows from figures: thrown away and computed anew."""
OF_THEIR_OWN = (ALERTS, DELIVERIES, ACKNOWLEDGEMENTS, SILENCES, RUNS)
"""What happened here: it stands nowhere else."""
LAKE_TABLES = (*FROM_DOCUMENTS, *FROM_FIGURES, *OF_THEIR_OWN)
