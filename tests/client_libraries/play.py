"""What happens while a program runs: it is told of changes, also of one that is made while it is cut off."""

import asyncio
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from pathlib import Path

from tests.client.api import Api, Caller
from tests.client_libraries.tasks import Task
from tests.client_libraries.ways import Way
from tests.server.start.processes import PATIENCE

_CHANGES = 3


@dataclass(frozen=True)
class Play:
    """With one program. `owner` makes the changes."""

    task: Task
    way: Way
    api: Api
    owner: Caller

    async def run(self, folder: Path, *command: str) -> None:
        """Run it, and check what it saw."""
        with (folder / "errors").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                *command, self.task.argument, cwd=folder, stdout=PIPE, stderr=errors
            )
        try:
            async with asyncio.timeout(PATIENCE):
                lines = await self._changes(process)
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, (folder / "errors").read_text()
        events = [line.split() for line in lines]
        assert [event[:2] for event in events] == [["event", "ACCOUNT_UPDATED"]] * _CHANGES, lines
        assert len({event[2] for event in events}) == _CHANGES, "each came once"
        assert self.way.number == 2, "it came back once"
        self.task.check(output.decode())

    async def _changes(self, process: asyncio.subprocess.Process) -> list[str]:
        """The lines about the changes. The second one is made when the way was cut."""
        assert process.stdout is not None
        await process.stdout.readline()
        lines: list[str] = []
        for number in range(_CHANGES):
            if number == 1:
                self.way.cut()
            await self.api.change(
                "accountUpdate", self.owner, accountId=self.task.accountId, externalId=f"number-{number}"
            )
            lines.append((await process.stdout.readline()).decode().strip())
        return lines
