"""The CPU that there is, and its share for each of several stages at once. Imports no torch."""

import os


def cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def at_once() -> int:
    """How many members a CPU does best at the same time.

    Small batches leave cores idle: on two cores, two members with one thread each embed twice as
    many photographs a second as one with two threads.
    """
    return min(4, max(2, cores() // 2))


def threads() -> int:
    """A stage's threads, the same whether it runs alone or beside others: their number shows in
    the last digits of what is learned."""
    return max(1, cores() // at_once())
