"""`python -m bench`: measure the parts that BENCH names (but for the long ones, all), print and keep each."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.ground import Ground
from bench.parts import PARTS, Part


def main() -> int:
    """Measure, print and write; returns the exit status."""
    wanted = [name for name in os.environ.get("BENCH", "").split(",") if name]
    known = [part.name for part in PARTS]
    if unknown := sorted(set(wanted) - set(known)):
        print(f"no part is called {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    repetitions = int(os.environ.get("BENCH_REPETITIONS", "3"))
    with tempfile.TemporaryDirectory(prefix="bench", dir=os.environ.get("BENCH_FOLDER")) as folder:
        Path(folder).chmod(0o755)
        ground = Ground(Path(folder))
        ground.start()
        try:
            chosen = [part for part in PARTS if (part.name in wanted if wanted else part.by_default)]
            failed = [part.name for part in chosen if not _done(part, ground, repetitions)]
        finally:
            ground.stop()
    return 1 if failed else 0


def _done(part: Part, ground: Ground, repetitions: int) -> bool:
    """Measure one part and keep it at once, so that what ends a run later loses nothing; whether it went well."""
    machine = report.machine(ground)
    try:
        section = part.run(ground, repetitions=repetitions, only=os.environ.get("BENCH_ONLY", ""))
    except Exception as error:
        print(f"{part.name}: failed: {error}", file=sys.stderr, flush=True)
        return False
    print(f"\n{section.title}\n{section.text}\n", flush=True)
    report.write(part.name, section, machine)
    return True


if __name__ == "__main__":
    sys.exit(main())
