"""Arguments as they travel and rest: checked, sealed, masked, and read back as they were."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import ArgumentsError
from jobs.registry import problem_of_call
from jobs.task import Job
from jobs.wire import MASK, SEALED, WireField, by_name, check_size, digest, dumps, masked, seal, shown, unseal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: not key.startswith("__")), inner),
)


Call = tuple[list[Any], dict[str, Any]]
CALLS: list[Call] = [
    (["a@b.c", "123456"], {}),
    (["a@b.c"], {"code": "123456"}),
    ([], {"address": "a@b.c", "code": "123456"}),
]


def send_code(address: str, code: str, *, again: bool = False) -> None: ...


@given(JSON)
def test_any_json_value_comes_back_from_the_database_as_it_was(value: Any) -> None:
    field = WireField()
    assert field.from_db_value(field.get_prep_value(value)) == value


@pytest.mark.parametrize(
    "value", [datetime(2025, 1, 1, 12, tzinfo=UTC), Decimal("1.10"), UUID(int=7), {"nested": [Decimal(2)]}]
)
def test_what_celerys_json_knows_comes_back_with_its_type(value: Any) -> None:
    field = WireField()
    assert field.from_db_value(field.get_prep_value(value)) == value


@pytest.mark.parametrize(
    "value", [object(), {1, 2}.__iter__(), b"\xff".__class__, lambda: None, float("nan"), float("inf")]
)
def test_what_json_cannot_carry_is_refused_with_a_clear_error(value: Any) -> None:
    with pytest.raises(ArgumentsError, match="not JSON"):
        dumps([value])


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ArgumentsError, match="not JSON"):
        dumps(loop)


@pytest.mark.parametrize(
    ("args", "kwargs", "said"),
    [
        ([], {}, "missing"),
        (["a"], {}, "missing"),
        (["a", "b", "c"], {}, "positional"),
        (["a"], {"address": "b", "code": "1"}, "multiple values"),
        (["a", "b"], {"agian": True}, "agian"),
    ],
)
def test_the_problem_of_a_call_that_does_not_fit_is_told(args: list[Any], kwargs: dict[str, Any], said: str) -> None:
    declared = cast("Job", SimpleNamespace(typing=True, __header__=send_code))
    assert said in problem_of_call(declared, args, kwargs)


def test_arguments_over_the_limit_are_refused_with_both_sizes() -> None:
    check_size(["a", "b" * 900], {}, most_bytes=1000)
    with pytest.raises(ArgumentsError, match=r"arguments are 10\d\d bytes, more than the 1000 allowed"):
        check_size(["a", "b" * 1000], {}, most_bytes=1000)


@pytest.mark.parametrize(
    "call", [(["a@b.c", "123456"], {}), (["a@b.c"], {"code": "123456"}), ([], {"address": "a@b.c", "code": "123456"})]
)
@pytest.mark.req("AQ-2")
def test_a_sensitive_argument_is_sealed_wherever_it_stands_and_comes_back(
    call: tuple[list[Any], dict[str, Any]],
) -> None:
    args, kwargs = seal(*call, names=("code",), function=send_code)
    text = dumps([args, kwargs])
    assert "123456" not in text
    assert text.count(SEALED) == 1
    assert "a@b.c" in text
    assert (unseal(args), unseal(kwargs)) == call


@pytest.mark.req("AQ-2")
def test_what_is_sealed_already_is_not_sealed_twice() -> None:
    once = seal(["a", "1"], {}, names=("code",), function=send_code)
    assert seal(*once, names=("code",), function=send_code) == once


@given(JSON)
def test_any_json_value_can_be_sealed_and_unsealed(value: Any) -> None:
    args, _ = seal(["a", value], {}, names=("code",), function=send_code)
    assert unseal(args) == ["a", value]


@pytest.mark.req("AQ-2")
def test_secrets_are_masked_at_any_depth_when_shown() -> None:
    args, _ = seal(["a", "123456"], {}, names=("code",), function=send_code)
    value = {
        "user": 7,
        "API_KEY": "k",
        "nested": [{"Password": ["p"], "access_token": {"x": 1}, "note": "n"}],
        "call": args,
    }
    assert masked(value) == {
        "user": 7,
        "API_KEY": MASK,
        "nested": [{"Password": MASK, "access_token": MASK, "note": "n"}],
        "call": ["a", MASK],
    }
    assert "123456" not in shown(args)
    assert json.loads(shown(args)) == ["a", MASK]


def test_arguments_by_name_have_the_defaults_filled_in() -> None:
    assert by_name(send_code, ["a"], {"code": "1"}) == {"address": "a", "code": "1", "again": False}
    assert by_name(send_code, ["a", "b", "c", "d"], {"x": 1}) == {"x": 1}


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=5))
def test_a_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert digest(value) == digest(backwards)
    assert digest(value) != digest({**value, "another": 1, "one": 2})
