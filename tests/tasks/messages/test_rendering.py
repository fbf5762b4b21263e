"""Renderers: golden files, limits of each channel, and hostile text that does no harm."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header
from html import escape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tasks.delivery.month_views import draw_picture
from tasks.messages.cleaning import clean_text
from tasks.messages.json_message import render_json
from tasks.messages.mail_address import MailAddress
from tasks.messages.mail_parts import build_mail, render_html
from tasks.messages.neutral import Finding, Message, shorten_texts
from tasks.messages.plain_text import render_text
from tasks.messages.slack_blocks import escape_slack, render_slack
from tests.tasks.messages.samples import HOSTILE, PICTURE, hostile, sample

GOLDEN = Path(__file__).parent / "golden"
DESK = MailAddress("", "a", "example.com")
NOON = datetime(2026, 6, 5, 12, tzinfo=UTC)
RENDERERS = {
    "digest.txt": render_text,
    "digest.html": lambda m: render_html(m, chart_source="cid:chart"),
    "digest.slack.json": lambda m: json.dumps(render_slack(m), ensure_ascii=False, indent=1) + "\n",
    "digest.json": lambda m: json.dumps(render_json(m), ensure_ascii=False, indent=1) + "\n",
}


@pytest.mark.parametrize("name", RENDERERS)
def test_golden(name):
    """To renew after a wanted change: delete the file, run once, look at what it says now."""
    text, path = RENDERERS[name](sample()), GOLDEN / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{name} was written: look at it")
    assert text == path.read_text(encoding="utf-8")


def test_an_opening_sentence_is_there_whole_or_not_at_all():
    """A cut number is a wrong number."""
    sentences = tuple(f"{'x' * 490} {i} +12.5 %" for i in range(6))
    message = sample(opening=sentences)
    assert message.opening == sentences[:4]  # 500 characters each, 2,400 fit
    assert shorten_texts(message, 160).opening == sentences[:3]
    assert shorten_texts(message, 40).opening == ()
    for render in RENDERERS.values():
        text = render(message).replace("\u00a0", " ")
        assert [f"{i} +12.5 %" in text for i in range(6)] == [True] * 4 + [False] * 2


@pytest.mark.parametrize(
    "message", [sample(), hostile(), sample(findings=(), more=0, notes=(), links=())], ids=["usual", "hostile", "bare"]
)
def test_slack_stays_inside_its_limits(message):
    body = render_slack(message)
    assert len(body["blocks"]) <= 50
    header = body["blocks"][0]
    assert header["type"] == "header"
    assert 1 <= len(header["text"]["text"]) <= 150
    for block in body["blocks"]:
        texts = [block["text"]] if "text" in block else block["elements"]
        assert len(texts) <= 10
        for text in texts:
            assert 1 <= len(text["text"]) <= 3000
            assert text["type"] == "plain_text" or text["verbatim"] is True
    assert header["text"]["text"][:60] == body["text"][:60]  # the headline is in both


def texts_of(body: dict) -> list[str]:
    blocks = [t["text"] for b in body["blocks"] for t in ([b["text"]] if "text" in b else b["elements"])]
    return [body["text"], *blocks]


def test_slack_has_no_command_but_our_own_links():
    for text in texts_of(render_slack(hostile())):
        commands = re.findall(r"<[^>]*>?", text)
        assert set(commands) <= {"<https://ok.example/|&lt;!here&gt;>"}
        assert "://evil" not in text
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)
        assert "\u202e" not in text


def test_slack_text_is_never_cut_inside_an_entity():
    for limit in range(10, 60):
        text = escape_slack("<&>" * 100, limit)
        assert len(text) <= limit
        assert not re.search(r"&(?!amp;|lt;|gt;)", text)


class Collector(HTMLParser):
    """Tags, links and visible text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        self.links += [values[name] for name in ("href", "src") if name in values]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "body",
        "table",
        "tr",
        "td",
        "th",
        "p",
        "h1",
        "br",
        "strong",
        "span",
        "img",
        "a",
        "code",
        "style",
    )
}


@pytest.mark.parametrize("message", [sample(), hostile()], ids=["usual", "hostile"])
def test_html_holds_only_our_own_tags_and_links(message):
    page = Collector()
    page.feed(render_html(message, chart_source="cid:chart"))
    assert set(page.tags) <= ALLOWED
    assert page.tags.count("style") == 1  # ours, for the dark
    assert page.open == []
    assert set(page.links) <= {"cid:chart", "https://trona.example/2026-05?a=1&b=2", "https://ok.example/"}


