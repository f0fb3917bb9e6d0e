"""A remote language model: renders the prompt, asks, and hands back the typed answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from ingestion.llm.facts import MailFacts, NoticeFacts, ThreadFacts
from ingestion.llm.money import Payments
from ingestion.llm.prompts import render_prompt
from ingestion.llm.protocol import Answer
from ingestion.llm.remote.asking import Prices, Question, ask
from ingestion.llm.remote.endpoint import Endpoint
from ingestion.llm.remote.telling import LABELS, mail_values, notice_values, thread_values
from ingestion.llm.review import Aspect, Review
from ingestion.llm.verdict import Verdict
from ingestion.llm.wording import Wording
from jobs.context import active_run


class RemoteModel:
    """One model of one server."""

    def __init__(self, endpoint: Endpoint, *, price_in: Decimal, price_out: Decimal) -> None:
        self._endpoint = endpoint
        self._prices = Prices(tokens_in=price_in, tokens_out=price_out)
        self.name = f"{endpoint.kind}:{endpoint.name}"[:100]

    def within(self, seconds: float) -> RemoteModel:
        """Return the same model, asked with no more patience than that."""
        endpoint = replace(self._endpoint, timeout_seconds=min(seconds, self._endpoint.timeout_seconds))
        return RemoteModel(endpoint, price_in=self._prices.tokens_in, price_out=self._prices.tokens_out)

    def classify(self, mail: MailFacts) -> Answer[Verdict]:
        """Return what the model makes of the mail."""
        question = _question("classify_mail", {**mail_values(mail), "known_labels": LABELS})
        return ask(self._endpoint, question, Verdict, prices=self._prices)

    def review(self, thread: ThreadFacts, *, aspects: frozenset[Aspect]) -> Answer[Review]:
        """Return what the model makes of the thread."""
        question = _question("review_thread", thread_values(thread, aspects=aspects))
        return ask(self._endpoint, question, Review, prices=self._prices)

    def payments(self, mail: MailFacts) -> Answer[Payments]:
        """Return the payments the model finds."""
        question = _question("find_payments", mail_values(mail))
        return ask(self._endpoint, question, Payments, prices=self._prices)

    def word(self, notice: NoticeFacts) -> Answer[Wording]:
        """Return the model's words for the notice."""
        question = _question("word_notice", notice_values(notice))
        return ask(self._endpoint, question, Wording, prices=self._prices)


def _question(prompt: str, values: dict[str, str]) -> Question:
    run = active_run()
    return Question(prompt=render_prompt(prompt, **values), correlation_id=run.correlation_id if run else "")
