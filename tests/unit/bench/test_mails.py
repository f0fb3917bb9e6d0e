"""The mails that a benchmark ingests where none can be fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from bench import mails as corpus
from ingestion.mime import parse

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_without_npm_plain_mails_in_chains_of_answers_are_made_and_the_name_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BENCH_MAILS", "12")
    name, contents = corpus.mails()
    assert name == "mails of our own making, since npm fetched none (FileNotFoundError)"
    read = [parse(content, size=len(content), now=NOW) for content in contents]
    assert len({mail.identity for mail in read}) == 12
    assert {mail.problems for mail in read} == {()}


def test_the_mails_that_are_made_are_the_same_every_time_and_answer_one_another() -> None:
    once, again = ([*islice(corpus._made(8), 8)] for _ in range(2))
    assert once == again
    read = [parse(content, size=len(content), now=NOW) for content in once]
    assert [bool(mail.references) for mail in read] == [False, True, True, True] * 2
