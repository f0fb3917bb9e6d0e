"""Text of attached files, sound, damaged and hostile."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from docx import Document
from pypdf import PdfWriter
from pypdf.generic import EncodedStreamObject, NameObject

from ingestion.extraction import LONGEST_TEXT, Extracted, extract_text
from ingestion.samples.documents import pdf

PDF = pdf("Invoice 4711")


def word_file() -> bytes:
    document, file = Document(), io.BytesIO()
    document.add_paragraph("Hallo Welt")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Summe", "12 €"
    document.save(file)
    return file.getvalue()


def encrypted_pdf() -> bytes:
    writer, file = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(file)
    return file.getvalue()


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 60_000_000)
    return file.getvalue()


def nested(levels: int) -> bytes:
    """Return a message of multiparts within multiparts."""
    content = b"Content-Type: text/plain\n\nThe core"
    for level in range(levels):
        edge = b"edge%d" % level
        content = b"Content-Type: multipart/mixed; boundary=%b\n\n--%b\n%b\n--%b--\n" % (edge, edge, content, edge)
    return content


@pytest.mark.parametrize(
    ("content", "kind", "name", "text"),
    [
        (b"plain\r\ntext", "text/plain", "a.txt", "plain\ntext"),
        ("Grüße".encode("cp1252"), "text/csv", "", "Grüße"),
        (b"<p>Hallo</p><script>x</script>", "text/html", "", "Hallo"),
        (b"<p>Hallo", "application/octet-stream", "page.HTML", "Hallo"),
        (b"BEGIN:VCALENDAR\r\nSUMMARY:Lunch\r\n", "text/calendar", "", "BEGIN:VCALENDAR\nSUMMARY:Lunch"),
        (nested(5), "message/rfc822", "", "The core"),
        (b"From: A <a@x>\nSubject: in\n\ninner", "message/rfc822", "", "A a@x\nin\n\ninner"),
        (word_file(), "application/octet-stream", "brief.docx", "Hallo Welt\nSumme 12 €"),
        (PDF, "application/pdf", "", "Invoice 4711"),
    ],
)
def test_text_is_found(content: bytes, kind: str, name: str, text: str) -> None:
    assert extract_text(content, content_type=kind, filename=name) == Extracted(text)


@pytest.mark.parametrize(
    ("content", "name", "error"),
    [
        (encrypted_pdf(), "a.pdf", "the PDF is encrypted"),
        (b"%PDF-1.4 junk", "a.pdf", "Stream has ended unexpectedly"),
        (b"PK junk", "a.docx", "it is no Word file (not a zip archive)"),
        (b"<div>" * 50_000 + b"text", "a.html", "it is nested too deeply"),
        (zip_bomb(), "a.docx", "it would unpack to 60000000 bytes in 1 entries"),
        (b"\x78\x9f\x3e\x22", "winmail.dat", "no text is read from application/octet-stream"),
    ],
)
def test_what_cannot_be_read_says_why(content: bytes, name: str, error: str) -> None:
    assert extract_text(content, content_type="application/octet-stream", filename=name) == Extracted(error=error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (nested(200), "parts nested too deeply or too many"),
        (b"Content-Type: message/rfc822\n\n" * 300 + b"text", "RecursionError"),
    ],
    ids=["multiparts", "messages"],
)
def test_messages_within_messages_are_opened_once_and_say_why_there_is_no_text(content: bytes, reason: str) -> None:
    found = extract_text(content, content_type="message/rfc822", filename="")
    assert found.text == ""
    assert reason in found.error


def test_long_text_is_cut_and_says_so() -> None:
    found = extract_text(b"x" * (LONGEST_TEXT + 1), content_type="text/plain", filename="")
    assert len(found.text) == LONGEST_TEXT
    assert found.error == f"text of {LONGEST_TEXT + 1} characters cut at {LONGEST_TEXT}"


def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.extraction.confined.WALL_SECONDS", 0.01)
    found = extract_text(PDF, content_type="application/pdf", filename="")
    assert found == Extracted(error="reading it took longer than 0.01 s")


def test_a_file_that_unpacks_beyond_all_bounds_touches_nothing_else() -> None:
    found = extract_text(pdf_bomb(), content_type="application/pdf", filename="")
    assert found.text == ""
    assert found.error


def pdf_bomb() -> bytes:
    """Return a PDF of 300 kB whose only page is 300 MB of text."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"(x) Tj " * 1_000_000) for _ in range(43)) + packer.flush()
    content = EncodedStreamObject()
    content._data = packed
    content[NameObject("/Filter")] = NameObject("/FlateDecode")
    writer, file = PdfWriter(), io.BytesIO()
    page = writer.add_blank_page(100, 100)
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.write(file)
    return file.getvalue()
