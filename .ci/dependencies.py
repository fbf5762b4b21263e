"""Write docs/dependencies.md from what is installed, or (`--check`) say whether it and the licences are in order.

A licence is permitted where one of its alternatives (`OR`) is made of nothing but `PERMITTED` parts (`AND`). What is
not permitted needs a reason in `REASONS`; a reason that is no longer needed is refused too. Sizes are those of the
machine that wrote the page: they are not checked.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = ROOT / "docs" / "dependencies.md"
PERMITTED = {
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT"),
    *("MIT-0", "MPL-1.1", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib"),
}
REASONS = {
    "text-unidecode": "dual-licensed, taken under the Artistic License; python-slugify of prefect brings it",
    "pillow": "MIT-CMU is its own name for the HPND licence",
}
PURPOSES = {
    "prefect": "runs the flows: retries, schedules, the page of runs, the service of `trona up`",
    "fastapi": "held below a version with which Prefect's server does not start; the door of the service",
    "sqlalchemy": "held below a version with which Prefect's schedules do not fire",
    "polars": "every table and computation",
    "pandera": "the contracts of tables",
    "pyarrow": "what Delta commits are handed over as",
    "deltalake": "the lake: Delta tables",
    "cyclopts": "the command line",
    "rich": "tables and colours in a terminal",
    "obstore": "documents in an object store",
    "xlsxwriter": "`trona export`",
    "pypdf": "reviews in PDF, also encrypted ones",
    "python-docx": "reviews in Word",
    "trafilatura": "the text of reviews in HTML",
    "charset-normalizer": "the encoding of text files that do not say it",
    "slack-sdk": "messages to Slack",
    "jinja2": "messages and the pages of `trona page`",
    "vl-convert-python": "the pictures of the page, as SVG and PNG",
    "pillow": "the picture in e-mails: few colours, few bytes",
    "httpx": "webhooks, and talking to the Prefect server",
    "idna": "mail addresses at international domains",
    "watchfiles": "the inbox: what lands is seen at once",
    "chinesecalendar": "working days of China",
    "tzdata": "time zones where the system has none",
    "scipy": "exact distributions of the track record",
}
# what metadata of old say in words, and what it is called today
WORDS = {
    r"\bMIT\b": "MIT",
    r"BSD-2|2-Clause": "BSD-2-Clause",
    r"BSD-3|3-Clause": "BSD-3-Clause",
    r"\bBSD\b": "BSD",
    r"Apache": "Apache-2.0",
    r"\bISC\b": "ISC",
    r"Mozilla|MPL": "MPL-2.0",
    r"Python Software Foundation|PSF": "PSF-2.0",
}
HEAD = """# Dependencies

What a default installation brings, made from the installed packages by `.ci/dependencies.py`; `make check` compares the
names and licences, and refuses a licence beyond {permitted} without a reason
written there. `make audit` asks PyPI for known vulnerabilities of the pinned versions; it needs the network.

`own` is the size of the package in MB on Linux, `alone` of all that would go with it: 0 where others need it too.

| package | what for | licence | own | alone |
|---|---|---|---:|---:|
"""


def main() -> None:
    """Write or check the page; leave with a reason where a licence needs one."""
    pinned = {name: found for name in list_pinned() if (found := find(name)) is not None}
    direct = [canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]]
    refuse(direct, pinned)
    page = write_page(direct, pinned)
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.exists() or without_sizes(PAGE.read_text(encoding="utf-8")) != without_sizes(page):
        sys.exit("docs/dependencies.md is not what is installed: run `make docs`")


def list_pinned() -> list[str]:
    """Names of the lock that this platform and Python install."""
    lines = re.findall(r"^[A-Za-z0-9][^\\\n]*", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [Requirement(line.strip()) for line in lines]
    return sorted({canonicalize_name(w.name) for w in wanted if w.marker is None or w.marker.evaluate()})


def find(name: str) -> Distribution | None:
    """The installed package; None where only another one's marker wants it."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def refuse(direct: list[str], pinned: dict[str, Distribution]) -> None:
    """Leave with what is wrong: no purpose, no licence, a licence without a reason, a reason without need."""
    wrong = [f"{name} is not installed: run `make dev`" for name in list_pinned() if name not in pinned]
    wrong += [f"{name}: say in .ci/dependencies.py what it is for" for name in direct if name not in PURPOSES]
    wrong += [f"{name} is no dependency any more: take its purpose out" for name in PURPOSES if name not in direct]
    for name, found in pinned.items():
        licence = name_licence(found)
        if not is_permitted(licence) and name not in REASONS:
            wrong.append(f"{name}: licence {licence or 'none stated'} needs a reason in .ci/dependencies.py")
        if is_permitted(licence) and name in REASONS:
            wrong.append(f"{name}: licence {licence} needs no reason: take it out")
    wrong += [f"{name} has a reason but is not pinned: take it out" for name in REASONS if name not in pinned]
    if wrong:
        sys.exit("\n".join(wrong))


