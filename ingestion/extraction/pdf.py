"""Text of PDF files; runs confined."""

from __future__ import annotations

import io

MOST_PAGES = 100


def pdf_text(content: bytes) -> str:
    """Return the text of the first MOST_PAGES pages; unreadable pages are left out.

    Raises:
        ValueError: it is encrypted, or has no text.
    """
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("the PDF is encrypted")
    texts: list[str] = []
    reasons = ["the PDF has no text, perhaps it is a scan"]
    for page in reader.pages[:MOST_PAGES]:
        try:
            texts.append(page.extract_text())
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            reasons.append(str(error) or type(error).__name__)
    text = "\n\n".join(texts).strip()
    if not text:
        raise ValueError(reasons[-1])
    return text
