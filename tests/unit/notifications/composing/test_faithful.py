"""What a model writes is held against its draft: what is faithful, what is invented, swapped or left out."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.composing.faithful import Source, problems

pytestmark = pytest.mark.req("SW-9")

MAIL = Source(
    title="Important: Contract",
    body=(
        "Priya Nair wrote to you: Contract\nDeadline: 25 November 2026\n\n"
        "The harbour offers CHF 50.00.\n\nAsked of you:\n- Please sign page 7.\n\n"
        "From: priya@harbour.example\nSent: 20 November 2026, 10:15 UTC"
    ),
    language="en",
    freely=("Alex", "Daybook"),
)
FAITHFUL = (
    "Hi Alex,\n\nPriya Nair would like you to look at the Contract; please sign page 7. "
    "Her deadline is 25 November 2026. "
    "The harbour offers CHF 50.00 for it.\n\nFrom: priya@harbour.example\nSent: 20 November 2026, 10:15 UTC"
)
DAY = Source(
    title="Your day: Monday, 23 November 2026",
    body=(
        "On your calendar\n----------------\n- 10:00-11:00 Team (Room 2)\n- 14:00-15:00 Lea Meier\n\n"
        "To be done\n----------\n- Send the contract (by 23 November 2026)"
    ),
    language="en",
    freely=("Kim", "today"),
)
GERMAN = Source(
    title="Dein Tag: Montag, 23. November 2026",
    body=(
        "Im Kalender\n-----------\n- 10:00-11:00 Teamtreffen (Raum 2)\n\nZu erledigen\n------------\n- Vertrag an Priya"
    ),
    language="de",
    freely=("Kim", "heute"),
)
FRENCH = Source(
    title="Échéance : Envoyer le contrat",
    body="Tu as promis : Envoyer le contrat\nÉchéance : 23 novembre 2026, 14:00 CET\nObjet : Port de Bâle",
    language="fr",
    freely=("Zoé",),
)


IN_OTHER_WORDS = [
    (FAITHFUL, MAIL),
    (MAIL.body, MAIL),
    (DAY.body, DAY),
    (GERMAN.body, GERMAN),
    (FRENCH.body, FRENCH),
    (
        """Kim, today begins with the Team from 10:00 to 11:00 in Room 2. Lea Meier follows, 14:00-15:00.

Please don't forget: send the contract by 23 November 2026!""",
        DAY,
    ),
    (
        """Hallo Kim, heute ist das Teamtreffen im Raum 2 der einzige Termin (10:00-11:00 Uhr).
Deine wichtigste Aufgabe: Der Vertrag wartet auf die Zusendung an Priya. Gute Vorbereitung!""",
        GERMAN,
    ),
    (
        """Zoé, n'oublie pas d'envoyer le contrat : l'échéance est le 23 novembre 2026, 14:00 CET.
Il s'agit du Port de Bâle.""",
        FRENCH,
    ),
]


@pytest.mark.parametrize(("text", "source"), IN_OTHER_WORDS)
def test_what_says_the_same_in_other_words_is_faithful(text: str, source: Source) -> None:
    assert problems(text, source) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("CHF 50.00", "CHF 60.00", "invented: chf 60.00"),
        ("CHF 50.00", "CHF 50", "invented: chf 50"),
        ("CHF 50.00", "EUR 50.00", "invented: eur 50.00"),
        ("CHF 50.00", "50.00 €", "invented: 50.00 €"),
        ("CHF 50.00", "fifty francs", "invented: fifty francs"),
        ("page 7", "page ⑧", "invented: 8"),
        ("page 7", "page 7 and page ½", "invented: 1"),
        ("25 November 2026", "26 November 2026", "invented: 26 november 2026"),
        ("25 November 2026", "25 December 2026", "invented: 25 december 2026"),
        ("Her deadline", "Tomorrow her deadline", "invented: tomorrow"),
        ("Her deadline", "Two days are left; her deadline", "invented: two days"),
        ("Her deadline", "Bob says the deadline", "invented: bob"),
        ("Priya Nair would", "Priya Sharma would", "invented: priya sharma"),
        ("Priya Nair would", "Nair Priya would", "invented: nair priya"),
        ("Priya Nair would", "\u0420riya Nair would", "invented: \u0440riya nair"),
        ("harbour offers", "harbour of Basel offers", "invented: basel"),
        ("look at", "look at https://evil.example", "invented: https://evil.example"),
        ("look at", "look at evil.example", "invented: evil.example"),
        ("look at", "call eve@evil.example about", "invented: eve@evil.example"),
        ("look at", "look\u200b at", "odd characters: U+200B"),
        ("look at", "look\u202e at", "odd characters: U+202E"),
        ("25 November 2026", "20 November 2026", "put together anew: 20 november 2026"),
        (" please sign page 7", " please sign it", "left out: 7"),
        ("Priya Nair would", "She would", "left out: nair"),
        ("CHF 50.00", "money", "left out: 50.00"),
        ("look at", "look " * 400 + "at", "characters for"),
    ],
)
def test_what_is_invented_changed_or_left_out_is_found(old: str, new: str, expected: str) -> None:
    changed = FAITHFUL.replace(old, new, 1)
    assert changed != FAITHFUL
    assert expected in "; ".join(problems(changed, MAIL))


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [
        ("Team at 14:00.\nLea Meier at 10:00.", DAY, "put together anew: team, 14:00"),
        ("The Team meets Bob.", DAY, "invented: bob"),
        ("Lea comes on Tuesday.", DAY, "invented: tuesday"),
        ("Das Teamtreffen ist mit Sandra.", GERMAN, "invented: sandra"),
        ("Sandra kommt zum Teamtreffen.", GERMAN, "invented: sandra"),
        ("Der Termin ist morgen.", GERMAN, "invented: morgen"),
        ("Sie erwartet zwei Antworten.", GERMAN, "invented: zwei"),
        ("Envoie-le à Marc.", FRENCH, "invented: marc"),
        ("C'est pour demain.", FRENCH, "invented: demain"),
        ("Il vaut vingt francs.", FRENCH, "invented: vingt francs"),
    ],
)
def test_each_language_knows_its_own_times_amounts_and_names(text: str, source: Source, expected: str) -> None:
    assert expected in problems(text, source)


WORDS = st.text(string.ascii_letters + "äöüéÉÄß0123456789.:-'@€ ", min_size=1, max_size=25).map(str.strip).filter(bool)


@given(
    title=WORDS,
    about=st.lists(WORDS, min_size=1, max_size=3),
    items=st.lists(WORDS, max_size=4),
    language=st.sampled_from(["en", "de", "fr"]),
)
def test_a_draft_is_always_faithful_to_itself(title: str, about: list[str], items: list[str], language: str) -> None:
    body = "\n".join(about) + "\n\n" + "\n".join(f"- {item}" for item in items)
    assert problems(body, Source(title=title, body=body, language=language)) == []


@given(place=st.integers(0, len(FAITHFUL) - 1), digit=st.sampled_from("0123456789"))
def test_a_changed_digit_is_always_found(place: int, digit: str) -> None:
    if FAITHFUL[place].isdigit() and FAITHFUL[place] != digit:
        assert problems(FAITHFUL[:place] + digit + FAITHFUL[place + 1 :], MAIL)
