"""Bytes to storable text whatever charset was declared, rightly, wrongly or not at all; pure."""

from __future__ import annotations

import codecs
import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# Names found in real mail, read as browsers read them (WHATWG Encoding Standard): supersets, and common misnomers.
_ALIASES = {
    "ansi_x3.4-1968": "cp1252",
    "ascii": "cp1252",
    "big5": "big5hkscs",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "shift_jis": "cp932",
    "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7",
    "us-ascii": "cp1252",
    "utf8": "utf-8",
    "x-sjis": "cp932",
}
# Python codecs that are no charsets of mail; some take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"})
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(content: bytes, declared: str | None) -> tuple[str, str]:
    """Return storable text, and what was wrong with the declared charset ("" if nothing)."""
    name = _ALIASES.get(_normalised(declared), _normalised(declared))
    known = _is_known(name)
    for charset in _candidates(name if known else ""):
        text = _strictly(content, charset)
        if text is not None:
            return storable(text), _complaint(declared, name, charset, content)
    return storable(
        content.decode("cp1252", "replace")
    ), f"charset {_shown(declared)} doesn't fit: parts are unreadable"


def storable(text: str) -> str:
    """Return `text` as any database takes it: no NUL, no lone surrogates, line ends as single newlines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _LONE_SURROGATES.sub(REPLACEMENT, text)


def _candidates(name: str) -> list[str]:
    # Bytes that are valid UTF-8 beyond ASCII are UTF-8, whatever single-byte charset was declared.
    if name in {"", "cp1252"}:
        return ["utf-8", "cp1252"]
    return [name, "utf-8", "cp1252"]


def _strictly(content: bytes, charset: str) -> str | None:
    try:
        text = content.decode(charset)
    except (UnicodeError, ValueError):
        return None
    return text.removeprefix("\ufeff")


def _normalised(declared: str | None) -> str:
    return (declared or "").strip(" \t\r\n\"'").lower()[:60]


def _is_known(name: str) -> bool:
    try:
        codec = codecs.lookup(name) if name and name.isascii() and "\x00" not in name else None
    except LookupError:
        return False
    # Codecs such as zip or hex turn bytes into bytes; only this private flag tells them from charsets.
    return codec is not None and codec._is_text_encoding and codec.name.replace("-", "_") not in _REFUSED  # noqa: SLF001


def _complaint(declared: str | None, name: str, used: str, content: bytes) -> str:
    if content.isascii() or not name:
        return ""
    if used == name or (name == "cp1252" and used == "utf-8"):
        return ""
    return f"charset {_shown(declared)} doesn't fit: read as {used}"


def _shown(declared: str | None) -> str:
    return storable(repr(declared[:40])) if declared else "(none declared)"
