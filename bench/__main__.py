"""`python -m bench`: measure the parts that BENCH names (all by default), print each and keep it in docs/."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.ground import Ground
from bench.parts import PARTS


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
            machine = report.machine(ground)
            for part in PARTS:
                if not wanted or part.name in wanted:
                    section = part.run(ground, repetitions=repetitions, only=os.environ.get("BENCH_ONLY", ""))
                    print(f"\n{section.title}\n{section.text}\n", flush=True)
                    report.write(part.name, section, machine)
        finally:
            ground.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
