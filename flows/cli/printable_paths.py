"""Paths as text: a server takes no file name that is not UTF-8, so such documents are given by links."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.text import fit_name, print_name


@contextmanager
def use_printable_paths(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """These files and folders, absolute; where the name of a document cannot be printed, links to every document.

    Each link stands with one to the document's mapping in a folder of its own; they are gone afterwards.
    """
    from tasks.intake.documents import find_documents  # noqa: PLC0415 - not needed for --help

    absolute = [path.absolute() for path in paths]
    documents = find_documents(absolute)
    if all(print_name(str(document)) == str(document) for document in documents):
        yield absolute
        return
    with TemporaryDirectory(prefix="trona-names-") as folder:
        yield [_link(document, Path(folder) / str(number)) for number, document in enumerate(documents)]


def _link(document: Path, folder: Path) -> Path:
    from tasks.tables import find_mapping  # noqa: PLC0415 - not needed for --help
    from tasks.tables.mapping import SUFFIX  # noqa: PLC0415

    folder.mkdir()
    link = folder / fit_name(print_name(document.name), beside=SUFFIX)
    link.symlink_to(document)
    if mapping := find_mapping(document):
        link.with_name(link.stem + SUFFIX).symlink_to(mapping)
    return link
