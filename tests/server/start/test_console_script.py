"""`mandant` looks for no garbage while it imports its modules: it starts in nearly half the time."""

import subprocess
import sys

_PROGRAM = """
import atexit, gc, sys
from server import console_script
imported = []
gc.callbacks.append(lambda phase, info: imported.append(hasattr(sys.modules.get("server.cli"), "outbox")))
sys.argv = ["mandant", "--help"]
found = lambda: (all(imported), gc.isenabled(), gc.get_freeze_count() > 100_000)
atexit.register(lambda: print(*found(), file=sys.stderr))
console_script.main()
"""


def test_garbage_is_looked_for_once_the_program_is_imported() -> None:
    """And not among what was imported, which stays."""
    finished = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    assert finished.stderr == "True True True\n"
    assert "Serve the API" in finished.stdout
