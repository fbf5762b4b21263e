"""Documents of every name are given to a server by paths that are text."""

import os

from flows.cli.printable_paths import use_printable_paths


def test_paths_that_are_text_stay_as_they_are(tmp_path):
    path = tmp_path / "钠电 1.csv"
    path.write_text("a")
    with use_printable_paths([tmp_path]) as paths:
        assert paths == [tmp_path]


def test_others_are_links_with_their_mappings(tmp_path):
    odd = tmp_path / os.fsdecode(b"\xce\xf7.csv")
    for path, text in ((odd, "odd"), (odd.with_name(odd.stem + ".mapping.toml"), "map"), (tmp_path / "z.csv", "plain")):
        path.write_text(text)
    with use_printable_paths([tmp_path]) as paths:
        assert sorted(path.read_text() for path in paths) == ["odd", "plain"]
        (link,) = [path for path in paths if path.read_text() == "odd"]
        assert link.name == "\\xce\\xf7.csv"
        assert link.with_name(link.stem + ".mapping.toml").read_text() == "map"
    assert not any(path.exists() for path in paths)
    assert odd.read_text() == "odd"
