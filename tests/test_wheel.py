"""The package that docs/operate.md tells how to build holds all that an installed Trona needs."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[1]
PACKAGES = ("contracts", "data_lake", "tasks", "flows")


def test_the_wheel_holds_every_module_template_and_chain(tmp_path):
    source = tmp_path / "clone"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("LICENSE*"), ROOT / "pyproject.toml"]:
        shutil.copy(path, source)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        str(source),
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(tmp_path),
    ]
    done = subprocess.run(
        [*command, "--no-index", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("trona-*.whl")
    assert wheel.name in (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    held = set(ZipFile(wheel).namelist())
    for package in PACKAGES:
        own = [p for p in (ROOT / package).rglob("*") if p.is_file() and p.suffix in {".py", ".toml"}]
        missing = [str(p.relative_to(ROOT)) for p in own if str(p.relative_to(ROOT)) not in held]
        assert not missing
    assert not [name for name in held if name.startswith(("tests/", "bench/"))]
    (metadata,) = [name for name in held if name.endswith("METADATA")]
    said = ZipFile(wheel).read(metadata).decode()
    assert set(re.findall(r"Provides-Extra: (\w+)", said)) == {"dask"}
