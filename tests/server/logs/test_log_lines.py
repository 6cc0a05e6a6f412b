"""How lines of the log leave the process."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path

import pytest

from server.logs.lines import TurnLines

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIOWrapper]]:
    """A pipe that keeps apart what was written apart; its end to read does not wait."""
    reader, writer = os.pipe2(os.O_DIRECT | os.O_NONBLOCK)
    with os.fdopen(writer, "w") as file:
        yield reader, file
    os.close(reader)


async def test_the_lines_of_a_turn_leave_together_at_its_end(pipe: tuple[int, TextIOWrapper]) -> None:
    reader, file = pipe
    lines = TurnLines(file)
    for turn in ("1", "2"):
        for line in ("a", "b", "c"):
            lines.write(f"{line}{turn}\n")
            lines.flush()
        with pytest.raises(BlockingIOError):
            os.read(reader, 100)
        await asyncio.sleep(0)
        assert os.read(reader, 100).decode() == f"a{turn}\nb{turn}\nc{turn}\n"


def test_without_a_loop_each_line_leaves_at_once(pipe: tuple[int, TextIOWrapper]) -> None:
    reader, file = pipe
    lines = TurnLines(file)
    for line in ("a\n", "b\n"):
        lines.write(line)
        assert os.read(reader, 100).decode() == line


async def test_other_threads_lines_leave_at_once(pipe: tuple[int, TextIOWrapper]) -> None:
    reader, file = pipe
    lines = TurnLines(file)
    lines.write("waiting\n")
    other = threading.Thread(target=lines.write, args=("other\n",))
    other.start()
    other.join()
    assert os.read(reader, 100) == b"other\n"
    await asyncio.sleep(0)
    assert os.read(reader, 100) == b"waiting\n"


def test_loops_in_two_threads_keep_all_lines_apart(tmp_path: Path) -> None:
    """As the server's and the worker's in one process."""
    log = tmp_path / "log"

    async def write_many(lines: TurnLines, name: str) -> None:
        for number in range(5000):
            lines.write(f"{name}{number}\n")
            if number % 3 == 0:
                await asyncio.sleep(0)

    with log.open("w") as file:
        lines = TurnLines(file)
        threads = [threading.Thread(target=lambda n=n: asyncio.run(write_many(lines, n))) for n in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    written = log.read_text().splitlines()
    for name in "ab":
        assert [line for line in written if line[0] == name] == [f"{name}{number}" for number in range(5000)]


def test_what_the_last_turn_logs_is_not_lost() -> None:
    program = """
import asyncio, structlog
from server.logs.lines import configure_logging
configure_logging()
loop = asyncio.new_event_loop()
loop.call_soon(structlog.get_logger().info, "last")
loop.call_soon(loop.stop)
loop.run_forever()
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, stderr=subprocess.PIPE, check=True)
    line = json.loads(ended.stderr)
    assert (line["event"], line["level"]) == ("last", "info")
