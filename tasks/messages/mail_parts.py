"""A message as e-mail: text and HTML parts, one column of 600 px, styles inline, an optional chart with its numbers."""

import base64
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from jinja2 import Environment
from markupsafe import Markup

from tasks.messages.cleaning import clean_text
from tasks.messages.mail_address import MailAddress
from tasks.messages.neutral import ICONS, Message, shorten_texts
from tasks.messages.plain_text import render_text

SUBJECT_LIMIT, SIZE_LIMIT = 140, 100_000
_CHART_ID, _CHART_WIDTH = "chart", 568
# Lengths to which the texts of findings are cut, one after another, where a mail is too long even without its chart.
_TEXT_LIMITS = (160, 80, 40)
# Word and shape carry the severity; the tone only repeats it, without red against green.
_TONES = {"info": "#4a5a6a", "warning": "#8a5a00", "error": "#7a1f5c", "critical": "#1a1a1a"}

# Clients that know a dark mode take this; the others show the light colours that stand at each element.
_DARK = (
    "@media (prefers-color-scheme:dark){"
    ".ground{background:#12161b!important;color:#e6eaee!important}"
    ".card{background:#1c2229!important;border-color:#39424c!important;color:#e6eaee!important}"
    ".soft,.info{color:#a9b6c2!important}.line{border-color:#46515c!important}.link{color:#8ab8f0!important}"
    ".warning{color:#e0b050!important}.error{color:#e3a3cf!important}.critical{color:#ffffff!important}}"
)

# Jinja escapes every value; only this template writes markup.
_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>{{ dark }}</style>
<title>{{ message.title }}</title>
</head>
<body class="ground" style="margin:0;padding:0;background:#eef1f4;font-family:Arial,Helvetica,sans-serif;color:#1f2933">
<table role="presentation" class="ground" width="100%" cellpadding="0" cellspacing="0" style="background:#eef1f4"><tr>
<td align="center" style="padding:12px 6px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="{{ frame }}">
<tr><td style="padding:16px 16px 4px;{{ wrap }}">
<p class="{{ message.severity }}" style="{{ strong }};margin:0 0 6px;color:{{ tones[message.severity] }}">
{{- icons[message.severity] }} {{ message.severity|upper }}{% if message.is_test %} · TEST{% endif %}
{%- if message.is_update %} · UPDATE{% endif %}</p>
<h1 style="margin:0 0 8px;font-size:20px;line-height:26px">{{ message.headline|tie }}</h1>
<p class="soft" style="margin:0 0 8px;font-size:13px;line-height:19px;color:#4a5a6a">
{%- for label, value in message.context %}{{ label }} {{ value }}{% if not loop.last %} · {% endif %}{% endfor %}</p>
{%- for sentence in message.opening %}
<p style="margin:0 0 8px;font-size:14px;line-height:20px">{{ sentence|tie }}</p>
{%- endfor %}
</td></tr>
{%- if marked %}
<tr><td style="padding:4px 16px">
<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:13px;line-height:18px">
<tr>
<th align="left" class="line" style="{{ head }}">Segment</th>
<th align="right" class="line" style="{{ head }}">Actual</th>
<th align="right" class="line" style="{{ head }}">Forecast</th>
<th align="right" class="line" style="{{ head }}">Surprise</th>
</tr>
{%- for f in marked %}
<tr>
<td class="line" style="{{ cell }};{{ wrap }}"><strong>{{ f.subject }}</strong> {{ f.measure }}<br>
<span class="{{ f.severity }}" style="color:{{ tones[f.severity] }}">{{ icons[f.severity] }} {{ f.severity }}
{%- if f.news %}, {{ f.news }}{% endif %}</span>
{%- if f.usual %}<br><span class="soft" style="color:#4a5a6a">{{ f.usual|tie }}</span>{% endif %}</td>
<td align="right" class="line" style="{{ cell }};{{ wrap }}">{{ f.actual|tie }}</td>
<td align="right" class="line" style="{{ cell }};{{ wrap }}">{{ f.forecast|tie }}</td>
<td align="right" class="line" style="{{ cell }};{{ wrap }}">
{%- for part in f.surprise.split(" (") %}{% if not loop.first %}<br>{% endif %}
{{- part.rstrip(")")|tie }}{% endfor %}</td>
</tr>
{%- endfor %}
</table></td></tr>
{%- endif %}
{%- if chart_source %}
<tr><td style="padding:14px 16px 4px">
<p style="margin:0 0 2px;font-size:14px;line-height:20px;font-weight:bold">{{ message.picture.title }}</p>
<p class="soft" style="margin:0 0 6px;font-size:12px;line-height:17px;color:#4a5a6a">{{ message.picture.note }}</p>
<img src="{{ chart_source }}" alt="{{ message.picture.text }}"
 style="display:block;width:100%;max-width:{{ chart_width }}px;height:auto;border-radius:4px"></td></tr>
{%- endif %}
{%- for f in others %}
<tr><td style="padding:8px 16px;font-size:14px;line-height:20px;{{ wrap }}">
<span class="{{ f.severity }}" style="{{ strong }};color:{{ tones[f.severity] }}">
{{- icons[f.severity] }} {{ f.severity }}
{%- if f.news %}, {{ f.news }}{% endif %}</span> {{ f.title|tie }}
{%- if f.note %}<br><span class="soft" style="color:#4a5a6a">{{ f.note|tie }}</span>{% endif %}</td></tr>
{%- endfor %}
{%- if more %}
<tr><td style="padding:8px 16px;font-size:14px">… and {{ more }} more</td></tr>
{%- endif %}
{%- for note in message.notes %}
<tr><td style="padding:4px 16px;font-size:13px;line-height:19px;{{ wrap }}">{{ note|tie }}</td></tr>
{%- endfor %}
{%- for quote in message.quotes %}
<tr><td style="padding:4px 16px;{{ wrap }}">
<p class="line" style="margin:0;{{ quoted }};font-size:13px;line-height:19px">“{{ quote }}”</p>
</td></tr>
{%- endfor %}
<tr><td class="soft" style="padding:10px 16px 16px;font-size:12px;line-height:18px;color:#4a5a6a;{{ wrap }}">
{%- for label, address in message.links %}
<a class="link" href="{{ address }}" style="color:#1d4f91;font-size:14px">{{ label }}</a><br>
{%- endfor %}
{%- for command in message.commands %}<code>{{ command }}</code><br>{% endfor %}ref {{ message.marker }}</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""
_ENVIRONMENT = Environment(autoescape=True)
# A number and its unit stay on one line.
_ENVIRONMENT.filters["tie"] = lambda text: re.sub(r"(?<=\d) (?=%|pp\b|t\b|MoM|YoY)|(?<=%) (?=MoM|YoY)", "\u00a0", text)
_PAGE = _ENVIRONMENT.from_string(_TEMPLATE)


