"""Lets contenders run a part in turns, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bench.contenders import CONTENDERS, Contender
from bench.ground import Ground
from bench.section import Section, Spread, spread, table

Measure = Callable[[Ground, Contender], dict[str, float]]


@dataclass(frozen=True)
class Race:
    """A part in which contenders are compared: what is measured, in which unit, and whether more is better."""

    name: str
    title: str
    unit: str
    measure: Measure
    more_is_better: bool = True

    def run(self, ground: Ground, *, repetitions: int, only: str) -> Section:
        """Measure every contender of this part, all once, then all again; an error is told, and stops no other."""
        entered = [each for each in CONTENDERS if self.name in each.parts and only.lower() in each.name.lower()]
        found: dict[str, list[dict[str, float]]] = defaultdict(list)
        errors: dict[str, str] = {}
        for _ in range(repetitions):
            for contender in entered:
                try:
                    figures = self.measure(ground, contender)
                except (RuntimeError, OSError) as error:
                    errors[contender.name] = str(error)
                    print(f"{self.name}: {contender.name}: {error}", flush=True)
                    continue
                found[contender.name].append(figures)
                print(f"{self.name}: {contender.name}: {figures['value']:,.1f} {self.unit}", flush=True)
        return self._told(entered, found, errors)

    def _told(
        self, entered: list[Contender], found: dict[str, list[dict[str, float]]], errors: dict[str, str]
    ) -> Section:
        spreads = {name: _spreads(samples) for name, samples in found.items()}
        order = sorted(spreads, key=lambda name: spreads[name]["value"].middle, reverse=self.more_is_better)
        keeps = {each.name: each.keeps or "nothing" for each in entered}
        names = [name for name in next(iter(spreads.values()), {}) if name != "value"]
        head = ["contender", self.unit, *(name.replace("_", " ") for name in names), "keeps"]
        rows = [
            [name, str(spreads[name]["value"]), *(str(spreads[name].get(each, "-")) for each in names), keeps[name]]
            for name in order
        ]
        absent = sorted(set(errors) - set(found))
        rows += [[name, "not measured", *("-" for _ in names), keeps[name]] for name in absent]
        figures = {name: {key: vars(value) for key, value in found.items()} for name, found in spreads.items()}
        return Section(self.title, table(head, rows), {"unit": self.unit, "contenders": figures, "errors": errors})


def _spreads(samples: list[dict[str, float]]) -> dict[str, Spread]:
    return {name: spread([sample[name] for sample in samples]) for name in samples[0]}
