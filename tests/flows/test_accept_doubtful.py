"""`--accept-doubtful` reaches the readers by every command that ingests."""

import flows.backfill
import flows.backfill_form
import flows.cli.run
from flows.cli.options import LakeOption


def test_the_backfill_hands_it_to_the_readers(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(flows.backfill, "run_pipeline", asked.append)
    for accept in (True, False):
        flows.backfill.backfill.fn(lake=str(tmp_path), accept_doubtful=accept)
    assert [request.hints.accept_doubtful for request in asked] == [True, False]


def test_command_and_form_hand_it_to_the_backfill(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(flows.cli.run, "call_flow", lambda *_, **parameters: asked.append(parameters))
    monkeypatch.setattr(flows.backfill_form, "backfill", lambda **parameters: asked.append(parameters))
    flows.cli.run.backfill(accept_doubtful=True, lake=LakeOption(str(tmp_path / "lake")))
    flows.backfill_form.backfill_by_hand.fn(accept_doubtful=True)
    assert [parameters["accept_doubtful"] for parameters in asked] == [True, True]
