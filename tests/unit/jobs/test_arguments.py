"""A job's signature tells which arguments fit it, in words a person can act on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jobs.arguments import check_types, schema_of
from jobs.errors import ArgumentsError


def sync(*, user_id: int, full: bool = False, since: date | None = None) -> None: ...


def awkward(json: str, _private: int = 1, connection: Opaque | None = None, **rest: Any) -> None: ...


def untyped(first, second=2):  # type: ignore[no-untyped-def]
    ...


class Opaque:
    """A type JSON doesn't know."""


def test_the_schema_names_each_argument_with_its_type_and_default() -> None:
    assert schema_of(sync) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["user_id"],
        "properties": {
            "user_id": {"type": "integer"},
            "full": {"type": "boolean", "default": False},
            "since": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
        },
    }


def test_a_job_without_annotations_has_a_schema_that_allows_anything() -> None:
    assert schema_of(untyped) == {
        "type": "object",
        "additionalProperties": False,
        "required": ["first"],
        "properties": {"first": {}, "second": {"default": 2}},
    }


@pytest.mark.parametrize("kwargs", [{"user_id": 7}, {"user_id": 7, "full": True, "since": "2026-03-01"}])
def test_arguments_that_fit_pass(kwargs: dict[str, Any]) -> None:
    check_types(sync, kwargs)


@pytest.mark.parametrize(
    ("kwargs", "complaint"),
    [
        ({}, "user_id is missing"),
        ({"user_id": "7"}, "user_id: input should be a valid integer"),
        ({"user_id": True}, "user_id: input should be a valid integer"),
        ({"user_id": 7, "fulll": True}, "fulll is not an argument of this job"),
        (
            {"full": "yes", "who": 1},
            "user_id is missing; full: input should be a valid boolean; who is not an argument of this job",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_every_reason(kwargs: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ArgumentsError) as refusal:
        check_types(sync, kwargs)
    assert str(refusal.value) == complaint


def test_awkward_names_and_types_do_no_harm() -> None:
    check_types(awkward, {"json": "{}", "_private": 3, "connection": "anything", "more": [1]})
    assert sorted(schema_of(awkward)["properties"]) == ["_private", "connection", "json"]
