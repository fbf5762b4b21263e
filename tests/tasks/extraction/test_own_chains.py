"""Own definitions of chains change nothing of how documents of other chains are read, right or broken."""

from pathlib import Path

import pytest

from contracts.errors import UsageError
from contracts.readings import Document
from tasks.extraction import read_review
from tasks.extraction.language import detect_language
from tasks.extraction.mentions.lexicon import build_lexicon

DOCUMENTS = Path(__file__).parents[2] / "corpus" / "documents"
# words of every review, so that by its count of names the own chain would claim each of them
NAMES = ["nickel", "the", "and", "of", "in", "production", "mom", "cathode", "hydroxide"]
ZH = ["镍", "月", "环比", "同比", "产量", "正极", "的"]
OWN = f"""title = "Nickel"
names = {{ en = {NAMES!r}, zh = {ZH!r} }}
not_ours = {{ en = ["anode"] }}
calendar = {{ time_zone = "Europe/Berlin", publication_day = 20, grace_business_days = 1 }}
[[segment]]
name = "sulphate"
title = "Sulphate"
names = {{ en = ["nickel sulphate", "pyrite", "output", "producers", "market", "total", "its", "was"], zh = ["硫酸镍", "企业", "市场", "为", "总"] }}
"""


def read(name, **options):
    return read_review(Document(name, (DOCUMENTS / name).read_bytes()), source="test", **options)


def name_documents():
    return sorted(p.name for p in DOCUMENTS.iterdir() if p.stem not in {"e07", "z06"})  # those are of an own chain


@pytest.mark.parametrize("name", name_documents())
def test_an_own_chain_changes_no_other_chains_reading(tmp_path, name):
    alone = read(name)
    (tmp_path / "nickel.toml").write_text(OWN, encoding="utf-8")
    beside = read(name, chain=alone.head.chain, chains_folder=tmp_path)
    assert beside.head == alone.head
    assert beside.figures.equals(alone.figures)


@pytest.mark.parametrize("name", name_documents()[:3])
def test_a_broken_own_definition_stops_no_other_chain(tmp_path, name):
    alone = read(name)
    (tmp_path / "nickel.toml").write_text(OWN.replace("publication_day = 20", "publication_day = 45"), encoding="utf-8")
    beside = read(name, chains_folder=tmp_path)
    assert beside.head == alone.head
    assert beside.figures.equals(alone.figures)


def test_documents_of_a_chain_whose_own_definition_is_broken_are_refused_with_the_mistake(tmp_path):
    name = name_documents()[0]
    chain = read(name).head.chain
    (tmp_path / f"{chain}.toml").write_text(
        OWN.replace("publication_day = 20", "publication_day = 45"), encoding="utf-8"
    )
    with pytest.raises(UsageError, match="publication_day must be a day from 1 to 28"):
        read(name, chains_folder=tmp_path)


def test_names_of_an_own_chain_are_no_words_of_another(tmp_path):
    (tmp_path / "nickel.toml").write_text(OWN, encoding="utf-8")
    language = detect_language("Production rose in January.")
    alone = build_lexicon("lithium_ion", language).words
    assert build_lexicon("lithium_ion", language, tmp_path).words == alone
    assert "pyrite" not in alone
