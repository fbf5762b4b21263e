"""`trona notify`: send what is waiting, or look at it first, or try a receiver."""

import json as json_text
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from contracts.errors import DeliveryFailed, Exit, UsageError
from contracts.text import count_noun
from flows.cli.options import LakeOption
from flows.cli.output import fit_text, print_message
from flows.cli.progress_line import LINE, waiting_for
from flows.cli.query import open_store

if TYPE_CHECKING:
    from data_lake.lake import Lake
    from tasks.delivery import Receiver
    from tasks.messages.neutral import Message

_DEFAULT_LAKE = LakeOption()


def notify(
    *,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    preview: Path | None = None,
    test: str = "",
    to: tuple[str, ...] = (),
    retry: tuple[str, ...] = (),
    dead: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    lake: LakeOption = _DEFAULT_LAKE,
) -> int:
    """Send every message that is due: what the last run left, and what could not be sent before.

    Parameters
    ----------
    dry_run
        Print exactly what would go to whom, and send and write nothing.
    preview
        Write the messages into this folder as every channel would send them, and send nothing.
    test
        Send a message marked as a test to this receiver, and nothing else.
    to
        Only these receivers.
    retry
        Send this message again, by its id or the beginning of it: one that was given up, or that waits for its turn.
    dead
        Send again every message that was given up; with --dry-run list them.
    json
        With --dry-run: print the messages as JSON.
    """
    from flows.run.secret_blocks import resolve_secret  # noqa: PLC0415 - not needed for --help
    from flows.service.prefect_server import choose_server_for  # noqa: PLC0415
    from tasks.comparing.refresh import load_chains  # noqa: PLC0415
    from tasks.delivery import (  # noqa: PLC0415
        Hands,
        OutboxWorker,
        Planning,
        choose_receivers,
        deliver,
        start_clock,
    )
    from tasks.delivery.outbox import Imprint  # noqa: PLC0415
    from tasks.delivery.requeue import requeue  # noqa: PLC0415
    from tasks.delivery.summary import look_ahead  # noqa: PLC0415
    from tasks.month_summary.opening import open_months  # noqa: PLC0415

    _refuse_contradictions(dry_run=dry_run, preview=preview, test=test, retry=retry, dead=dead)
    settings, store = open_store(lake)
    receivers = list(choose_receivers(settings.receivers_address))
    if any(name.block for receiver in receivers for name in receiver.secret_names.values()):
        choose_server_for(settings)  # where the blocks are
    now, run_id = datetime.now(UTC), secrets.token_hex(4)
    imprint = Imprint(settings.owner, settings.page_address)
    if dead and dry_run:
        return _list_dead(store, as_json=json)
    if test:
        return _send_test(_find(receivers, test), store, now, run_id)
    chosen = [_find(receivers, name) for name in to] or receivers
    chains = load_chains(store, settings.chains_folder)
    if dry_run or preview:
        ahead = look_ahead(store, Planning(chosen, chains, now, run_id, open_months(store, chains), imprint))
        if preview:
            _write_previews(ahead, preview)
        else:
            _print_ahead(ahead, as_json=json)
        return Exit.DONE
    if retry or dead:
        again = requeue(store, retry, every_dead=dead, now=now, run_id=run_id)
        print_message(f"{count_noun(again.height, 'message')} to be sent again")
    post = OutboxWorker(store, receivers, resolve_secret, run_id, _show, Hands(start_clock(now)), imprint=imprint)
    with waiting_for("telling the receivers"):
        report = deliver(post, chains, now, only=to)
    for line in report.lines:
        print_message(line)
    print_message(
        f"{report.sent} sent, {report.failed} to be tried again, {report.dead} given up, {report.waiting} waiting"
    )
    return Exit.DELIVERY if report.failed or report.dead else Exit.DONE


def _refuse_contradictions(
    *, dry_run: bool, preview: Path | None, test: str, retry: tuple[str, ...], dead: bool
) -> None:
    """Options that one call cannot obey together are refused, not ignored."""
    alone = {"--test": bool(test), "--preview": bool(preview), "--retry": bool(retry)}
    given = [name for name, is_given in (*alone.items(), ("--dry-run", dry_run), ("--dead", dead)) if is_given]
    is_fine = len(given) <= 1 or set(given) in ({"--dry-run", "--dead"}, {"--retry", "--dead"})
    if not is_fine:
        raise UsageError(f"{' and '.join(given)} do not go together", next="give one of them")


def _list_dead(store: "Lake", *, as_json: bool) -> int:
    """The messages that were given up, with the ids that --retry takes."""
    from flows.cli.options import Shape  # noqa: PLC0415
    from flows.cli.output import print_frame  # noqa: PLC0415
    from tasks.delivery.requeue import list_dead  # noqa: PLC0415

    print_frame(list_dead(store), Shape("json" if as_json else "table"), nothing="no message was given up")
    return Exit.DONE


def _find(receivers: "list[Receiver]", name: str) -> "Receiver":
    for receiver in receivers:
        if receiver.name == name:
            return receiver
    raise UsageError(f"no receiver {name!r}", next=f"receivers are: {', '.join(r.name for r in receivers)}")


def _send_test(receiver: "Receiver", store: "Lake", now: datetime, run_id: str) -> int:
    from flows.run.secret_blocks import resolve_secret  # noqa: PLC0415
    from tasks.delivery.senders import Sent  # noqa: PLC0415
    from tasks.delivery.summary import send_test  # noqa: PLC0415

    outcome = send_test(store, receiver, resolve_secret, now, run_id=run_id, console=_show)
    if not isinstance(outcome, Sent):
        raise DeliveryFailed(
            f"the test message did not reach {receiver.name}",
            found=outcome.reason,
            next="correct the receiver in receivers.toml or its secret, and try again",
        )
    print_message(f"the test message reached {receiver.name}: {outcome.reference}")
    return Exit.DONE


def _print_ahead(ahead: "list[tuple[str, Message]]", *, as_json: bool) -> None:
    from tasks.messages.json_message import render_json  # noqa: PLC0415
    from tasks.messages.plain_text import render_text  # noqa: PLC0415

    if as_json:
        rows: list[Mapping[str, object]] = [{"receiver": name, "message": render_json(m)} for name, m in ahead]
        sys.stdout.write(json_text.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        for name, message in ahead:
            _show(f"── to {name} ──\n{render_text(message)}")
    if not ahead:
        print_message("nothing would be sent")


def _write_previews(ahead: "list[tuple[str, Message]]", folder: Path) -> None:
    from data_lake.files import write_file  # noqa: PLC0415
    from tasks.delivery.channel import find_channels  # noqa: PLC0415

    previews = {channel.preview_suffix: channel.preview for channel in find_channels().values()}
    for name, message in ahead:
        stem = folder / f"{''.join(c if c.isalnum() or c in '-_' else '_' for c in name)}-{message.marker}"
        for suffix, preview in previews.items():
            write_file(stem.with_name(stem.name + suffix), preview(message).encode())
    print_message(f"{len(ahead)} messages in {folder}" if ahead else "nothing would be sent")


def _show(text: str) -> None:
    """A message on the terminal, line by line, with whatever would steer it made visible."""
    from contracts.terminal_text import escape_terminal  # noqa: PLC0415

    with LINE.printing():
        sys.stdout.write(fit_text("\n".join(escape_terminal(line) for line in text.splitlines())) + "\n")
