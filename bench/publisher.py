"""Enqueues a peer's jobs in the peer's own environment: `python -m bench.publisher MODULE VERB [KIND COUNT [GAP]]`.

Prints one JSON object. Verbs: prepare, one (by one), many (in bulk) and timed (one every GAP seconds).
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import sys
import time
from typing import Any

WARM = 20
BULK = 1000


async def call(function: Any, *arguments: Any) -> Any:
    """Call the peer's function, a coroutine or not."""
    answer = function(*arguments)
    return await answer if inspect.isawaitable(answer) else answer


async def one_by_one(peer: Any, kind: str, count: int) -> dict[str, float]:
    """Enqueue one by one; the first few, which connect, are not timed."""
    for _ in range(WARM):
        await call(peer.enqueue, kind)
    started, cpu = time.perf_counter(), time.process_time()
    if inspect.iscoroutinefunction(peer.enqueue):
        for _ in range(count - WARM):
            await peer.enqueue(kind)
    else:
        for _ in range(count - WARM):
            peer.enqueue(kind)
    return _rate(count - WARM, started, cpu)


async def in_bulk(peer: Any, kind: str, count: int) -> dict[str, float]:
    """Enqueue a thousand at a time through the peer's own bulk call."""
    await call(peer.enqueue_many, kind, WARM)
    started, cpu = time.perf_counter(), time.process_time()
    for _ in range(count // BULK):
        await call(peer.enqueue_many, kind, BULK)
    return _rate(count // BULK * BULK, started, cpu)


async def timed(peer: Any, kind: str, count: int, gap: float) -> dict[str, float]:
    """Enqueue one every `gap` seconds, each with the time it was asked for; the first ten warm both ends."""
    for number in range(count + 10):
        await call(peer.enqueue, kind, time.time() if number >= 10 else 0.0)
        if inspect.iscoroutinefunction(peer.enqueue):
            await asyncio.sleep(gap)
        else:
            time.sleep(gap)
    return {}


def _rate(count: int, started: float, cpu: float) -> dict[str, float]:
    seconds = time.perf_counter() - started
    return {"per_second": count / seconds, "cpu_us": (time.process_time() - cpu) / count * 1e6}


async def main(module: str, verb: str, kind: str = "noop", count: str = "0", gap: str = "0") -> Any:
    """Do one verb."""
    peer = importlib.import_module(module)
    if verb == "prepare":
        return await call(getattr(peer, "prepare", dict))
    await call(getattr(peer, "enter", dict))
    verbs = {"one": one_by_one, "many": in_bulk}
    done = await (timed(peer, kind, int(count), float(gap)) if verb == "timed" else verbs[verb](peer, kind, int(count)))
    await call(getattr(peer, "leave", dict))
    return done


def run() -> Any:
    """Run `main` to its end; outside any event loop where the peer is synchronous, since Django forbids one."""
    coroutine = main(*sys.argv[1:])
    module = importlib.import_module(sys.argv[1])
    if inspect.iscoroutinefunction(getattr(module, "enqueue", None)):
        return asyncio.run(coroutine)
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    print(json.dumps(run()))
