"""A message as e-mail: text and HTML parts, one column of 600 px, styles inline, an optional chart with its numbers."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from jinja2 import Environment

from tasks.messages.chart import describe_chart, draw_chart
from tasks.messages.cleaning import clean_text
from tasks.messages.mail_address import MailAddress
from tasks.messages.neutral import ICONS, Message, shorten_texts
from tasks.messages.plain_text import render_text

SUBJECT_LIMIT, SIZE_LIMIT = 140, 100_000
_CHART_ID = "chart"
# Lengths to which the texts of findings are cut, one after another, where a mail is too long even without its chart.
_TEXT_LIMITS = (160, 80, 40)
# Word and shape carry the severity; the tone only repeats it, without red against green.
_TONES = {"info": "#4a5a6a", "warning": "#8a5a00", "error": "#7a1f5c", "critical": "#1a1a1a"}

# Jinja escapes every value; only this template writes markup.
_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ message.title }}</title>
</head>
<body style="margin:0;padding:0;background:#eef1f4;font-family:Arial,Helvetica,sans-serif;color:#1f2933">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#eef1f4"><tr>
<td align="center" style="padding:12px 6px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="{{ frame }}">
<tr><td style="padding:16px 16px 4px;overflow-wrap:anywhere">
<p style="margin:0 0 6px;font-size:13px;font-weight:bold;color:{{ tones[message.severity] }}">
{{- icons[message.severity] }} {{ message.severity|upper }}{% if message.is_test %} · TEST{% endif %}
{%- if message.is_update %} · UPDATE{% endif %}</p>
<h1 style="margin:0 0 8px;font-size:20px;line-height:26px">{{ message.headline }}</h1>
<p style="margin:0 0 8px;font-size:13px;line-height:19px;color:#4a5a6a">
{%- for label, value in message.context %}{{ label }} {{ value }}{% if not loop.last %} · {% endif %}{% endfor %}</p>
{%- for sentence in message.opening %}
<p style="margin:0 0 8px;font-size:14px;line-height:20px">{{ sentence|keep_percent }}</p>
{%- endfor %}
</td></tr>
{%- if marked %}
<tr><td style="padding:4px 16px">
<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse;font-size:13px;line-height:18px">
<tr>
<th align="left" width="36%" style="{{ head }}">Segment</th>
<th align="right" style="{{ head }}">Actual</th>
<th align="right" style="{{ head }}">Forecast</th>
<th align="right" width="29%" style="{{ head }}">Surprise</th>
</tr>
{%- for f in marked %}
<tr>
<td style="{{ cell }};overflow-wrap:anywhere"><strong>{{ f.subject }}</strong> {{ f.measure }}<br>
<span style="color:{{ tones[f.severity] }}">{{ icons[f.severity] }} {{ f.severity }}
{%- if f.news %}, {{ f.news }}{% endif %}</span></td>
<td align="right" style="{{ cell }};overflow-wrap:anywhere">{{ f.actual|keep_together }}</td>
<td align="right" style="{{ cell }};overflow-wrap:anywhere">{{ f.forecast|keep_together }}</td>
<td align="right" style="{{ cell }};overflow-wrap:anywhere">
{%- for part in f.surprise.split(" (") %}{% if not loop.first %}<br>{% endif %}
{{- part.rstrip(")")|keep_together }}{% endfor %}
{%- if f.usual %}<br><span style="color:#4a5a6a">{{ f.usual|keep_together }}</span>{% endif %}</td>
</tr>
{%- endfor %}
</table></td></tr>
{%- endif %}
{%- if has_chart %}
<tr><td style="padding:12px 16px 4px"><img src="cid:{{ chart_id }}" alt="{{ chart_text }}"
 style="display:block;width:100%;max-width:560px;height:auto"></td></tr>
{%- endif %}
{%- for f in others %}
<tr><td style="padding:8px 16px;font-size:14px;line-height:20px;overflow-wrap:anywhere">
<span style="font-weight:bold;color:{{ tones[f.severity] }}">{{ icons[f.severity] }} {{ f.severity }}
{%- if f.news %}, {{ f.news }}{% endif %}</span> {{ f.title }}
{%- if f.note %}<br><span style="color:#4a5a6a">{{ f.note }}</span>{% endif %}</td></tr>
{%- endfor %}
{%- if more %}
<tr><td style="padding:8px 16px;font-size:14px">… and {{ more }} more</td></tr>
{%- endif %}
{%- for note in message.notes %}
<tr><td style="padding:4px 16px;font-size:13px;line-height:19px">{{ note }}</td></tr>
{%- endfor %}
{%- for quote in message.quotes %}
<tr><td style="padding:4px 16px;overflow-wrap:anywhere">
<p style="margin:0;padding-left:10px;border-left:3px solid #c3ccd5;font-size:13px;line-height:19px">“{{ quote }}”</p>
</td></tr>
{%- endfor %}
<tr><td style="padding:10px 16px 16px;font-size:12px;line-height:18px;color:#4a5a6a;overflow-wrap:anywhere">
{%- for label, address in message.links %}<a href="{{ address }}" style="color:#1d4f91">{{ label }}</a><br>{% endfor %}
{%- for command in message.commands %}<code>{{ command }}</code><br>{% endfor %}ref {{ message.marker }}</td></tr>
</table>
</td></tr></table>
</body>
</html>
"""
_ENVIRONMENT = Environment(autoescape=True)
# A number and its unit stay on one line.
_ENVIRONMENT.filters["keep_together"] = lambda text: text.replace(" ", "\u00a0")
_ENVIRONMENT.filters["keep_percent"] = lambda text: text.replace(" %", "\u00a0%")
_PAGE = _ENVIRONMENT.from_string(_TEMPLATE)