def test_html_carries_no_outside_resource_and_no_style_sheet_but_that_for_the_dark():
    html = render_html(sample(), chart_source="cid:chart")
    assert html.count("<style") == 1
    assert "url(" not in html
    assert "@import" not in html
    assert "<script" not in html
    assert "max-width:600px" in html
    assert html.count("http") == html.count('href="https://trona.example')


def parse(message: Message):
    mail = build_mail(
        message, sender=MailAddress("", "trona", "example.com"), to=DESK, at=NOON, chart=draw_picture(message.picture)
    )
    return mail.as_bytes(), message_from_bytes(mail.as_bytes(), policy=policy.default)


@pytest.mark.parametrize("message", [sample(), hostile()], ids=["usual", "hostile"])
def test_mail_is_whole_small_and_has_the_headers_it_should(message):
    raw, mail = parse(message)
    assert len(raw) < 100_000
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "References", "In-Reply-To", "Auto-Submitted"),
        *("X-Trona-Marker", "MIME-Version", "Content-Type"),
    }
    assert mail["To"] == "a@example.com"
    assert len(mail["Subject"]) <= 150
    assert not mail.defects
    subject = "".join(
        p if isinstance(p, str) else p.decode(c or "ascii") for p, c in decode_header(str(mail["Subject"]))
    )
    assert "\n" not in subject
    assert "Bcc" not in mail


def test_mail_parts_are_text_html_and_chart():
    _, mail = parse(sample())
    assert [part.get_content_type() for part in mail.walk()] == [
        *("multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png")
    ]
    text = mail.get_body(("plain",)).get_content()
    assert text.startswith("▲ Warning: Cathode materials output beat the forecast")


def test_subject_names_chain_month_and_finding_and_an_update_says_so():
    usual = "Warning · Sodium-ion batteries, May 2026: Cathode materials output beat the forecast: −60 %"
    assert parse(sample())[1]["Subject"].startswith(usual)
    assert parse(sample(is_update=True))[1]["Subject"].startswith("Update: Warning · Sodium-ion batteries, May 2026: ")
    assert parse(sample(is_test=True))[1]["Subject"].startswith("Test: Warning · ")
    history = (("Chain", "Sodium-ion batteries"), ("Months", "2024-01 to 2025-12"))
    assert parse(sample(context=history))[1]["Subject"].startswith(
        "Warning · Sodium-ion batteries, 2024-01 to 2025-12: "
    )
    assert parse(sample(context=()))[1]["Subject"].startswith("Warning: Cathode")
    long = parse(sample(headline="x" * 200))[1]["Subject"]
    assert "Sodium-ion batteries, May 2026" in long
    assert len(long) <= 140


def test_a_month_is_one_thread_and_a_message_one_message():
    first, second = parse(sample())[1], parse(sample(marker="other"))[1]
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]
    assert parse(sample())[1]["Message-ID"] == first["Message-ID"]


def test_the_picture_is_small_of_few_colours_and_nothing_to_draw_is_none():
    picture = Image.open(BytesIO(draw_picture(PICTURE)))
    assert picture.format == "PNG"
    assert len(picture.getcolors()) <= 20
    assert picture.size[0] >= 568  # sharp on a screen of twice the dots
    # solid marks of both colours: an outcome above its forecast, one below
    colours = {colour for _, colour in picture.convert("RGB").getcolors()}
    assert {(0x2B, 0x6C, 0xB0), (0xC0, 0x56, 0x21), (255, 255, 255)} <= colours
    assert draw_picture(None) == b""
    assert "multipart/related" not in [p.get_content_type() for p in parse(sample(picture=None))[1].walk()]


def test_a_picture_of_many_long_names_stays_under_its_limit():
    bars = tuple(
        replace(PICTURE.bars[i % 3], series=f"{i} 正极材料产量高于预期 Electrolyte · hexafluoro") for i in range(10)
    )
    assert 0 < len(draw_picture(replace(PICTURE, bars=bars))) < 20_000


def test_the_mail_shows_the_finding_and_every_number_beside_the_picture():
    html = parse(sample())[1].get_body(("html",)).get_content()
    assert f'alt="{escape(PICTURE.text)}"' in html
    assert "forecast −47 % MoM, outcome −45 % MoM" in PICTURE.text
    assert PICTURE.title in html


