"""The commands and the modules that hold them; a module is imported only when its command is called."""

from itertools import count

from cyclopts import App, Group

app = App(
    name="trona",
    help="Follow an industry chain through its monthly reviews: figures with evidence, forecasts scored, people told.",
    help_epilogue=(
        "Exit codes: 0 done or nothing new, 1 bug, 2 usage, 3 contract broken, 4 source not available, "
        "5 delivery failed, 6 alerts found (only with --fail-on), 130 stopped by hand."
    ),
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # main() says what a stop means
    help_format="plaintext",  # Markdown costs 0.15 s at each --help
)

# By what a person wants to do, in the order in which they meet it.
COMMANDS = {
    "Take documents in": {
        "flows.cli.ingest": {
            "ingest": "Ingest documents into the lake: tables and published reviews.",
            "extract": "Show what would be read from a document; writes nothing.",
            "template": "Write an empty table to fill in.",
        },
        "flows.cli.settle": {
            "settle": "A sheet of what was read from a review, to correct in Excel, and back.",
            "reading-record": "How often the reader was right, by what people settled.",
        },
        "flows.cli.retract": {
            "retract": "Withdraw a release from now on, without erasing it.",
            "restore": "Bring back a release that was withdrawn.",
        },
    },
    "Work on what is new": {
        "flows.cli.run": {
            "run": "The month: ingest what has landed, check, compare, score, notify.",
            "backfill": "Many months by hand, each evaluated with only the knowledge of its time.",
        },
    },
    "Look": {
        "flows.cli.month": {"month": "The month of a chain on one screen, in sentences and a line per segment."},
        "flows.cli.query": {
            "figures": "Published numbers, as they were known at any instant.",
            "comparisons": "Changes and shares per month, reported and derived.",
            "scores": "Every forecast, scored against what happened.",
            "restatements": "Figures that were published differently later.",
            "explain": "A number's sentence or cell, its document, release and vintages.",
        },
        "flows.cli.score": {
            "record": "The track record: how good forecasts were, with the uncertainty of the verdict.",
            "surprise-index": "The chain's monthly surprise.",
            "score": "Score anyone's forecasts against anyone's actuals; no lake is needed.",
        },
    },
    "Prove": {
        "flows.cli.reconcile": {
            "implied": "The change between two months that the figures imply, with its interval.",
            "index": "A series as an index with the envelope that rounding leaves.",
            "findings": "What does not fit in what a source published, each with its proof.",
        },
    },
    "Take away": {
        "flows.cli.export": {
            "export": "A workbook for Excel: the month, figures, scores, record, findings, alerts, sources."
        },
        "flows.cli.page": {
            "page": "A static site of what the lake knows: months, series, track record, sources.",
            "chart": "One chart of the page as SVG or PNG.",
        },
    },
    "Be told": {
        "flows.cli.alerts": {
            "alerts": "What fired, why, and who was told when.",
            "silence": "Keep alerts quiet for a while, with a reason.",
        },
        "flows.cli.notify": {"notify": "What would go to whom; a test message; what is still to be sent."},
    },
    "Operate": {
        "flows.cli.up": {
            "up": "Everything in one process tree: server, runner, inbox.",
            "watch": "Watch the inbox and ingest what lands.",
            "server-settings": "Settings for a Prefect server of your own: SQLite spared, nothing sent.",
        },
        "flows.cli.doctor": {
            "init": "Write a commented settings file and a file of receivers.",
            "doctor": "What is wrong with this set-up, and the next command.",
        },
        "flows.cli.chain": {"chain": "Check the definition of a chain before it is used."},
        "flows.cli.query": {
            "releases": "Publications and what became of them.",
            "quarantine": "Refused rows, each with the rule it broke.",
            "runs": "One summary per run.",
        },
        "flows.cli.run": {"replay": "Rebuild every computed table and say what differs from the lake's."},
        "flows.cli.maintain": {"maintain": "Few files instead of many, none that nothing names; no row changes."},
        "flows.cli.repair": {"repair": "Rebuild what is damaged from kept documents, and say what was done."},
    },
}

_numbers = count()
for _place, (_title, _modules) in enumerate(COMMANDS.items()):
    _group = Group(_title, sort_key=_place)
    for _module, _commands in _modules.items():
        for _name, _summary in _commands.items():
            _order = next(_numbers)  # as they stand above: by task, not from A to Z
            app.command(
                f"{_module}:{_name.replace('-', '_')}", name=_name, help=_summary, group=_group, sort_key=_order
            )
