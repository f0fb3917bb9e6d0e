"""One person with many spellings is one; two people with much in common stay two."""

from __future__ import annotations

import pytest

from ingestion.contact_rules import address_key, fuller_name, is_automated, is_same_person, plain_name

pytestmark = pytest.mark.req("SW-10")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Anna.Keller@X.org", "anna.keller@x.org"),
        ("anna.keller+shop@x.org", "anna.keller@x.org"),
        ("anna.keller+a@googlemail.com", "annakeller@gmail.com"),
        ("+41791234567@x.org", "+41791234567@x.org"),
    ],
)
def test_spellings_of_one_mailbox_have_one_key(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Anna Keller", "anna@x.org"), ("Keller, Anna", "anna@y.org"), True),
        (("", "anna@x.org"), ("Anna", "Anna+news@x.org"), True),
        (("Anna Keller", "anna@x.org"), ("Anna Weber", "anna@y.org"), False),
        (("Anna", "anna@x.org"), ("Anna", "anna@y.org"), False),
        (("Anna Keller", "anna@x.org"), ("Anna Keller", "keller@y.org"), False),
        (("Team Support", "info@x.org"), ("Team Support", "info@y.org"), False),
    ],
)
def test_only_a_full_name_and_the_same_mailbox_name_make_two_addresses_one_person(
    one: tuple[str, str], other: tuple[str, str], same: bool
) -> None:
    for (name, address), (other_name, other_address) in ((one, other), (other, one)):
        found = is_same_person(name=name, address=address, other_name=other_name, other_address=other_address)
        assert found is same


def test_the_fullest_name_is_kept() -> None:
    assert fuller_name("Anna", "Anna Keller") == "Anna Keller"
    assert fuller_name("Anna Keller", "A. Keller") == "Anna Keller"
    assert fuller_name("Anna", "anna@x.org") == "Anna"
    assert plain_name("Keller, Anna (Zürich)") == "anna zürich keller"


def test_machines_are_told_from_people() -> None:
    assert [is_automated(each) for each in ("no-reply@x.org", "noreply+7@x.org", "norah@x.org")] == [True, True, False]
