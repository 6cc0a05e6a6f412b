"""Threads beside the event loop, which step back for it: what takes long waits for what does not."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

_NICENESS = 4
"""As `nice` has it: on a busy core the event loop has two and a half times the time. So have other processes,
such as a database on the same machine: with more of it cold queries would wait for these."""

SWITCH_SECONDS = 0.0001
"""The event loop waits so long at most for a thread to let it run, at each of a request's six system calls.
By Python's default it is fifty times that."""


def side_thread(name: str) -> ThreadPoolExecutor:
    """One thread, which does one piece of work at a time."""
    return ThreadPoolExecutor(1, name, initializer=_step_back)


def _step_back() -> None:
    if sys.platform == "linux":  # where each thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
