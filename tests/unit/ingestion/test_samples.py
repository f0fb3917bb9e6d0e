"""The sample mailbox: its size and variety, and that rendering it is repeatable."""

from __future__ import annotations

import email
import mailbox
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email import policy
from io import BytesIO
from pathlib import Path

import docx
import pypdf
import pytest

from ingestion.samples import ADDRESS, SampleMessage, corpus, write_sample_mailbox
from ingestion.samples.documents import docx as render_docx
from ingestion.samples.documents import pdf as render_pdf
from ingestion.samples.placeholders import fill_dates
from ingestion.samples.rendering import render

NOW = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)


def by_id(name: str) -> SampleMessage:
    return next(sample for sample in corpus() if sample.id == name)


def message_ids(path: Path) -> list[str]:
    with closing(mailbox.mbox(path)) as messages:
        return sorted(message["Message-ID"] for message in messages)


def test_it_is_a_month_of_a_real_looking_life() -> None:
    labels = [sample.label for sample in corpus()]
    kinds = Counter(file.kind for sample in corpus() for file in sample.attachments)
    replies: Counter[str] = Counter()
    for sample in corpus():
        if sample.reply_to:
            replies[sample.reply_to.rpartition("-")[0]] += 1
    assert len(labels) >= 60
    assert max(replies.values()) + 1 == 8
    assert sum(bool(label.broken) for label in labels) == 2
    assert sum(bool(label.odd) for label in labels) >= 8
    assert sum(label.answer for label in labels) >= 10
    assert sum(bool(label.deadline) for label in labels) >= 10
    assert sum(sample.sent_mail for sample in corpus()) >= 5
    assert set(kinds) == {"pdf", "docx", "ics", "png", "text"}


def test_every_message_is_named_once_and_sent_within_the_last_thirty_days() -> None:
    sent = [sample.sent_at(now=NOW) for sample in corpus()]
    assert len({sample.id for sample in corpus()}) == len(corpus())
    assert NOW - timedelta(days=30) <= min(sent)
    assert max(sent) < NOW


def test_the_same_day_gives_the_same_bytes_and_every_day_the_same_message_ids(tmp_path: Path) -> None:
    count = write_sample_mailbox(tmp_path / "a.mbox", now=NOW)
    write_sample_mailbox(tmp_path / "b.mbox", now=NOW + timedelta(hours=3))
    write_sample_mailbox(tmp_path / "c.mbox", now=NOW + timedelta(days=40))
    assert (tmp_path / "a.mbox").read_bytes() == (tmp_path / "b.mbox").read_bytes()
    assert count == len(corpus())
    wanted = sorted(sample.message_id for sample in corpus())
    assert message_ids(tmp_path / "a.mbox") == message_ids(tmp_path / "c.mbox") == wanted


def test_a_mailbox_appears_whole_and_leaves_no_part_behind(tmp_path: Path) -> None:
    write_sample_mailbox(tmp_path / "deep" / "sample.mbox", now=NOW)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["sample.mbox"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("odd-koi8", "Добрый день, Алекс!"),
        ("odd-gb18030", "样品已经寄出"),
        ("odd-sjis", "ご予約ありがとうございます"),
        ("odd-euro", "Spätburgunder 9,50 €"),
        ("odd-utf7", "Die nächtliche Übertragung"),
        ("noel-4", "Bernard se réjouit déjà"),
    ],
)
def test_text_in_an_honest_charset_reads_as_written(name: str, text: str) -> None:
    message = email.message_from_bytes(render(by_id(name), now=NOW), policy=policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    assert text in body.get_content()


def test_header_words_in_two_charsets_read_as_one_name() -> None:
    message = email.message_from_bytes(render(by_id("odd-folded-subject"), now=NOW), policy=policy.default)
    assert message["Subject"] == "Probenplan für das Frühjahr"
    assert [part.get_filename() for part in message.iter_attachments()] == ["Probenplan Frühjahr (endgültig).txt"]


def test_a_mislabelled_message_keeps_its_bytes() -> None:
    content = render(by_id("odd-mislabelled-1252"), now=NOW)
    assert b'charset="iso-8859-1"' in content
    assert b"done \x96 no surprises" in content


def test_the_broken_messages_keep_their_raw_bytes() -> None:
    content = render(by_id("broken-headers"), now=NOW)
    assert b"From: \x80\x81\x82 <<>>@@" in content
    assert b"Gr\xfc\xdfe \x00 unclosed" in content


def test_documents_open_with_the_libraries_that_will_read_them() -> None:
    page = pypdf.PdfReader(BytesIO(render_pdf("Zähler (neu)\nBetrag 5 €"))).pages[0]
    paragraphs = docx.Document(BytesIO(render_docx("Zähler & mehr\nzwei"))).paragraphs
    assert page.extract_text() == "Zähler (neu)\nBetrag 5 €"
    assert [paragraph.text for paragraph in paragraphs] == ["Zähler & mehr", "zwei"]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("bis {{+17 de}}", "bis 1. April 2026"),
        ("by {{+5 en}} or {{+5 en.us}}", "by 20 March 2026 or March 20, 2026"),
        ("avant le {{+17 fr}}, {{-1 fr.num}}", "avant le 1er avril 2026, 14/03/2026"),
        ("{{+0 iso}} {{+0 de.num}} {{ other }}", "2026-03-15 15.03.2026 {{ other }}"),
    ],
)
def test_dates_are_written_as_people_write_them(text: str, filled: str) -> None:
    assert fill_dates(text, now=NOW) == filled


def test_labelled_deadlines_count_from_the_base_date_or_the_day_of_sending() -> None:
    assert by_id("pilot-8").deadline(now=NOW) == date(2026, 3, 18)
    assert by_id("fuite").deadline(now=NOW) == date(2026, 3, 14)
    assert by_id("noel-5").sent_at(now=NOW).date() == date(2026, 3, 13), "a Friday"
    assert by_id("noel-5").deadline(now=NOW) == date(2026, 3, 20)
    assert by_id("lunch").deadline(now=NOW) is None


def test_own_mails_come_from_the_owner() -> None:
    assert {ADDRESS in sample.sender for sample in corpus() if sample.sent_mail} == {True}
    assert {ADDRESS in sample.sender for sample in corpus() if not sample.sent_mail} == {False}