def render_html(message: Message, *, has_chart: bool = False) -> str:
    """The HTML part."""
    return _PAGE.render(
        message=message,
        marked=[f for f in message.findings if f.is_marked],
        others=[f for f in message.findings if not f.is_marked],
        more=message.more,
        has_chart=has_chart,
        chart_id=_CHART_ID,
        chart_text=describe_chart(message),
        icons=ICONS,
        tones=_TONES,
        frame="max-width:600px;background:#ffffff;border:1px solid #d5dbe1",
        head="padding:4px 6px;border-bottom:2px solid #9aa7b4",
        cell="padding:6px;border-bottom:1px solid #dde3e9;vertical-align:top",
    )


def build_mail(message: Message, *, sender: MailAddress, to: MailAddress, at: datetime) -> EmailMessage:
    """The e-mail: multipart/alternative of text and HTML, the chart inside the HTML part, under 100 kB in all.

    The Message-ID is the marker, so that a second copy is the same message to a mail client; References names the
    thread, so that all messages about a month are one conversation. Where it is too long, the chart is left
    out, then the texts of the findings are cut; never is a finding left out. Header values are single
    lines: no text can start another header.
    """
    for chart in (draw_chart(message), None):
        mail = _assemble(message, sender=sender, to=to, at=at, chart=chart)
        if len(mail.as_bytes()) < SIZE_LIMIT:
            return mail
    for limit in _TEXT_LIMITS:
        mail = _assemble(shorten_texts(message, limit), sender=sender, to=to, at=at, chart=None)
        if len(mail.as_bytes()) < SIZE_LIMIT:
            return mail
    return mail


def _assemble(
    message: Message, *, sender: MailAddress, to: MailAddress, at: datetime, chart: bytes | None
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP if sender.is_ascii and to.is_ascii else SMTPUTF8)
    update = "Update: " if message.is_update else ""
    mail["Subject"] = clean_text(f"{update}{message.title}", SUBJECT_LIMIT)
    mail["From"] = sender.header
    mail["To"] = to.header
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.marker}@{sender.domain}>"
    mail["References"] = f"<{message.thread}@{sender.domain}>"
    mail["In-Reply-To"] = f"<{message.thread}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Trona-Marker"] = message.marker
    mail.set_content(render_text(message))
    mail.add_alternative(render_html(message, has_chart=chart is not None), subtype="html")
    if chart is not None:
        page = mail.get_payload()[1]  # type: ignore[index]
        page.add_related(chart, "image", "png", cid=f"<{_CHART_ID}>", filename="chart.png", disposition="inline")  # type: ignore[union-attr]
    return mail
