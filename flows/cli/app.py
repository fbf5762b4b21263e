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
    "flows.cli.running": ("run", "backfill", "replay"),
    "flows.cli.ingesting": ("ingest", "extract", "template", "retract"),
    "flows.cli.reading": (
        "figures",
        "comparisons",
        "scores",
        "alerts",
        "quarantine",
        "releases",
        "runs",
        "restatements",
        "explain",
    ),
    "flows.cli.scoring": ("record", "surprise-index", "score"),
    "flows.cli.operating": ("up", "watch"),
    "flows.cli.doctor": ("doctor", "init"),
}

for module, names in _COMMANDS.items():
    for name in names:
        app.command(f"{module}:{name.replace('-', '_')}", name=name)
