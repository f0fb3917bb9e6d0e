"""The confined process: reads a file from stdin, answers {"text", "error"} in JSON on stdout; see confined.py."""

from __future__ import annotations

import json
import logging
import resource
import sys

from ingestion.charsets import storable
from ingestion.extraction.docx import docx_text
from ingestion.extraction.pdf import pdf_text

CPU_SECONDS = 15
MEMORY_BYTES = 1_000_000_000
_MOST_CHARACTERS = 1_000_000
_READERS = {"pdf": pdf_text, "docx": docx_text}


def main(reader: str) -> None:
    """Answer for the file on stdin."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    logging.disable(logging.CRITICAL)
    text = error = ""
    try:
        text = storable(_READERS[reader](sys.stdin.buffer.read()))[:_MOST_CHARACTERS]
    # The libraries raise whatever a damaged file brings them to; all of it means "not readable".
    except Exception as raised:
        error = storable(str(raised) or type(raised).__name__)[:300]
    sys.stdout.write(json.dumps({"text": text, "error": error}))


if __name__ == "__main__":
    main(sys.argv[1])
