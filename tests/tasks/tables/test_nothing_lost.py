"""Whatever a table holds, each of its rows is a good figure or is refused, never both and never neither."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractBroken
from tests.tasks.tables.documents import csv, line, read, take

CELLS = {
    "value": st.sampled_from(["2", "-140", "910", "nan", "x", "", "12.5万", "+6%", "0.06", "1,234"]),
    "segment": st.sampled_from(["cathode", "cell", "cathod", "", "anode"]),
    "product": st.sampled_from(["", "nfpp", "polyanion", "layered_oxide", "hard_carbon", "nope"]),
    "measure": st.sampled_from(["mom_pct", "share_pct", "share_mom_pp", "level", "direction", "mom"]),
    "period": st.sampled_from(["2026-01", "2025-12", "2026-13", "2026-03", "2025-H1", "", "soon"]),
}


@given(st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12))
def test_every_row_is_kept_or_refused(rows):
    document = csv(*[line(**row) for row in rows])
    places = {f"row {i}" for i in range(2, len(rows) + 2)}
    (reading,) = read(document)
    assert set(reading.figures["place"]) | set(reading.refused["row"]) == places
    assert not set(reading.figures["place"]) & set(reading.refused["row"])
    try:
        good, refused = take(document)
    except ContractBroken as error:
        assert error.effect == "no rows were loaded"  # noqa: PT017 - raised for some tables only
        return
    assert set(good["place"]) | set(refused["row"]) == places
    assert not set(good["place"]) & set(refused["row"])
    assert (refused["message"] != "").all()
