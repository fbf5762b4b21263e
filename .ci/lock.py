"""Make the two hashed locks from pyproject.toml, or (`--check`) say whether they are those of pyproject.toml."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUN = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]
LOCKS = {"requirements.lock": RUN, "requirements-dev.lock": [*RUN, *PROJECT["dependency-groups"]["dev"]]}
COMPILE = [
    *(
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
    ),
    *("--no-annotate", "--python-version", "3.11", "-"),
]


def main() -> None:
    """Write or check both locks."""
    for name, wanted in LOCKS.items():
        stamp = f"# of pyproject.toml {hashlib.sha256(chr(10).join(sorted(wanted)).encode()).hexdigest()[:16]}\n"
        if "--check" in sys.argv:
            check(ROOT / name, stamp)
        else:
            write(ROOT / name, wanted, stamp)


def write(path: Path, wanted: list[str], stamp: str) -> None:
    """Resolve anew, keeping the versions that still fit; the development lock takes those of the first."""
    command = [*COMPILE, "--output-file", str(path)]
    if path.name != "requirements.lock":
        command += ["--constraint", str(ROOT / "requirements.lock")]
    if path.exists():
        path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    subprocess.run(command, input="\n".join(wanted), text=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    path.write_text(stamp + path.read_text(encoding="utf-8"), encoding="utf-8")


def check(path: Path, stamp: str) -> None:
    """Fail where the lock is not of these dependencies, lacks a hash, or holds an address."""
    text = path.read_text(encoding="utf-8")
    if not text.startswith(stamp):
        sys.exit(f"{path.name} is not of this pyproject.toml: run `make lock`")
    pins = re.findall(r"^[A-Za-z0-9._-]+(?:\[.*\])?==\S+[^\n]*\\\n    --hash=sha256:", text, flags=re.MULTILINE)
    if len(pins) != len(re.findall(r"^[A-Za-z0-9]", text, flags=re.MULTILINE)) or "://" in text:
        sys.exit(f"{path.name} has a line without a hash, or an address: run `make lock`")


main()
