"""Lets contenders run a part in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bench.contenders import CONTENDERS, Contender
from bench.ground import Ground
from bench.section import Section, Spread, chart, spread, table
from bench.targets import Target, sentences

Measure = Callable[[Ground, Contender], dict[str, float]]
MINUTES = 12
_REASON = 160


@dataclass
class _Found:
    """What a race has found so far: samples by contender, and why one failed."""

    samples: dict[str, list[dict[str, float]]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Race:
    """A part in which contenders are compared: what is measured, its share of the time, and whether more is better."""

    name: str
    title: str
    unit: str
    measure: Measure
    share: float
    targets: tuple[Target, ...] = ()
    more_is_better: bool = True
    by_default: bool = True

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure every contender, all once, then all again while there is time; one that fails stops no other."""
        entered = [each for each in _contenders() if self.name in each.parts and _is_named(each.name, only)]
        if not entered:
            raise ValueError(f"BENCH_ONLY names no contender of this part: {only}")
        found, begun = _Found(), time.monotonic()
        for number in range(repetitions):
            if number and not self._has_time(time.monotonic() - begun, rounds=number):
                break
            for contender in entered:
                if contender.name not in found.errors:
                    self._turn(ground, contender, found)
        return self._told(entered, found)

    def _has_time(self, taken: float, *, rounds: int) -> bool:
        """Whether one more round like those before fits into this part's share."""
        seconds = 60 * float(os.environ.get("BENCH_MINUTES", MINUTES)) * self.share
        return taken * (rounds + 1) / rounds <= seconds

    def _turn(self, ground: Ground, contender: Contender, found: _Found) -> None:
        try:
            figures = self.measure(ground, contender)
        except Exception as error:
            print(f"{self.name}: {contender.name}: failed: {error}", flush=True)
            found.errors[contender.name] = _reason(error)
            return
        found.samples[contender.name].append(figures)
        print(f"{self.name}: {contender.name}: {figures['value']:,.1f} {self.unit}", flush=True)

    def _told(self, entered: list[Contender], found: _Found) -> Section:
        spreads = {name: _spreads(samples) for name, samples in found.samples.items()}
        order = sorted(spreads, key=lambda name: spreads[name]["value"].middle, reverse=self.more_is_better)
        keeps = {each.name: each.keeps or "nothing" for each in entered}
        names = [name for name in next(iter(spreads.values()), {}) if name != "value"]
        head = ["contender", self.unit, *(name.replace("_", " ") for name in names), "keeps"]
        rows = [[name, *(str(spreads[name][each]) for each in ("value", *names)), keeps[name]] for name in order]
        absent = [name for name in found.errors if name not in spreads]
        rows += [[name, "failed", *("-" for _ in names), keeps[name]] for name in absent]
        middles = {name: {key: value.middle for key, value in each.items()} for name, each in spreads.items()}
        historians = {each.name for each in entered if each.ended_sql}
        said = sentences(self.targets, middles, historians, more_is_better=self.more_is_better)
        said += [f"{name} failed: {reason}" for name, reason in found.errors.items()]
        rounds = max(map(len, found.samples.values()), default=0)
        drawn = [chart(self.unit, {name: middles[name]["value"] for name in order}), ""] if order else []
        told = [table(head, rows), "", f"Repetitions: {rounds}.", "", *drawn, *(f"- {words}" for words in said)]
        figures = {name: {key: vars(value) for key, value in each.items()} for name, each in spreads.items()}
        return Section(self.title, "\n".join(told), {"unit": self.unit, "contenders": figures, "errors": found.errors})


def _contenders() -> list[Contender]:
    """Return all, with no more jobs each than BENCH_JOBS allows."""
    most = int(os.environ.get("BENCH_JOBS", "1000000"))
    return [replace(each, jobs=min(each.jobs, most)) for each in CONTENDERS]


def _is_named(name: str, only: str) -> bool:
    """Whether one of the words in `only`, split by commas, is part of the name; all are where there is none."""
    return any(word.strip().lower() in name.lower() for word in only.split(","))


def _reason(error: Exception) -> str:
    """Return the error's first line, fit for a cell or a list."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:_REASON].replace("|", "/")


def _spreads(samples: list[dict[str, float]]) -> dict[str, Spread]:
    return {name: spread([sample[name] for sample in samples]) for name in samples[0]}
