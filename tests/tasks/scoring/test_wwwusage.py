"""Diebold-Mariano on the errors of R's own example: `dm.test` of the forecast package on WWWusage.

Both models are fitted to the first 80 minutes and applied to the last 20. The errors were rebuilt from the
published series: ETS(A,Ad,N) with α = β = 0.9999, φ = 0.80001 and ARIMA(1,1,1) with φ = 0.62386,
θ = 0.48563, their start chosen so that mean error, RMSE and MAE are those that R prints (0.2100836,
3.24835, 2.570459 and 1.081679, 3.329012, 2.437119). R's statistic is -0.14392 (squared loss, h = 1).
"""

import numpy as np
import polars as pl
import pytest

from tasks.scoring.loss_tests import compare_losses

ETS = np.array(
    [
        0.00115,
        0.00152,
        -1.20015,
        -4.00032,
        3.79933,
        3.40093,
        -1.19979,
        -0.80055,
        -1.20009,
        3.39983,
        7.00065,
        2.20087,
        -4.80028,
        -1.20108,
        3.40015,
        3.00065,
        0.40019,
        -6.80023,
        -2.40123,
        1.20015,
    ]
)
ARIMA = np.array(
    [
        0.12107,
        8.06232,
        -0.919,
        -1.7952,
        5.34313,
        2.04591,
        -0.60732,
        0.55169,
        -0.76333,
        4.12296,
        5.87847,
        1.28278,
        -3.48541,
        1.19718,
        3.17089,
        2.34082,
        0.49621,
        -5.98413,
        0.15379,
        0.42075,
    ]
)


def test_the_errors_are_those_of_the_example():
    for errors, printed in ((ETS, (0.2100836, 3.24835, 2.570459)), (ARIMA, (1.081679, 3.329012, 2.437119))):
        found = (errors.mean(), np.sqrt((errors**2).mean()), np.abs(errors).mean())
        assert found == pytest.approx(printed, abs=2e-5)


@pytest.mark.parametrize(("horizon", "power", "p"), [(1, 2, 0.8871), (1, 1, 0.7818), (10, 2, 0.9362)])
def test_p_values_of_the_example(horizon, power, p):
    rows = pl.DataFrame(
        {"gid": [0] * 20, "month_no": list(range(20)), "d": np.abs(ETS) ** power - np.abs(ARIMA) ** power}
    ).with_columns(pl.lit(horizon, pl.Int64).alias("horizon"))
    found = compare_losses(rows, ["d"]).row(0, named=True)
    assert round(found["d_p"], 4) == p
    if (horizon, power) == (1, 2):
        assert found["d_stat"] == pytest.approx(-0.14392, abs=2e-5)
