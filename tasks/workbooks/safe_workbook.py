"""A workbook whose texts are texts: nothing in it becomes a formula or a link, whatever a document says."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

_PLAIN = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


def make_workbook(fill: "Callable[[Workbook], None]", **options: Any) -> memoryview:
    """The bytes of the workbook that `fill` fills. Raises `OSError` where the disk for temporary files is full."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - only what writes a workbook pays for it
    from xlsxwriter.exceptions import FileCreateError  # noqa: PLC0415

    content = io.BytesIO()  # an archive that a full disk cut off would complain once more when it is let go
    try:
        with Workbook(content, {**_PLAIN, **options}) as workbook:
            fill(workbook)
    except FileCreateError as error:  # the library's word for an error of the disk
        raise error.args[0] from error
    return content.getbuffer()
