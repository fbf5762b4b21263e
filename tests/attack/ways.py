"""How a command is started: by which account of this machine, and by which clock. What a machine lacks is left out."""

import os
import random
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.flows.conftest import ROOT

NOBODY = 65534
ACCOUNTS = (65533, 65532)
_UMASKS = (0o002, 0o022, 0o077)
_SHIFTS = ("-3d", "-1h", "-90s", "+20m", "+1d", "+3d")
_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


@dataclass(frozen=True)
class Way:
    """The account (None = ours), the umask and the shift of the clock, as libfaketime writes it ("" = none)."""

    account: int | None = None
    umask: int = 0o002
    shift: str = ""


@dataclass(frozen=True)
class Machine:
    """What this machine can do for an attack: a library that moves clocks, an interpreter that every account can run."""

    clock_library: str = ""
    interpreter: Path | None = None
    libraries: str = ""
    skipped: tuple[str, ...] = ()

    def draw(self, draw: random.Random, *, may_shift: bool = True) -> Way:
        """Our own account and clock, mostly."""
        account = draw.choice(ACCOUNTS) if self.interpreter and draw.random() < 0.12 else None
        shift = draw.choice(_SHIFTS) if self.clock_library and may_shift and draw.random() < 0.12 else ""
        return Way(account, draw.choice(_UMASKS) if account else 0o002, shift)

    def start(
        self, code: list[str], way: Way, *, environment: dict[str, str], folder: Path, log: Path
    ) -> "subprocess.Popen[bytes]":
        """Start Python with these arguments."""
        ours: dict[str, str] = {"FAKETIME": way.shift, "FAKETIME_DONT_FAKE_MONOTONIC": "1"} if way.shift else {}
        ours |= {"LD_PRELOAD": self.clock_library} if way.shift else {}
        options: dict = {"umask": way.umask}
        executable = Path(sys.executable)
        if way.account is not None and self.interpreter is not None:
            executable, options = (
                self.interpreter,
                options
                | {
                    "user": way.account,
                    "group": NOBODY,
                    "extra_groups": [],
                },
            )
            ours |= {"LD_LIBRARY_PATH": self.libraries, "HOME": str(folder)}
        paths = os.pathsep.join([str(ROOT), *site.getsitepackages()])
        with log.open("ab") as file:
            return subprocess.Popen(
                [str(executable), *code],
                env=environment | {"PYTHONPATH": paths} | ours,
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=file,
                start_new_session=True,
                **options,
            )


def look_at_machine(folder: Path) -> Machine:
    """What there is; makes a copy of the interpreter in `folder` where other accounts cannot reach ours."""
    skipped = []
    library = next((str(p) for pattern in _LIBRARIES for p in Path("/").glob(pattern[1:])), "")
    if not library:
        skipped.append("clock jumps: libfaketime is not installed")
    interpreter, libraries = None, ""
    if os.geteuid() == 0:
        interpreter, libraries = _copy_interpreter(folder / "python")
    else:
        skipped.append("two accounts: only root can start a command as another account")
    return Machine(library, interpreter, libraries, tuple(skipped))


@dataclass
class _Left:
    """Names that are no part of an interpreter, or large and of no use to a command."""

    names: frozenset[str] = field(default=frozenset({"test", "site-packages", "__pycache__", "share", "include"}))

    def __call__(self, _: str, names: list[str]) -> set[str]:
        return {name for name in names if name in self.names or name.startswith("config-") or name.endswith(".a")}


def _copy_interpreter(folder: Path) -> tuple[Path, str]:
    shutil.copytree(sys.base_prefix, folder, symlinks=True, ignore=_Left())
    for place in (folder, *folder.parents):
        if place.stat().st_uid == os.getuid() and place != Path(place.anchor):
            place.chmod(place.stat().st_mode | 0o055)
    return folder / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}", str(folder / "lib")
