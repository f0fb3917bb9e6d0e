"""HTML to the text a reader sees, in time that grows with its length whatever it holds; pure."""

from __future__ import annotations

import re

from ingestion.charsets import storable

LONGEST_HTML = 2_000_000
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def html_text(markup: str) -> str:
    """Return the visible text; tables as lines, because mail uses them for layout.

    Raises:
        ValueError: the parser can make nothing of it, or it is nested too deeply.
    """
    from inscriptis import Inscriptis
    from inscriptis.model.config import ParserConfig
    from lxml import etree, html  # type: ignore[import-untyped]

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(storable(markup)[:LONGEST_HTML].encode(), parser=parser)
    except etree.ParserError:
        return ""  # Nothing but white space and comments.
    except etree.LxmlError as error:
        raise ValueError(str(error)) from None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        # The parser stopped there, and what follows is lost.
        raise ValueError("it is nested too deeply")
    for element in tree.iter("table", "tbody", "thead", "tfoot", "tr"):
        element.tag = "div"
    for cell in tree.iter("td", "th"):
        cell.tag, cell.tail = "span", " " + (cell.tail or "")
    for styled in tree.iter():
        # Margins would become as many blanks and lines as the sender likes.
        style = styled.attrib.pop("style", "")
        if _HIDDEN.search(style):
            styled.set("style", "display: none")
    text = Inscriptis(tree, ParserConfig()).get_text()
    return _BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in text.splitlines())).strip()
