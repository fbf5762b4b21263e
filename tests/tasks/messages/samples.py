"""Messages for tests."""

from tasks.messages.neutral import Facts, Finding, Message
from tasks.messages.picture import Bar, Picture

HOSTILE = (
    "<!channel> <@U123> <https://evil.example|click> http://evil.example www.evil.example & <script>alert(1)</script>"
    "\r\nBcc: all@example.com\r\n\r\n\u202egnp.exe\u202c\u200b\x00\x1b[31m`*_~ {{7*7}} "
)

PICTURE = Picture(
    title="2 of 3 forecasts month on month missed",
    note="Change of output month on month, %; the band is the chain's tolerance",
    text="2 of 3 forecasts month on month missed: Cathode materials forecast −70 % MoM, outcome −60 % MoM; "
    "Hard carbon anode forecast −47 % MoM, outcome −45 % MoM; Battery cells forecast +6 % MoM, outcome −4 % MoM",
    bars=(
        Bar("Cathode materials", -70.0, -60.0, -71.4, -68.5, -60.0, "level +33.3 %"),
        Bar("Hard carbon anode", -47.0, -45.0, -49.5, -44.4, -45.0, "level +3.8 %"),
        Bar("Battery cells", 6.0, -4.0, 1.0, 11.3, 6.0, "level −9.4 %"),
    ),
)


def sample(**values) -> Message:
    """A digest with two marked forecasts, a divergence, a retraction and what stands around them."""
    return Message(
        **{
            "marker": "0123456789abcdef",
            "thread": "fedcba9876543210",
            "severity": "warning",
            "headline": "Cathode materials output beat the forecast: −60 % against −70 % MoM; level 33 % higher (+3 more)",
            "context": (
                ("Month", "May 2026"),
                ("Chain", "Sodium-ion batteries"),
                ("Source", "smm"),
                ("As of", "2026-06-05 12:00 UTC"),
                ("Run", "3f2c"),
                ("Owner", "data desk"),
                ("Told", "desk, planning"),
            ),
            "opening": (
                "Cathode materials grew slightly less than battery cells in May 2026: cathode materials −4.0 % [−4.9, −3.1].",
                "Cathode materials in May 2026: −60 % MoM & +12 % YoY.",
            ),
            "about": (("source", "smm"), ("chain", "sodium_ion"), ("month", "2026-05"), ("run_id", "3f2c")),
            "findings": (
                Finding(
                    alert_id="a1",
                    rule="forecast_miss",
                    severity="warning",
                    title="Cathode materials output beat the forecast: −60 % against −70 % MoM; level 33 % higher",
                    news="new",
                    subject="Cathode materials",
                    measure="output MoM",
                    forecast="−70 %",
                    actual="−60 %",
                    surprise="+10 pp (level +33 %)",
                    usual="limit ±5 pp",
                    size_pct=33.3333,
                    facts=Facts(
                        source="smm",
                        chain="sodium_ion",
                        segment="cathode",
                        metric="production",
                        measure="mom_pct",
                        month="2026-05",
                        forecast=-70.0,
                        actual=-60.0,
                        surprise=10.0,
                        band=5.0,
                        level_surprise_pct=33.3333,
                        unit="%",
                        surprise_unit="pp",
                    ),
                    sentences=("Cathode output is expected to fall 70 % in May.", "Cathode output fell 60 % in May."),
                ),
                Finding(
                    alert_id="a2",
                    rule="forecast_miss",
                    severity="info",
                    title="Battery cells output fell although a rise was forecast: −4 % against +6 % MoM",
                    subject="Battery cells",
                    measure="output MoM · wrong direction",
                    forecast="+6 %",
                    actual="−4 %",
                    surprise="−10 pp (level −9.4 %)",
                    usual="limit ±5 pp",
                    size_pct=-9.43,
                ),
                Finding(
                    alert_id="a3",
                    rule="chain_divergence",
                    severity="warning",
                    title="Cathode materials +2 % while battery cells −41 % MoM: 73 % apart (43 pp), limit 20 %",
                    news="new",
                    subject="Cathode materials",
                    measure="output MoM",
                    note="Materials up while the stage they feed falls: may be stock building, or sales to others.",
                ),
                Finding(
                    alert_id="a4",
                    rule="share_shift",
                    severity="info",
                    title="NFPP (cathode materials) share of output gained 10 pp MoM",
                    news="retracted",
                    subject="NFPP (cathode materials)",
                ),
            ),
            "more": 12,
            "notes": ("Chinese New Year: 65 % of its window is in this month.",),
            "links": (("Page", "https://trona.example/2026-05?a=1&b=2"),),
            "picture": PICTURE,
            "commands": ("trona alerts --chain sodium_ion --from 2026-05 --to 2026-05",),
        }
        | values
    )


def hostile(length: int = 40_000) -> Message:
    """A message whose every text is hostile and long."""
    text = (HOSTILE * (length // len(HOSTILE) + 1))[:length]
    finding = dict.fromkeys(
        ("title", "news", "subject", "measure", "forecast", "actual", "surprise", "usual", "note", "rule"), text
    )
    findings = tuple(
        Finding(alert_id=f"a{i}", severity="critical", sentences=(text, text), size_pct=1.0, **finding)
        for i in range(20)
    )
    return sample(
        severity="critical",
        headline=text,
        context=((text, text),) * 5,
        findings=(*findings, Finding(alert_id="b", rule="x", severity="error", title=text, note=text)),
        notes=(text, text),
        links=(("<!here>", "https://ok.example/"), ("bad", "javascript:alert(1)"), ("bad", 'https://x.example/"><b>')),
        picture=Picture(text, text, text, (Bar(text, -70.0, -60.0, -71.0, -69.0, -60.0, text),)),
        commands=(text,),
    )