def render_html(message: Message, *, chart_source: str = "") -> str:
    """The HTML part; the picture is at `chart_source`, and left out where that is empty."""
    return _PAGE.render(
        message=message,
        marked=[f for f in message.findings if f.is_marked],
        others=[f for f in message.findings if not f.is_marked],
        more=message.more,
        chart_source=chart_source if message.picture else "",
        chart_width=_CHART_WIDTH,
        icons=ICONS,
        tones=_TONES,
        dark=Markup(_DARK),  # noqa: S704 - ours, and without a value in it
        frame="max-width:600px;background:#ffffff;border:1px solid #d5dbe1",
        head="padding:4px 6px;border-bottom:2px solid #9aa7b4",
        cell="padding:6px;border-bottom:1px solid #dde3e9;vertical-align:top",
        wrap="overflow-wrap:break-word",
        strong="font-size:13px;font-weight:bold",
        quoted="padding-left:10px;border-left:3px solid #c3ccd5",
    )


def preview_html(message: Message, chart: bytes) -> str:
    """The HTML part as a page of its own, with the picture inside it."""
    source = f"data:image/png;base64,{base64.b64encode(chart).decode()}" if chart else ""
    return render_html(message, chart_source=source)


def build_mail(
    message: Message, *, sender: MailAddress, to: MailAddress, at: datetime, chart: bytes = b""
) -> EmailMessage:
    """The e-mail: multipart/alternative of text and HTML, the PNG `chart` inside the HTML part, under 100 kB in all.

    The Message-ID is the marker, so that a second copy is the same message to a mail client; References names the
    thread, so that all messages about a month are one conversation. Where it is too long, the chart is left
    out, then the texts of the findings are cut; never is a finding left out. Header values are single
    lines: no text can start another header.
    """
    for drawn in (chart, b""):
        mail = _assemble(message, sender=sender, to=to, at=at, chart=drawn)
        if len(mail.as_bytes()) < SIZE_LIMIT:
            return mail
    for limit in _TEXT_LIMITS:
        mail = _assemble(shorten_texts(message, limit), sender=sender, to=to, at=at, chart=b"")
        if len(mail.as_bytes()) < SIZE_LIMIT:
            return mail
    return mail


def _assemble(message: Message, *, sender: MailAddress, to: MailAddress, at: datetime, chart: bytes) -> EmailMessage:
    mail = EmailMessage(policy=SMTP if sender.is_ascii and to.is_ascii else SMTPUTF8)
    update = "Update: " if message.is_update else ""
    mail["Subject"] = clean_text(f"{update}{message.subject}", SUBJECT_LIMIT)
    mail["From"] = sender.header
    mail["To"] = to.header
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.marker}@{sender.domain}>"
    mail["References"] = f"<{message.thread}@{sender.domain}>"
    mail["In-Reply-To"] = f"<{message.thread}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Trona-Marker"] = message.marker
    mail.set_content(render_text(message))
    mail.add_alternative(render_html(message, chart_source=f"cid:{_CHART_ID}" if chart else ""), subtype="html")
    if chart:
        page = mail.get_payload()[1]  # type: ignore[index]
        page.add_related(chart, "image", "png", cid=f"<{_CHART_ID}>", filename="chart.png", disposition="inline")  # type: ignore[union-attr]
    return mail
