"""What a mail says itself, without the mails it quotes and its signature; pure, in bounded time."""

from __future__ import annotations

import re

# mail-parser-reply's patterns take time to the fourth power of a line's length (504 s for one line of 13 kB):
# longer lines than any "On ... wrote:" are hidden from it, and it sees no more than a reader would.
LONGEST_LINE = 200
LONGEST_TEXT = 20_000
_LANGUAGES = ["en", "de", "fr", "it"]
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")
_MANY_LINES = re.compile(r"\n{3,}")


def reply_text(text: str) -> str:
    """Return the newest part of `text`; all of it when there is nothing but quotes."""
    from mailparser_reply.parser import EmailMessage

    whole = text.translate({0xE000: None, 0xE001: None}).strip()
    masked, hidden = _masked(_MANY_LINES.sub("\n\n", whole[:LONGEST_TEXT]))
    parsed = EmailMessage(text=masked, languages=list(_LANGUAGES), keep_hyphen_lists=True).read()
    newest = parsed.replies[0].body if parsed.replies else masked
    if len(parsed.replies) == 1 and len(whole) > LONGEST_TEXT:
        hidden.append(whole[LONGEST_TEXT:])
        newest += _MARK.format(len(hidden) - 1)
    unquoted = "\n".join(line for line in newest.splitlines() if not line.lstrip().startswith(">"))
    return _MARKED.sub(lambda mark: hidden[int(mark[1])], unquoted).strip() or whole


def _masked(text: str) -> tuple[str, list[str]]:
    hidden: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if len(line) > LONGEST_LINE:
            lines[number] = _MARK.format(len(hidden))
            hidden.append(line)
    return "\n".join(lines), hidden