def test_a_mail_has_colours_for_the_dark():
    """Every element that has a colour of its own belongs to a class that the dark style sheet gives another."""
    html = render_html(sample(), chart_source="cid:chart")
    assert '<meta name="color-scheme" content="light dark">' in html
    style = html[html.index("<style>") : html.index("</style>")]
    assert "prefers-color-scheme:dark" in style
    inked = re.findall(r"<(?:body|table|td|p|span|a)\b([^>]*(?:color|background|solid) ?:? ?#[^>]*)>", html)
    named = [re.search(r'class="([a-z ]+)"', attributes) for attributes in inked]
    assert len(named) > 10
    assert all(named)
    assert {name for found in named if found for name in found[1].split()} <= set(re.findall(r"\.([a-z]+)", style))


def test_severity_is_a_word_and_an_icon_everywhere():
    for severity, icon in {"info": "ℹ", "warning": "▲", "error": "◆", "critical": "✖"}.items():
        message = sample(severity=severity)
        for text in (render_text(message), render_slack(message)["text"]):
            assert text.startswith(f"{icon} {severity.capitalize()}")
        assert f"{icon} {severity.upper()}" in render_html(message)


def test_text_has_no_control_or_direction_marks():
    text = render_text(hostile())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert "http://evil" not in text


def test_40_000_characters_are_one_short_line():
    finding = Finding(alert_id="a", rule="r", severity="info", title=HOSTILE * 400, subject="x" * 40_000)
    assert 250 < len(finding.title) <= 300
    assert len(finding.subject) == 60
    assert finding.title.endswith("…")


@given(st.text(max_size=400), st.integers(5, 100))
def test_cleaning_is_idempotent_bounded_and_one_line(text, limit):
    once = clean_text(text, limit)
    assert clean_text(once, limit) == once
    assert len(once) <= limit
    assert not set(once) & set("\r\n\t\x00\u202e\u2028")
    assert clean_text("\ud800", limit).encode() == "�".encode()


@given(st.text(max_size=300))
def test_any_text_renders_everywhere(text):
    finding = Finding(alert_id="a", rule="r", severity="error", title=text, note=text, sentences=(text,))
    message = sample(headline=text, findings=(finding,), notes=(text,), context=((text, text),))
    Collector().feed(render_html(message))
    assert (
        message_from_bytes(build_mail(message, sender=DESK, to=DESK, at=NOON).as_bytes(), policy=policy.default)["To"]
        == "a@example.com"
    )
    assert all(1 <= len(t) <= 3000 for t in texts_of(render_slack(message)))
    assert render_text(message).endswith("\n")


def test_outbox_json_round_trips():
    for message in (sample(), hostile(1000)):
        assert Message.from_json(message.to_json()) == message


def test_a_program_gets_ids_iso_months_and_numbers_beside_the_texts():
    body = render_json(sample())
    assert body["about"]["month"] == "2026-05"
    facts = body["findings"][0]["facts"]
    assert (facts["segment"], facts["measure"], facts["month"]) == ("cathode", "mom_pct", "2026-05")
    assert (facts["forecast"], facts["actual"], facts["surprise"]) == (-70.0, -60.0, 10.0)
    assert Message.from_json(sample().to_json()) == sample()


def test_a_message_kept_by_an_earlier_version_is_still_read():
    kept = json.loads(sample().to_json())
    kept.pop("about")
    for finding in kept["findings"]:
        finding.pop("facts")
    assert Message.from_json(json.dumps(kept)).headline == sample().headline


def test_a_long_mail_keeps_every_finding_and_its_chart():
    """Twenty findings in Chinese and a picture."""
    text = "正极材料产量高于预期" * 20
    marks = {
        "subject": text[:40],
        "measure": "output MoM",
        "actual": "−60 %",
        "forecast": "−70 %",
        "surprise": "+10 pp",
    }
    findings = tuple(
        Finding(f"a{i}", "forecast_miss", "warning", title=f"{i} {text}", note=text, size_pct=float(i + 1), **marks)
        for i in range(12)
    ) + tuple(Finding(f"b{i}", "x", "info", title=f"b{i} {text}", note=text) for i in range(8))
    raw, mail = parse(sample(findings=findings, more=0))
    assert len(raw) < 100_000
    assert "… and" not in mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    assert all(f"b{i} 正极" in html for i in range(8))
    assert html.count("<strong>") == 12
    charts = [part.get_content() for part in mail.walk() if part.get_content_type() == "image/png"]
    assert len(charts) == 1
    assert len(charts[0]) < 20_000


def test_a_mail_of_hostile_length_loses_letters_and_no_finding():
    _, mail = parse(hostile())
    text = mail.get_body(("plain",)).get_content()
    assert text.count("✖ critical") >= 20
