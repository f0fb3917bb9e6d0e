"""Bars of what ended over time, as SVG: colours come from the stylesheet, so that both themes fit; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, GAP = 600, 120, 2


@dataclass(frozen=True)
class Bar:
    """One step of time: what to say of it, and how many of each kind."""

    label: str
    succeeded: int
    failed: int
    others: int


def chart(bars: Sequence[Bar], *, title: str) -> SafeString:
    """Return the bars, stacked: failed below, so that few of them are seen."""
    most = max((bar.succeeded + bar.failed + bar.others for bar in bars), default=0)
    step = WIDTH / max(len(bars), 1)
    columns = format_html_join(
        "", "<g><title>{}</title>{}</g>", (_column(bar, n * step, step, most) for n, bar in enumerate(bars))
    )
    return format_html(
        '<svg class="daybook-chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        WIDTH,
        HEIGHT,
        title,
        columns,
    )


def _column(bar: Bar, left: float, step: float, most: int) -> tuple[str, SafeString]:
    parts, bottom = [], float(HEIGHT)
    for kind, count in (("bad", bar.failed), ("quiet", bar.others), ("good", bar.succeeded)):
        # One failure among thousands is seen all the same.
        height = max(2.0, count / most * (HEIGHT - 4)) if count else 0.0
        bottom -= height
        if count:
            parts.append(
                (kind, f"{left + GAP / 2:.1f}", f"{bottom:.1f}", f"{max(step - GAP, 0.5):.1f}", f"{height:.1f}")
            )
    told = f"{bar.label}: {bar.succeeded} succeeded, {bar.failed} failed, {bar.others} others"
    return told, format_html_join("", '<rect class="daybook-{}" x="{}" y="{}" width="{}" height="{}"/>', parts)
