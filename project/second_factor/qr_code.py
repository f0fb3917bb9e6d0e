"""A text as a QR code: inline SVG, dark on light in both themes, since that is what cameras read."""

from __future__ import annotations

import segno
from django.utils.safestring import SafeString


def qr_code(text: str) -> SafeString:
    """Return the SVG; it holds numbers and names of colours only, so that there is nothing to escape."""
    code = segno.make(text, error="m", micro=False)
    return SafeString(
        code.svg_inline(scale=4, border=4, light="#fff", omitsize=True, svgclass="daybook-qr", lineclass=None)
    )
