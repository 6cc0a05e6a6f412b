"""Threads beside the event loop, which give way to it: what takes long waits for what does not."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

SWITCH_SECONDS = 0.0001
"""The event loop waits so long at most for a thread to let it run, at each of a request's six system calls.
By Python's default it is fifty times that."""

_NICENESS = 5
"""Where both want one core, the event loop has it at once, and three quarters of it. With much more, other
processes of a busy machine would starve a thread while it holds Python's lock, and the event loop with it."""


def side_thread(name: str) -> ThreadPoolExecutor:
    """One thread, which does one piece of work at a time."""
    return ThreadPoolExecutor(1, name, initializer=_give_way)


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a process's threads have one niceness
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
