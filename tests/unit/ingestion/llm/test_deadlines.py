"""Deadlines: which dates are deadlines, and which day they name, in three languages."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ingestion.llm.rules.deadlines import find_deadline
from ingestion.llm.rules.languages import ENGLISH, FRENCH, GERMAN, Vocabulary

SENT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("language", "sentence", "when"),
    [
        (ENGLISH, "Please send it by Friday.", date(2026, 11, 20)),
        (ENGLISH, "I need it by Wednesday.", date(2026, 11, 25)),
        (ENGLISH, "Payment is due on 3 December 2026 by bank transfer.", date(2026, 12, 3)),
        (ENGLISH, "Please reply no later than December 3, 2026.", date(2026, 12, 3)),
        (ENGLISH, "Due date: 2026-12-05", date(2026, 12, 5)),
        (ENGLISH, "Deadline: 05/12/2026", date(2026, 12, 5)),
        (ENGLISH, "Reply before 3rd of January", date(2027, 1, 3)),
        (ENGLISH, "We need your answer within 10 days.", date(2026, 11, 28)),
        (ENGLISH, "It must be there by the end of the month", date(2026, 11, 30)),
        (ENGLISH, "by tomorrow at 17:00", datetime(2026, 11, 19, 17, 0, tzinfo=UTC)),
        (ENGLISH, "by Friday at 5 pm", datetime(2026, 11, 20, 17, 0, tzinfo=UTC)),
        (GERMAN, "Bitte überweisen Sie den Betrag bis zum 27.11.2026.", date(2026, 11, 27)),
        (GERMAN, "Sagt mir bitte bis 1. Dezember, mit wie vielen ihr kommt.", date(2026, 12, 1)),
        (GERMAN, "Kündigen Sie spätestens am 3. März 2027.", date(2027, 3, 3)),
        (GERMAN, "Zahlbar bis 05.12.26", date(2026, 12, 5)),
        (GERMAN, "bis Freitag um 12 Uhr", datetime(2026, 11, 20, 12, 0, tzinfo=UTC)),
        (GERMAN, "Die Medien sind am 05.12.2026 fällig.", date(2026, 12, 5)),
        (GERMAN, "Bitte überweisen Sie 64,90 bis zum 27.11.2026", date(2026, 11, 27)),
        (GERMAN, "innerhalb von 14 Tagen", date(2026, 12, 2)),
        (GERMAN, "Wir brauchen es bis Ende der Woche", date(2026, 11, 20)),
        (FRENCH, "Merci de répondre avant le 1er décembre 2026.", date(2026, 12, 1)),
        (FRENCH, "à payer au plus tard le 30 novembre 2026", date(2026, 11, 30)),
        (FRENCH, "avant vendredi", date(2026, 11, 20)),
        (FRENCH, "d'ici le 5 décembre à 18h30", datetime(2026, 12, 5, 18, 30, tzinfo=UTC)),
        (FRENCH, "Date limite de paiement : 15/12/2026", date(2026, 12, 15)),
        (FRENCH, "dans un délai de 8 jours", date(2026, 11, 26)),
    ],
)
def test_a_deadline_is_the_day_that_a_reader_would_name(
    language: Vocabulary, sentence: str, when: date | datetime
) -> None:
    found = find_deadline([sentence], language, sent_at=SENT)
    assert found is not None
    assert found.when == when
    assert found.sentence == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (ENGLISH, "The meeting is on 3 December 2026 at 10:00."),
        (ENGLISH, "It was due on 3 November 2026."),
        (ENGLISH, "See you tomorrow."),
        (ENGLISH, "by the river"),
        (ENGLISH, "Due date: 2026-13-45"),
        (ENGLISH, "Reply by 45 December"),
        (GERMAN, "Der Elternabend findet am 29. November 2026 um 19:30 Uhr statt."),
        (GERMAN, "Bis bald!"),
        (GERMAN, "Geöffnet Montag bis Freitag 8 bis 12 Uhr"),
        (GERMAN, "Urlaub vom 3. bis 5. Dezember"),
        (ENGLISH, "We are open Monday until Friday."),
        (FRENCH, "Fermé du 3 jusqu'au 5 décembre"),
        (FRENCH, "Départ : 29/11/2026 à 06h41"),
        (FRENCH, "Je suis à Fribourg jeudi."),
        (ENGLISH, "valid until 1 January 2099"),
    ],
)
def test_a_date_without_an_obligation_or_already_past_is_no_deadline(language: Vocabulary, sentence: str) -> None:
    assert find_deadline([sentence], language, sent_at=SENT) is None


def test_today_counts_only_where_something_is_asked() -> None:
    asked = "Il faut appeler le plombier aujourd'hui."
    told = "Je suis allé au marché aujourd'hui."
    found = find_deadline([told, asked], FRENCH, sent_at=SENT, requests=[asked])
    assert found is not None
    assert (found.when, found.sentence) == (date(2026, 11, 18), asked)
    assert find_deadline([told], FRENCH, sent_at=SENT) is None


def test_of_two_deadlines_the_earlier_one_counts() -> None:
    sentences = ["The form is due on 10 December 2026.", "Tell me by 1 December 2026."]
    found = find_deadline(sentences, ENGLISH, sent_at=SENT)
    assert found is not None
    assert found.when == date(2026, 12, 1)
