"""The tests of the record reject a true null about as often as they say, in samples as short as ours."""

import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[3] / "bench" / "simulate_tests.py"
_SPEC = importlib.util.spec_from_file_location("simulate_tests", _PATH)
simulate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(simulate)

REPLICATIONS = 20_000
# four Monte Carlo standard errors of a true 5 %: 4·√(.05·.95/20000) = 0.6 %


@pytest.mark.parametrize("n", [12, 24])
def test_size_of_diebold_mariano(n):
    assert simulate.reject_diebold_mariano(n, REPLICATIONS) == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize("n", [12, 24])
def test_size_of_mincer_zarnowitz(n):
    assert simulate.reject_mincer_zarnowitz(n, REPLICATIONS) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(("n", "power"), [(12, 0.16), (24, 0.34), (36, 0.47)])
def test_power_is_so_low_that_no_difference_is_never_concluded(n, power):
    assert simulate.reject_diebold_mariano(n, REPLICATIONS, ratio=0.7) == pytest.approx(power, abs=0.05)


def test_hac_errors_would_reject_a_true_null_far_too_often():
    pytest.importorskip("statsmodels")
    assert simulate.reject_mincer_zarnowitz_hac(12, 600) > 0.15
