"""Text of Word files (Office Open XML); runs confined."""

from __future__ import annotations

import io
import zipfile

LARGEST_UNPACKED = 50_000_000
MOST_ENTRIES = 2_000


def docx_text(content: bytes) -> str:
    """Return paragraphs and tables in order.

    Raises:
        ValueError: it is no Word file, or would unpack to more than LARGEST_UNPACKED bytes.
    """
    from docx import Document
    from docx.table import Table

    _refuse_bombs(content)
    lines: list[str] = []
    for block in Document(io.BytesIO(content)).iter_inner_content():
        if isinstance(block, Table):
            lines += [" ".join(cell.text for cell in row.cells) for row in block.rows]
        else:
            lines.append(block.text)
    return "\n".join(lines).strip()


def _refuse_bombs(content: bytes) -> None:
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile:
        raise ValueError("it is no Word file (not a zip archive)") from None
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > LARGEST_UNPACKED or len(entries) > MOST_ENTRIES:
        message = f"it would unpack to {unpacked} bytes in {len(entries)} entries"
        raise ValueError(message)
