"""Prompts: every variable is given, nothing else is, and a value is never a prompt."""

from __future__ import annotations

import pytest

from ingestion.llm.errors import PromptError
from ingestion.llm.prompts import prompt_names, render_prompt, variables_of

pytestmark = pytest.mark.req("SW-8")
VALUES = dict.fromkeys(variables_of("classify_mail"), "x")


def test_every_prompt_of_the_project_renders_completely() -> None:
    assert prompt_names() == ["classify_mail", "find_payments", "review_thread", "word_notice"]
    for name in prompt_names():
        text = render_prompt(name, **dict.fromkeys(variables_of(name), "VALUE"))
        assert "{{" not in text
        assert "VALUE" in text


def test_a_missing_variable_is_refused_by_name() -> None:
    given = {name: value for name, value in VALUES.items() if name != "subject"}
    with pytest.raises(PromptError, match=r"misses: subject$"):
        render_prompt("classify_mail", **given)


def test_none_is_no_value() -> None:
    with pytest.raises(PromptError, match=r"misses: text$"):
        render_prompt("classify_mail", **{**VALUES, "text": None})


def test_an_unknown_variable_is_refused_by_name() -> None:
    with pytest.raises(PromptError, match=r"has no: mood$"):
        render_prompt("classify_mail", **VALUES, mood="sunny")


def test_an_unknown_prompt_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(PromptError, match=r"no prompt '\.\./secrets'; there are: classify_mail"):
        render_prompt("../secrets")


def test_braces_in_a_mail_are_text_and_nothing_is_filled_into_them() -> None:
    rendered = render_prompt("classify_mail", **{**VALUES, "text": "{{ sender }}", "sender": "Alex"})
    assert "{{ sender }}" in rendered
    assert rendered.count("Alex") == 1
