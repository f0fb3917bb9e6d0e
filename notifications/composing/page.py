"""Makes an HTML mail of a plain-text notice, so that both say the same; everything is escaped, nothing is fetched.

Known are: paragraphs, lists ("- "), headings (a line over dashes), a bold word before a colon, and links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

UNDERLINE = re.compile(r"-{3,}|={3,}")
LABEL = re.compile(r"(\w{2,20})( ?): (.+)")
ADDRESS = re.compile(r"(https?://[^\s<>\"']+[^\s<>\"'.,;:!?)])")
LINK = '<a href="{}" style="color:#0b6b61;">{}</a>'
BULLET = "- "


def page_of(title: str, body: str, *, language: str = "en") -> str:
    """Return the notice as a page with inline styles that mail programs keep, light and dark."""
    facts = {"title": title, "blocks": list(_blocks(body)), "language": language, "preview": body[:120]}
    return render_to_string("notifications/mail.html", facts)


def _blocks(body: str) -> Iterator[dict[str, object]]:
    lines: list[str] = []
    source = body.splitlines()
    for number, line in enumerate(source):
        if UNDERLINE.fullmatch(line.strip()) and lines:
            heading = lines.pop()
            yield from _block(lines)
            yield {"kind": "heading", "lines": [_inline(heading)]}
            lines = []
        elif not line.strip():
            yield from _block(lines)
            lines = []
        else:
            is_switch = bool(lines) and line.startswith(BULLET) != lines[-1].startswith(BULLET)
            if is_switch and not _continues(source, number):
                yield from _block(lines)
                lines = []
            lines.append(line)
    yield from _block(lines)


def _continues(source: list[str], number: int) -> bool:
    """Whether an indented line goes on with the list item above it."""
    return source[number].startswith("  ")


def _block(lines: list[str]) -> Iterator[dict[str, object]]:
    if not lines:
        return
    if lines[0].startswith(BULLET):
        yield {"kind": "list", "lines": [_item(item) for item in _items(lines)]}
    else:
        yield {"kind": "paragraph", "lines": [_inline(line) for line in lines]}


def _items(lines: list[str]) -> Iterator[list[str]]:
    item: list[str] = []
    for line in lines:
        if line.startswith(BULLET) and item:
            yield item
            item = []
        item.append(line.removeprefix(BULLET).strip())
    yield item


def _item(lines: list[str]) -> SafeString:
    first, rest = _linked(lines[0]), [_linked(line) for line in lines[1:]]
    return mark_safe("<br>".join([first, *rest]))  # noqa: S308 - each line is escaped


def _inline(line: str) -> SafeString:
    if label := LABEL.fullmatch(line.strip()):
        return format_html("<strong>{}{}:</strong> {}", label[1], label[2], _linked(label[3]))
    return _linked(line)


def _linked(text: str) -> SafeString:
    parts = ((LINK if number % 2 else "{}", part) for number, part in enumerate(ADDRESS.split(text)))
    return mark_safe("".join(format_html(shape, part, part) for shape, part in parts))  # noqa: S308 - escaped
