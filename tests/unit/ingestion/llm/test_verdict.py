"""Answers that make no sense are refused, whichever model gave them; the model is chosen by a setting."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pytest_django import Settings

from ingestion.checks import language_model_is_known
from ingestion.llm.errors import NonsenseError, UnknownModelError
from ingestion.llm.selection import language_model
from ingestion.llm.verdict import Verdict, checked


def test_a_sensible_answer_passes_unchanged() -> None:
    verdict = Verdict(summary="All is well.")
    assert checked(verdict) is verdict


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("importance", "extreme", "importance is 'extreme'"),
        ("deadline", datetime(2026, 1, 1), "has no zone"),
        ("summary", "x" * 1001, "summary of 1001 characters"),
        ("labels", tuple("abcdefghijklmnopqrstu"), "21 labels; at most 20"),
    ],
)
def test_nonsense_is_refused_and_worth_another_try(field: str, value: Any, message: str) -> None:
    with pytest.raises(NonsenseError, match=message) as refused:
        checked(Verdict(**{"summary": "", field: value}))
    assert refused.value.permanent is False


def test_the_rules_model_is_the_default_and_names_its_version() -> None:
    assert language_model().name == "rules-1"


def test_an_unknown_model_is_refused_at_check_time_with_the_names_there_are(settings: Settings) -> None:
    settings.DAYBOOK_INGESTION = {"llm_model": "gpt-17"}
    with pytest.raises(UnknownModelError, match="LLM_MODEL is 'gpt-17'; known are: rules") as refused:
        language_model()
    assert refused.value.permanent is True
    assert [error.id for error in language_model_is_known()] == ["ingestion.E001"]
