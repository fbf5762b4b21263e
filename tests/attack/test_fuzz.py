"""Whatever is in a table, a mapping or the settings, it is read or refused in our own words: no other error gets out.

So many examples each as `FUZZ` says, else as other tests have (`make soak`: many); seeds are fixed by what the tests
are, so that a failure comes again.
"""

import io
import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.exceptions import IllegalCharacterError

from contracts.errors import TronaError, UsageError
from contracts.readings import Document
from contracts.settings import Settings, load_settings
from tasks.intake.documents import DocumentHints, read_document
from tasks.intake.ingest import check_as_ingest
from tasks.tables.mapping import read_mapping

EXAMPLES = int(os.environ.get("FUZZ", settings().max_examples))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
pytestmark = pytest.mark.timeout(3600)

HEAD = "source,chain,review_month,published,segment,product,metric,period,kind,measure,value,lower,upper,unit,qualifier,note"
WORDS = st.sampled_from(
    [
        *HEAD.split(","),
        *(
            "smm",
            "sodium_ion",
            "2026-01",
            "2026-02-05",
            "cathode",
            "cell",
            "hard_carbon",
            "production",
            "actual",
            "forecast",
        ),
        *(
            "mom_pct",
            "yoy_pct",
            "level",
            "share_pct",
            "%",
            "t",
            "exact",
            "about",
            "range",
            "bound",
            "1月",
            "2026年1月",
            "Jan-26",
        ),
        *(
            "1.5",
            "-3",
            "1,234.5",
            "1.234,5",
            "5%",
            "n/a",
            "-",
            "",
            " ",
            "1e309",
            "nan",
            "(5)",
            "5-7",
            ">5",
            "~5",
            "１２",
            "－3",
        ),
        *(
            "=1+1",
            "\x1b[2J",
            "\u202e",
            "\ufeff",
            '"',
            "'",
            "\n",
            "\r",
            "\t",
            ";",
            "|",
            "sep=;",
            "# note",
            "0" * 400,
            "环比",
        ),
    ]
)
CELL = WORDS | st.text(max_size=12) | st.floats().map(str) | st.integers().map(str) | st.dates().map(str)
ROWS = st.lists(st.lists(CELL, max_size=16), max_size=12)


def read_whole(name, content, mapping=None):
    """As `ingest` does up to the lake; errors that are ours are an answer."""
    try:
        hints = DocumentHints("smm", chain="sodium_ion", review_month="2026-01", mapping=mapping)
        readings = read_document(Document(name, content), hints)
        for reading in readings:
            good, refused, error = check_as_ingest(reading, None)
            assert good.height <= reading.figures.height
            assert error is not None or good.height + refused["row"].n_unique() >= reading.figures.height
    except TronaError:
        return


@fuzzed
@given(
    ROWS,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-8-sig"]),
    st.booleans(),
)
@example([["a"] * 16] * 12, ",", "utf-8", True)
def test_tables_as_text(rows, separator, encoding, with_head):
    lines = [separator.join(row) for row in rows]
    text = "\n".join([HEAD.replace(",", separator), *lines] if with_head else lines)
    read_whole("t.csv", text.encode(encoding, "replace"))


@fuzzed
@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda b: HEAD.encode() + b"\n" + b))
def test_bytes(content):
    for name in ("t.csv", "t.xlsx", "t.parquet"):
        read_whole(name, content)


@settings(fuzzed, max_examples=max(1, EXAMPLES // 4))
@given(
    st.lists(
        st.lists(
            CELL | st.none() | st.floats() | st.integers(-(10**6), 10**6) | st.booleans() | st.dates(), max_size=12
        ),
        max_size=8,
    )
)
def test_workbooks(rows):
    book = Workbook()
    sheet = book.active
    for y, row in enumerate(rows, start=1):
        for x, value in enumerate(row, start=1):
            try:
                sheet.cell(y, x).value = value
            except (ValueError, IllegalCharacterError):  # what openpyxl writes into no workbook, as control characters
                continue
    content = io.BytesIO()
    book.save(content)
    read_whole("t.xlsx", content.getvalue())


NAMES = (
    "source",
    "chain",
    "form",
    "header_row",
    "columns",
    "segment",
    "measure",
    "metric",
    "unit",
    "decimal",
    "sheet",
    "months",
)
KEY = st.sampled_from(NAMES) | st.text("abc_.", min_size=1, max_size=6)
VALUE = st.recursive(
    CELL.map(repr)
    | st.sampled_from(["true", "1", "-1", "1e400", "nan", "2026-01-01", '"%"', "[]", "{}", "'cathode'", "9" * 30]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: "[" + ", ".join(v) + "]")
        | st.tuples(KEY, inner).map(lambda p: f"{{ {p[0]} = {p[1]} }}")
    ),
    max_leaves=5,
)
TOML = st.lists(
    st.tuples(KEY, VALUE).map(lambda p: f"{p[0]} = {p[1]}") | KEY.map(lambda k: f"[{k}]") | st.text(max_size=20),
    max_size=8,
)


@fuzzed
@given(TOML, ROWS)
def test_mappings(tmp_path_factory, lines, rows):
    path = tmp_path_factory.getbasetemp() / "t.mapping.toml"
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    try:
        read_mapping(path)
    except TronaError:
        return
    read_whole("t.csv", "\n".join(",".join(row) for row in rows).encode("utf-8", "replace"), path)


@fuzzed
@given(
    st.lists(st.tuples(st.sampled_from(list(Settings.__dataclass_fields__)) | KEY, VALUE), max_size=5),
    st.text(max_size=20),
    st.booleans(),
)
def test_settings(tmp_path_factory, pairs, more, with_more):
    folder = tmp_path_factory.getbasetemp()
    text = "\n".join(f"{name} = {value}" for name, value in pairs) + ("\n" + more if with_more else "")
    (folder / "trona.toml").write_text(text, encoding="utf-8", errors="replace")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRONA_CONFIG", str(folder))
        try:
            load_settings()
        except UsageError:
            return
