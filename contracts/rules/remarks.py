"""Rules of the texts that a document brings beside its numbers: remarks, addresses, and the name of its source."""

import polars as pl

from contracts.errors import ContractBroken
from contracts.readings import ReleaseHead
from contracts.rules.rule import Rule

LONGEST_REMARK, LONGEST_SOURCE = 2_000, 100
"""Characters of a note or an address, and of a source's name."""
# controls, and marks that turn the direction of what follows; a note may have lines and tabs, as cells do
_STEERING = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}"
_BREAKS = r"\t\n\r\x{2028}\x{2029}"


def list_remark_rules() -> list[Rule]:
    """`plain_text` and `text_length` for the note and the address of a figure."""
    return [rule for name in ("note", "source_url") for rule in _rules_of(name)]


def refuse_source(head: ReleaseHead) -> None:
    """Rule `source_name`: raise `ContractBroken` where a name is too long, or has control characters or line ends."""
    is_plain = pl.select(~pl.lit(head.source).str.contains(f"[{_STEERING}{_BREAKS}]")).item()
    if is_plain and len(head.source) <= LONGEST_SOURCE:
        return
    shown = head.source[:LONGEST_SOURCE].encode("unicode_escape").decode()
    raise ContractBroken(
        "the name of the source is not valid (rule source_name)",
        where=head.document_name,
        found=f"{len(head.source):,} characters: {shown}",
        effect="no rows were loaded",
        next=f"name it in up to {LONGEST_SOURCE} characters without control characters or line ends",
    )


def _rules_of(name: str) -> list[Rule]:
    cell, wrong = pl.col(name), _STEERING if name == "note" else _STEERING + _BREAKS
    return [
        Rule(
            "plain_text",
            name,
            ~cell.str.contains(f"[{wrong}]"),
            f"{name} has no control characters",
            found=cell.str.replace_all(f"[{wrong}]", "�"),
        ),
        Rule(
            "text_length",
            name,
            cell.str.len_chars() <= LONGEST_REMARK,
            f"{name} has at most {LONGEST_REMARK:,} characters",
        ),
    ]
