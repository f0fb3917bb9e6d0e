"""Facts to the variables of prompts; mail is fenced, so that no text in it ends the place it stands in."""

from __future__ import annotations

from ingestion.llm.facts import MailFacts, NoticeFacts, ThreadFacts
from ingestion.llm.review import Aspect, Category

LONGEST_MAIL = 20_000
LONGEST_FILE = 5_000
LONGEST_THREAD = 60_000
LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
TONES = {
    "plain": "plain and to the point, neither greeting nor leave",
    "warm": "warm, by first name, as a friend would",
    "formal": "formal and polite (German Sie, French vous)",
}
DETAILS = {"short": "as short as the facts allow", "full": "complete, in whole sentences"}
LABELS = (
    "invoice, receipt, statement, invitation, travel, shipping, contract, account, appointment, undelivered, "
    "newsletter, security, deadline, answer"
)


def mail_values(mail: MailFacts) -> dict[str, str]:
    """Return the variables of a prompt about one mail."""
    return {
        "sent_at": mail.sent_at.isoformat(),
        "sender": _line(f"{mail.sender_name} <{mail.sender_address}>"),
        "addressed": mail.addressed,
        "subject": _line(mail.subject),
        "headers": _line("; ".join(f"{name}: {value}" for name, value in mail.headers.items())[:2000]) or "none",
        "text": fenced(mail.text[:LONGEST_MAIL]),
        "attachments": fenced("\n\n".join(f"{file.name}:\n{file.text[:LONGEST_FILE]}" for file in mail.attachments))
        or "none",
    }


def thread_values(thread: ThreadFacts, *, aspects: frozenset[Aspect]) -> dict[str, str]:
    """Return the variables of the prompt about a thread."""
    texts: list[str] = []
    left = LONGEST_THREAD
    for mail in reversed(thread.mails):
        who = "the owner" if mail.is_own else f"{mail.sender_name} <{mail.sender_address}>"
        text = f"From: {_line(who)}\nSent: {mail.sent_at.isoformat()}\n\n{mail.text[: min(left, LONGEST_MAIL)]}"
        left -= len(text)
        texts.append(text)
        if left <= 0:
            break
    return {
        "aspects": ", ".join(sorted(aspects)),
        "categories": ", ".join(Category.__args__),  # type: ignore[attr-defined]
        "owner_name": _line(thread.owner_name) or "the owner",
        "subject": _line(thread.subject),
        "mails": fenced("\n\n----\n\n".join(reversed(texts))),
    }


def notice_values(notice: NoticeFacts) -> dict[str, str]:
    """Return the variables of the prompt that words a notice."""
    return {
        "kind": notice.kind.replace("_", " "),
        "language": LANGUAGES[notice.language],
        "tone": TONES[notice.tone],
        "detail": DETAILS[notice.detail],
        "title": _line(notice.title),
        "text": fenced(notice.text),
    }


def fenced(text: str) -> str:
    """Return `text` without what would close a Markdown fence."""
    return text.replace("```", "'''").strip()


def _line(text: str) -> str:
    return " ".join(fenced(text).split())
