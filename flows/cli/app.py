"""The commands and the modules that hold them; a module is imported only when its command is called."""

from cyclopts import App

app = App(
    name="trona",
    help="Follow an industry chain through its monthly reviews: figures with evidence, forecasts marked, people told.",
    help_epilogue=(
        "Exit codes: 0 done or nothing new, 1 bug, 2 usage, 3 contract broken, 4 source not available, "
        "5 delivery failed, 6 alerts found (only with --fail-on), 130 stopped by hand."
    ),
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # main() says what a stop means
    help_format="plaintext",  # Markdown costs 0.15 s at each --help
)

_COMMANDS = {
    "flows.cli.run": {
        "run": "The month: ingest what has landed, check, compare, score, notify.",
        "backfill": "Many months by hand, each evaluated with only the knowledge of its time.",
        "replay": "Rebuild every computed table and say what differs from the lake's.",
    },
    "flows.cli.ingest": {
        "ingest": "Ingest documents into the lake: tables and published reviews.",
        "extract": "Show what would be read from a document; writes nothing.",
        "template": "Write an empty table to fill in.",
        "retract": "Withdraw a release from now on, without erasing it.",
    },
    "flows.cli.query": {
        "figures": "Published numbers, as they were known at any instant.",
        "comparisons": "Changes and shares per month, reported and derived.",
        "scores": "Every forecast, marked against what happened.",
        "quarantine": "Refused rows, each with the rule it broke.",
        "releases": "Publications and what became of them.",
        "runs": "One summary per run.",
        "restatements": "Figures that were published differently later.",
        "explain": "A number's sentence or cell, its document, release and vintages.",
    },
    "flows.cli.export": {"export": "A workbook for Excel: figures, comparisons, scores, record, alerts, releases."},
    "flows.cli.page": {"page": "A static site of what the lake knows: months, series, track record, sources."},
    "flows.cli.score": {
        "record": "The track record: how good forecasts were, with the uncertainty of the verdict.",
        "surprise-index": "The chain's monthly surprise.",
        "score": "Mark anyone's forecasts against anyone's actuals; no lake is needed.",
    },
    "flows.cli.alerts": {
        "alerts": "What fired, why, and who was told when.",
        "silence": "Keep alerts quiet for a while, with a reason.",
    },
    "flows.cli.notify": {"notify": "What would go to whom; a test message; what is still to be sent."},
    "flows.cli.up": {
        "up": "Everything in one process tree: server, runner, inbox.",
        "watch": "Watch the inbox and ingest what lands.",
    },
    "flows.cli.doctor": {
        "doctor": "What is wrong with this set-up, and the next command.",
        "init": "Write a commented settings file and a file of receivers.",
    },
}

for module, commands in _COMMANDS.items():
    for name, summary in commands.items():
        app.command(f"{module}:{name.replace('-', '_')}", name=name, help=summary)
