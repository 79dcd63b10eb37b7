"""Measuring: rates of two ways of doing the same thing, in alternating runs, as medians with their ratio."""

import threading
import time
from collections.abc import Callable
from statistics import median

RUNS = 5


def rate(work: Callable[[], int], seconds: float) -> float:
    """How many things a second `work` does (it returns how many it did), called again and again for `seconds`."""
    started, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < seconds:
        done += work()
    return done / elapsed


def threaded(make: Callable[[int], Callable[[], int]], threads: int, seconds: float) -> tuple[float, list[float]]:
    """(things a second over all threads, latencies in seconds, sorted); `make(n)` gives thread n its work."""
    latencies: list[float] = []
    counts = [0] * threads
    barrier = threading.Barrier(threads + 1)

    def run(number: int) -> None:
        work = make(number)
        work()
        barrier.wait()
        stop = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < stop:
            counts[number] += work()
            latencies.append(time.perf_counter() - begun)

    pool = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for thread in pool:
        thread.start()
    barrier.wait()
    for thread in pool:
        thread.join()
    return sum(counts) / seconds, sorted(latencies)


def versus(label: str, ours: Callable[[], float], floor: Callable[[], float], floor_name: str = "floor") -> float:
    """Measure both in turn, print the medians, all runs and the ratio; returns the ratio of the medians."""
    rates: list[tuple[float, float]] = []
    for _ in range(RUNS):
        below = floor()
        rates.append((below, ours()))
    below, above = median(r[0] for r in rates), median(r[1] for r in rates)
    runs = " ".join(f"{a / b:.2f}" for b, a in rates)
    print(
        f"  {label:<44} ours {above:>9,.0f}/s   {floor_name} {below:>9,.0f}/s   ratio {above / below:5.2f}   ({runs})"
    )
    return above / below


def alone(label: str, ours: Callable[[], float], unit: str = "/s") -> float:
    """Measure one way only, print median and range."""
    rates = [ours() for _ in range(RUNS)]
    middle = median(rates)
    print(f"  {label:<44} ours {middle:>9,.0f}{unit}   ({min(rates):,.0f} to {max(rates):,.0f})")
    return middle


def percentile(ordered: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
