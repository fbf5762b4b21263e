"""Reading commands start fast: the oracles are never imported, scipy only when a record is built."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_importing_scoring_loads_no_scipy_and_no_oracle():
    code = (
        "import sys, tasks.scoring; "
        "print([m for m in ('scipy', 'scores', 'utilsforecast', 'statsmodels', 'prefect', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
