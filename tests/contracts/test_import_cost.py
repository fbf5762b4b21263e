"""What only a check or a spreadsheet needs is not imported before one is there."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOAD = """
import sys
import contracts.checks, tasks.comparing.comparisons, tasks.tables
print(*(name for name in ("pandera", "pandas", "prefect") if name in sys.modules))
"""


def test_readers_and_contracts_import_neither_pandera_nor_prefect():
    done = subprocess.run([sys.executable, "-c", _LOAD], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
