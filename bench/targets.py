"""What a part's figures say of Daybook beside its peers, in words: which targets are met, and who is ahead of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

DAYBOOK, PACKED = "Daybook", "Daybook, packed"
BARE, STOCK = "Celery, results ignored", "Celery, django-celery-results"
FASTEST, FASTEST_WITH_HISTORY = "the fastest peer", "the fastest peer with history in a database"

Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Target:
    """What `ours` shall reach: so many times what `against` does, or the bound itself where that is empty."""

    ours: str
    against: str
    bound: float
    key: str = "value"
    at_most: bool = False

    def told(self, figures: Figures, historians: Collection[str]) -> str:
        """Return it in words with its verdict; empty when one of both was not measured."""
        rival = _rival(self.against, figures, historians)
        if self.ours not in figures or (self.against and rival not in figures):
            return ""
        reached = figures[self.ours][self.key] / (figures[rival][self.key] if rival else 1)
        met = reached <= self.bound if self.at_most else reached >= self.bound
        name = f"{self.against} ({rival})" if rival != self.against else rival
        figure = f"{reached:.2f} times {name}" if rival else f"{reached:,.0f}"
        what = f"{self.key} of {self.ours}" if self.key != "value" else self.ours
        bound = f"at {'most' if self.at_most else 'least'} {self.bound:,g}"
        return f"{what}: {figure}; the target is {bound}: {'met' if met else 'missed'}."


THROUGHPUT = (
    Target(DAYBOOK, BARE, 1.0),
    Target("Daybook, 2 solo workers", "Celery, results ignored, 2 solo workers", 1.0),
    Target(DAYBOOK, STOCK, 8.0),
    Target(PACKED, FASTEST, 1.5),
    Target(PACKED, FASTEST_WITH_HISTORY, 10.0),
)
ENQUEUE = (Target(DAYBOOK, BARE, 0.8), Target(PACKED, BARE, 1.5))
BULK = (Target(DAYBOOK, "", 10_000),)
SCALING = (Target("Daybook, 4 workers", DAYBOOK, 3.0),)
LATENCY = (Target(DAYBOOK, BARE, 1.5, key="p95", at_most=True),)
DEPTH = tuple(
    Target(f"{words}, deep table", f"{words}, empty table", bound)
    for words, bound in (("ordinary", 0.9), ("packed", 0.9), ("with guards", 0.85))
)
MEMORY = (Target(DAYBOOK, STOCK, 1.15, at_most=True),)
INGEST = (Target("plain cpu", "", 15, key="p95", at_most=True),)


def sentences(
    targets: Collection[Target], figures: Figures, historians: Collection[str], *, more_is_better: bool
) -> list[str]:
    """Return every target that was measured with its verdict, then who is ahead of Daybook."""
    verdicts = [words for target in targets if (words := target.told(figures, historians))]
    return [*verdicts, *_ahead(figures, more_is_better=more_is_better)]


def _rival(against: str, figures: Figures, historians: Collection[str]) -> str:
    """Return the contender that is meant."""
    peers = [name for name in figures if not name.startswith(DAYBOOK)]
    meant = {FASTEST: peers, FASTEST_WITH_HISTORY: [name for name in peers if name in historians]}.get(against)
    return against if meant is None else max(meant, key=lambda name: figures[name]["value"], default="")


def _ahead(figures: Figures, *, more_is_better: bool) -> Iterator[str]:
    for ours in (DAYBOOK, PACKED):
        if ours not in figures:
            continue
        mine = figures[ours]["value"]
        peers = {name: each["value"] for name, each in figures.items() if not name.startswith(DAYBOOK)}
        factors = {name: value / mine if more_is_better else mine / value for name, value in peers.items()}
        ahead = sorted((name for name in factors if factors[name] > 1), key=lambda name: -factors[name])
        told = ", ".join(f"{name} ({factors[name]:.1f} times)" for name in ahead)
        yield f"Ahead of {ours}: {told or 'none'}."
