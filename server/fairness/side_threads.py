"""Threads beside the event loop, which give way to it: what takes long waits for what does not."""

from concurrent.futures import ThreadPoolExecutor

SWITCH_SECONDS = 0.0001
"""The event loop waits so long at most for a thread to let it run, at each of a request's six system calls.
By Python's default it is fifty times that."""


def side_thread(name: str) -> ThreadPoolExecutor:
    """One thread, which does one piece of work at a time."""
    return ThreadPoolExecutor(1, name)