def name_licence(found: Distribution) -> str:
    """The licence as an SPDX expression, from whichever field of the metadata states it."""
    metadata = found.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classed = [str(c).rpartition("::")[2].strip() for c in metadata.get_all("Classifier", []) if "License ::" in str(c)]
    stated = str(metadata.get("License") or "").strip().partition("\n")[0]
    named = [_translate(text) for text in (classed or [stated]) if text]
    exact = _translate(stated)
    return exact if named == ["BSD"] and exact in PERMITTED else ", ".join(dict.fromkeys(named))


def _translate(text: str) -> str:
    if text in PERMITTED or " OR " in text:
        return text
    return next((name for words, name in WORDS.items() if re.search(words, text)), text)


def is_permitted(licence: str) -> bool:
    """Whether one alternative of each part of the expression is permitted; classifiers count as parts."""
    parts = re.split(r",\s+|\s+AND\s+(?![^(]*\))", licence)
    return all(any(one.strip(" ()") in PERMITTED for one in re.split(r"\s+OR\s+", part)) for part in parts)


def write_page(direct: list[str], pinned: dict[str, Distribution]) -> str:
    """The page: what is asked for by itself, then what comes with it, and the reasons."""
    sizes = {name: size_of(found) for name, found in pinned.items()}
    permitted = "MIT, BSD, Apache, ISC, PSF, MPL and their like"
    lines = [
        f"| {name} | {PURPOSES[name]} | {name_licence(pinned[name])} | {sizes[name]:.1f} | "
        f"{sum(sizes[other] for other in goes_with(name, direct, pinned)):.1f} |\n"
        for name in sorted(direct)
    ]
    brought = [f"{name} ({name_licence(found)})" for name, found in pinned.items() if name not in direct]
    reasons = [f"- {name}, {name_licence(pinned[name])}: {reason}\n" for name, reason in REASONS.items()]
    total = f"\nTogether {len(pinned)} packages, {sum(sizes.values()):.0f} MB.\n"
    return "".join(
        [
            HEAD.format(permitted=permitted),
            *lines,
            total,
            "\n## Licences with a reason\n\n",
            *reasons,
            "\n## What they bring\n\n",
            ", ".join(brought),
            "\n",
        ]
    )


def size_of(found: Distribution) -> float:
    """Megabytes of the package's files."""
    paths = [Path(str(file.locate())) for file in found.files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def goes_with(name: str, direct: list[str], pinned: dict[str, Distribution]) -> set[str]:
    """What nothing else of the installation needs, itself among it."""
    return reach([name], pinned) - reach([other for other in direct if other != name], pinned)


def reach(names: list[str], pinned: dict[str, Distribution]) -> set[str]:
    """These direct dependencies and all that they need, directly or not."""
    asked = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    waiting = [wanted for wanted in asked if canonicalize_name(wanted.name) in names]
    seen: set[str] = set()
    met: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if name in pinned and (name, extras) not in met:
            met.add((name, extras))
            seen.add(name)
            waiting += needs(pinned[name], extras)
    return seen


def needs(found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package needs here, with these of its extras."""
    for line in found.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield wanted


def without_sizes(page: str) -> str:
    """The page without what differs from machine to machine: sizes, and what only some platforms or Pythons need."""
    kept = re.sub(r"\| [\d.]+ \| [\d.]+ \|", "|", page)
    return re.sub(r"Together .* MB\.|(?s:## What they bring.*)", "", kept)


if __name__ == "__main__":
    main()
