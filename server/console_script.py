"""What the console script `mandant` calls."""

import gc


def main() -> None:
    """Import the program, and run it.

    Its modules stay: to look for garbage among them again and again takes as long as to import them.
    """
    gc.disable()
    from server.cli import application

    gc.freeze()
    gc.enable()
    application()
