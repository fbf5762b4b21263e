"""A clock that is a little ahead is forgiven; a release of tomorrow is not."""

from datetime import timedelta

import pytest

from contracts.readings import Document, DocumentHints
from tasks.intake.ingest import ingest_document

HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,unit,qualifier\n"
ROW = "test,sodium_ion,2026-01,{},cathode,,production,2026-01,actual,mom_pct,2,%,exact\n"


@pytest.mark.parametrize(("ahead", "status"), [(4, "recorded"), (6, "refused"), (60, "refused"), (24 * 60, "refused")])
def test_five_minutes_of_clock_slack(lake, now, ahead, status):
    published = (now + timedelta(minutes=ahead)).isoformat()
    document = Document("table.csv", (HEAD + ROW.format(published)).encode())
    (outcome,) = ingest_document(lake, document, DocumentHints(), now=now, run_id="r")
    assert outcome.status == status
    if status == "refused":
        assert outcome.error.what == "the release claims to be published in the future"
