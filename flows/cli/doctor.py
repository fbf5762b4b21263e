"""Commands that set up and look after: `init` writes commented files, `doctor` says what is wrong."""

import json as json_format
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import Exit, SourceUnavailable, UsageError
from contracts.settings import load_settings, settings_path
from flows.cli.options import LakeOption
from flows.cli.output import find_look, print_message
from flows.cli.progress_line import waiting_for

if TYPE_CHECKING:
    from contracts.text_table import Look
    from flows.cli.health_checks import HealthFinding

_DEFAULT_LAKE = LakeOption()
_SETTINGS = Path(__file__).parents[1] / "templates" / "trona.toml"
_RECEIVERS = Path(__file__).parents[1] / "templates" / "receivers.toml"


def init(*, folder: Path | None = None, overwrite: bool = False) -> int:
    """Write trona.toml and receivers.toml with every setting, and make inbox, lake and the password of `trona up`.

    Parameters
    ----------
    folder
        Where to write; else TRONA_CONFIG, else here.
    overwrite
        Replace files that are there.
    """
    from data_lake.files import write_file  # noqa: PLC0415 - not for --help
    from data_lake.lake import open_lake  # noqa: PLC0415
    from flows.inbox.stores import open_inbox  # noqa: PLC0415
    from flows.service.access import make_password  # noqa: PLC0415

    place = folder or settings_path().parent
    files = {place / "trona.toml": _SETTINGS, place / "receivers.toml": _RECEIVERS}
    there = [path for path in files if path.exists()]
    if there and not overwrite:
        raise UsageError(f"{there[0]} is there already", effect="nothing was written", next="trona init --overwrite")
    for path, template in files.items():
        write_file(path, template.read_bytes())
        sys.stdout.write(f"{path}\n")
    inbox = place / "inbox"
    open_inbox(str(inbox))
    lake = os.environ.get("TRONA_LAKE", "") or str(place / "lake")
    open_lake(lake).make()
    sys.stdout.write(f"{inbox}\n{lake}\n{make_password(place / '.trona')}\n")
    print_message("next: trona doctor, then trona up")
    return Exit.DONE


def doctor(*, deep: bool = False, send_test: bool = False, json: bool = False, lake: LakeOption = _DEFAULT_LAKE) -> int:
    """Look at everything that must be right, and say the next command where something is not.

    Parameters
    ----------
    deep
        Recompute hashes, counts, keys and lineage of the whole lake; reads every byte of it.
    send_test
        Send a test message to every receiver.
    json
        Print the findings as JSON.
    """
    from flows.cli.health_checks import check_all  # noqa: PLC0415 - not for --help

    settings = load_settings(lake=lake.lake)
    with waiting_for("reading every byte of the lake" if deep else "looking at everything"):
        findings = check_all(settings, is_deep=deep)
    is_delivered = True
    if send_test:
        from flows.cli.test_message import send_tests  # noqa: PLC0415
        from flows.service.prefect_server import choose_server_for  # noqa: PLC0415

        with suppress(SourceUnavailable):  # secrets may lie in blocks; that it does not answer was found above
            choose_server_for(settings)
        sent = send_tests(settings, datetime.now(UTC))
        is_delivered = all(finding.state != "wrong" for finding in sent)
        findings += sent
    if json:
        sys.stdout.write(json_format.dumps([f.to_dict() for f in findings], ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(lay_out_findings(findings, find_look())) + "\n")
    wrong = sum(finding.state == "wrong" for finding in findings)
    print_message(f"{wrong} wrong" if wrong else "nothing is wrong")
    if not is_delivered:
        return Exit.DELIVERY
    return Exit.SOURCE if wrong else Exit.DONE


def lay_out_findings(findings: Sequence["HealthFinding"], look: "Look") -> Iterator[str]:
    """A line per finding and one for what to do about it, cut into lines that fit; what is wrong stands out."""
    from contracts.text_table import wrap_sentence  # noqa: PLC0415 - not for --help

    about = max(len(finding.about) for finding in findings)
    start = " " * (len("wrong") + about + 4)
    for finding in findings:
        width = None if look.width is None else look.width - len(start)
        first, *rest = [
            *wrap_sentence(finding.found, width),
            *(wrap_sentence(f"next: {finding.next}", width) if finding.next else []),
        ]
        line = f"{finding.state:<5}  {finding.about:<{about}}  {first}"
        yield look.head(line) if finding.state == "wrong" else line
        yield from (start + more for more in rest)
