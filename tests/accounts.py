"""Acting as another account of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def another_account() -> Iterator[None]:
    """Act as an account that owns nothing; where tests do not run as root, modes hold for us too."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
