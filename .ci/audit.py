"""Ask for known vulnerabilities of the pinned dependencies; what could not be asked about is said, and is no good news.

pip-audit ends well where its service knows a package not at all, as an index of one's own does with all of them: then
nothing was looked at. Exit code 1 where a vulnerability is known, 4 where a package could not be asked about.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from contracts.errors import SourceUnavailable, TronaError  # noqa: E402

LOCK = ROOT / "requirements.lock"
TOOL = [str(Path(sys.executable).parent / "uv"), "tool", "run", "--from", "pip-audit==2.10.1", "pip-audit"]
OPTIONS = [
    "--requirement",
    str(LOCK),
    "--require-hashes",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
]
_NEXT = "run it where PyPI can be reached without an index or proxy that stands before it, or ask for it in CI"


class Vulnerable(TronaError):
    """A pinned dependency has a known vulnerability."""


def main() -> None:
    """Ask, and leave with the exit code of what was found."""
    try:
        ended = subprocess.run([*TOOL, *OPTIONS], capture_output=True, text=True, errors="replace", check=False)
        print(judge(ended.stdout, ended.stderr))  # noqa: T201 - a command
    except TronaError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(int(error.exit_code))


def judge(answer: str, said: str) -> str:
    """What became of the audit, in a line. Raises `Vulnerable`, and `SourceUnavailable` where it could not be done."""
    try:
        asked = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise SourceUnavailable(
            "known vulnerabilities could not be asked for",
            where="pip-audit and its advisory service",
            found=_last_line(said),
            effect="nothing is known about the pinned dependencies, good or bad",
            next=_NEXT,
        ) from None
    wrong = [_describe(one) for one in asked if one.get("vulns")]
    if wrong:
        raise Vulnerable(
            f"{len(wrong)} of the pinned dependencies have known vulnerabilities",
            where=LOCK.name,
            found=wrong,
            effect="an installation from the lock has them",
            next="raise them in pyproject.toml, then `make lock`",
        )
    skipped = [one for one in asked if "skip_reason" in one]
    if skipped:
        raise SourceUnavailable(
            f"{len(skipped)} of {len(asked)} pinned dependencies could not be asked about",
            where="the advisory service of pip-audit",
            found=skipped[0]["skip_reason"],
            effect="nothing is known about these; the others have no known vulnerability",
            next=_NEXT,
        )
    return f"{len(asked)} pinned dependencies, no known vulnerability"


def _describe(one: dict[str, Any]) -> str:
    ids = ", ".join(v["id"] for v in one["vulns"])
    fixed = sorted({version for v in one["vulns"] for version in v.get("fix_versions", ())})
    return f"{one['name']} {one['version']}: {ids}" + (f" (mended in {', '.join(fixed)})" if fixed else "")


def _last_line(said: str) -> str:
    """Of a traceback, its error: the cause stands at its end."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no answer"


if __name__ == "__main__":
    main()
