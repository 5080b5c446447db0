"""Cases that take turns (A B C, A B C, …), so that what else the machine does hits all of them, and their table.

A ratio is taken within a round, against the limit that was measured in the same one; what is told is the median of
the rounds, with the least and the greatest beside it. The first round warms up and does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAME = 50


@dataclass
class Table:
    """What was measured of some cases.

    Parameters
    ----------
    title : str
        One line.
    key : str
        For the picture, and for whoever reads the file.
    unit : str
        Of the figures.
    limits : sequence of str
        Cases that the others are divided by, one column each.
    found : mapping
        Figures by case, one a round.
    missing : mapping
        Why a case could not be measured.
    """

    title: str
    key: str
    unit: str = "s"
    limits: tuple[str, ...] = ()
    found: dict[str, list[float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def add(self, case: str, figure: float) -> None:
        """One round's figure."""
        self.found.setdefault(case, []).append(figure)

    def ratio(self, case: str, limit: str) -> list[float]:
        """Round by round."""
        return [one / other for one, other in zip(self.found[case], self.found[limit], strict=False) if other > 0]

    def print(self) -> None:
        """Medians with their spread, and how many times the limits they are."""
        rounds = max((len(figures) for figures in self.found.values()), default=0)
        print(f"\n{self.title} ({rounds} rounds)")
        print(f"{'':<{_NAME}}{'median':>10}  {'least – most':>19}", end="")
        for number in range(len(self.limits)):
            print(f"   {f'/ [{number + 1}]  least – most':>22}", end="")
        print()
        for case, figures in self.found.items():
            mark = f" [{self.limits.index(case) + 1}]" if case in self.limits else ""
            spread = f"{min(figures):.3f} – {max(figures):.3f}"
            print(f"{case + mark:<{_NAME}}{statistics.median(figures):>8.3f} {self.unit:<2}{spread:>18}", end="")
            for limit in self.limits:
                ratios = self.ratio(case, limit)
                text = f"{statistics.median(ratios):.2f}  {min(ratios):.2f} – {max(ratios):.2f}" if ratios else "–"
                print(f"   {text:>22}", end="")
            print()
        for case, why in self.missing.items():
            print(f"{case:<{_NAME}}  not measured: {why}")

    def to_json(self) -> dict[str, Any]:
        """Everything, round by round, with the medians."""
        return {
            "key": self.key,
            "title": self.title,
            "unit": self.unit,
            "cases": {case: _summary(figures) for case, figures in self.found.items()},
            "ratios": {
                limit: {case: _summary(found) for case in self.found if (found := self.ratio(case, limit))}
                for limit in self.limits
            },
            "missing": self.missing,
        }


def _summary(figures: list[float]) -> dict[str, Any]:
    return {"median": statistics.median(figures), "least": min(figures), "most": max(figures), "all": figures}


def turns(cases: Mapping[str, Any], rounds: int, missing: dict[str, str]) -> Iterator[tuple[bool, str, Any]]:
    """``(counts, name, case)`` of all cases, round after round; those that turn out missing are left out."""
    for number in range(rounds + 1):
        for name, case in cases.items():
            if name not in missing:
                yield number > 0, name, case


def parser(doc: str | None, rounds: int) -> argparse.ArgumentParser:
    """What all of these scripts understand."""
    made = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--folder", default=".", help="on the disk that is measured")
    made.add_argument("--json", type=Path, help="add the tables to this file, one a line")
    return made


def report(tables: list[Table], options: argparse.Namespace) -> None:
    """Print them, and write them down when that is asked for."""
    for table in tables:
        table.print()
        if options.json is not None:
            with options.json.open("a", encoding="utf-8") as file:
                file.write(json.dumps(table.to_json()) + "\n")
    if hasattr(os, "getloadavg"):
        minute, five, _ = os.getloadavg()
        print(f"load of the machine, last minute and last five: {minute:.1f}, {five:.1f}")


def attempt(work: Callable[[], Any], name: str, missing: dict[str, str]) -> Any:
    """What ``work`` gives, or None: a peer that is not there, or fails, is one line of a table."""
    try:
        return work()
    except ImportError as error:
        missing[name] = f"not installed ({error})"
    except Exception as error:  # noqa: BLE001 - whatever a peer raises
        missing[name] = f"{type(error).__name__}: {error}".splitlines()[0][:100]
    return None
