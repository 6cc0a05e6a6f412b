"""The command `mandant` as a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).parent / "mandant"
PATIENCE = 120.0
"""Seconds; other tests run on the same machine."""


@dataclass(frozen=True)
class Running:
    """A process, and the files that its output goes to."""

    process: subprocess.Popen[bytes]
    output_file: Path
    error_file: Path

    @property
    def output(self) -> str:
        """What it wrote to standard output until now."""
        return self.output_file.read_text(encoding="utf-8")

    @property
    def errors(self) -> str:
        """What it wrote to standard error until now."""
        return self.error_file.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> str:
        """The output, once the text is in it."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output:
            assert self.process.poll() is None, self.errors
            assert time.monotonic() < deadline, self.errors
            time.sleep(0.05)
        return self.output

    def terminate(self) -> int:
        """Its exit code after SIGTERM."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def interrupt(self) -> int:
        """Its exit code after Ctrl-C, which a terminal sends to its children as well."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def running(folder: Path, *arguments: str, **environment: str) -> Iterator[Running]:
    """`mandant` with these arguments and no other settings than these, working in the folder."""
    output_file, error_file = folder / "output", folder / "errors"
    with output_file.open("wb") as output, error_file.open("wb") as errors:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=folder,
            env=environment_of(environment),
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    try:
        yield Running(process, output_file, error_file)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


def run_beside(folder: Path, *arguments: str) -> str:
    """What `mandant` with these arguments prints, while another works in the same folder."""
    finished = subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=environment_of({}), capture_output=True, text=True, check=True
    )
    return finished.stdout


def environment_of(settings: dict[str, str]) -> dict[str, str]:
    """The environment of a `mandant` with no other settings than these."""
    inherited = {name: value for name, value in os.environ.items() if not is_setting(name)}
    # As in the Makefile: to compile all modules takes as long as to run with them.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return inherited | settings


def is_setting(name: str) -> bool:
    """Whether a variable of the environment is one of Mandant's."""
    return name in {"DATABASE_URL", "HOST", "PORT"} or name.startswith(("MANDANT_", "OTEL_"))
