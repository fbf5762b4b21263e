"""`.ci/dependencies.py` tells a licence that needs a reason from one that does not."""

import importlib.util
from email.message import Message
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("dependencies", Path(__file__).parents[1] / ".ci" / "dependencies.py")
dependencies = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(dependencies)


@pytest.mark.parametrize(
    ("licence", "permitted"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", True),
        ("BSD, Apache-2.0", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND LGPL-2.1-only", False),
        ("MIT, GNU General Public License (GPL)", False),
        ("AGPL-3.0-only OR Elastic-2.0", False),
        ("", False),
    ],
)
def test_what_is_permitted(licence, permitted):
    assert dependencies.is_permitted(licence) is permitted


class Package:
    def __init__(self, *fields):
        self.metadata = Message()
        for name, value in fields:
            self.metadata[name] = value


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ([("License-Expression", "MIT OR Apache-2.0"), ("License", "GPL")], "MIT OR Apache-2.0"),
        ([("License", "BSD-3-Clause"), ("Classifier", "License :: OSI Approved :: BSD License")], "BSD-3-Clause"),
        ([("License", "Copyright (c) 2025"), ("Classifier", "License :: OSI Approved :: MIT License")], "MIT"),
        ([("License", "MIT"), ("Classifier", "License :: OSI Approved :: GNU Affero v3")], "GNU Affero v3"),
        ([("License", "GPLv3")], "GPLv3"),
        ([], ""),
    ],
)
def test_where_the_licence_stands(fields, licence):
    assert dependencies.name_licence(Package(*fields)) == licence


def test_a_licence_without_a_reason_ends_the_check():
    pinned = {"text-unidecode": Package(("License", "GPLv2")), "other": Package(("License", "GPLv3"))}
    with pytest.raises(SystemExit, match="other: licence GPLv3 needs a reason"):
        dependencies.refuse([], pinned)
