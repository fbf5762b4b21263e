"""Runs start warm by a name inside Prefect that it does not promise to keep: this fails at the upgrade that drops it."""

import inspect
import multiprocessing


def test_prefect_still_asks_for_spawn_under_the_name_that_is_replaced():
    """Where it fails, runs start as Prefect starts them, seconds slower: see docs/decisions/0051-warm-runs.md."""
    from prefect import flow_engine

    assert flow_engine.multiprocessing is multiprocessing
    assert 'multiprocessing.get_context("spawn")' in inspect.getsource(flow_engine.run_flow_in_subprocess)
