"""Running the commands of a page: `mandant` in this process, `make` without doing it, the rest by a shell."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

import asyncpg
import pytest
from typer.testing import CliRunner

from server import cli
from server.commands import clock
from server.settings.settings import Settings
from tests.documentation.deployment import Deployment
from tests.documentation.matching import printed_is_as_shown
from tests.documentation.pages import CHECKOUT, Block
from tests.server.settings.variables import setting_variables
from tests.server.start.processes import PATIENCE, is_setting, running

LOCAL_SERVER = "http://localhost:8000"
"""How the pages write the address of the server."""
_LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d .*\n", re.MULTILINE)
"""What the page's server, in this process, may write in between."""
_WORKS = """SELECT count(*) > 0 FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ILIKE '%pgqueuer%'"""
_ASSIGNMENT = re.compile(r"(\w+)=(.*)")


@dataclass
class Shell:
    """What the commands of one page share. `known`: the value of a variable that the page writes with `...`;
    `variables`: what earlier commands exported."""

    deployment: Deployment
    folder: Path
    known: Callable[[str], str]
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, block: Block) -> None:
        """Each command after the other; lines below one are what it prints."""
        for command, shown in _commands(block.text):
            printed = self._run(command)
            if shown:
                assert printed_is_as_shown(shown, printed), printed

    def _run(self, command: str) -> str:
        words = shlex.split(command)
        settings: dict[str, str] = {}
        exported = words[0] == "export"
        words = words[1:] if exported else words
        while words and (found := _ASSIGNMENT.fullmatch(words[0])) is not None:
            settings[found[1]] = self._value(found[1], found[2])
            words = words[1:]
        if exported:
            self.variables |= settings
            return ""
        if words[0] == "mandant":
            return self._mandant(words[1:], settings)
        if words[0] == "make":
            command = f"make --dry-run {shlex.join(words[1:])}"
        return self._shell(command, settings)

    def _value(self, name: str, written: str) -> str:
        return self.known(name) if "..." in written or written == LOCAL_SERVER else written

    def _mandant(self, words: list[str], settings: dict[str, str]) -> str:
        environment = self.deployment.environment | self.variables | settings
        if words[0] in {"serve", "worker"}:
            return self._until_ready(words, environment)
        others: dict[str, str | None] = {name: None for name in os.environ if is_setting(name)}
        arguments = [Template(word).safe_substitute(self.variables) for word in words]
        with pytest.MonkeyPatch.context() as patch:
            # The page's database takes the place of the embedded one.
            patch.setattr(clock, "embedded_database", lambda _: nullcontext(self.deployment.addresses))
            result = CliRunner().invoke(cli._commands, arguments, env=others | environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == 0, result.output
        return _LOG_LINE.sub("", result.output)

    def _until_ready(self, words: list[str], environment: dict[str, str]) -> str:
        settings = {name: value for name, value in environment.items() if is_setting(name)}
        with running(self.folder, *words, **settings) as process:
            if words[0] == "serve":
                process.wait_for("/graphql")
            else:
                asyncio.run(asyncio.wait_for(_worked_for(self.deployment.addresses.owner), PATIENCE))
            assert process.terminate() == 0, process.errors
            return process.output

    def _shell(self, command: str, settings: dict[str, str]) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        finished = subprocess.run(
            ["bash", "-e", "-c", command],
            cwd=CHECKOUT,
            env={**os.environ, "PATH": path, **self.variables, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout


async def _worked_for(url: str) -> None:
    """Wait until a worker looks for jobs."""
    connection = await asyncpg.connect(url)
    try:
        while not await connection.fetchval(_WORKS):  # noqa: ASYNC110 - another process begins to work
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def commands_of(block: Block) -> list[str]:
    """The commands of a block, each on one line, without what they print."""
    return [command for command, _ in _commands(block.text)]


def _commands(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:].partition(" #")[0].strip(), ""))
        else:
            command, shown = found[-1]
            found[-1] = command, f"{shown}\n{line}"
    return found


def check_settings(block: Block, patch: pytest.MonkeyPatch) -> None:
    """Every line is a setting that exists, and all of them together are accepted."""
    lines = [line.partition(" #")[0].strip() for line in block.text.splitlines()]
    values = dict(line.split("=", 1) for line in lines if line)
    assert set(values) <= setting_variables().keys()
    with patch.context() as environment:
        for name, value in values.items():
            environment.setenv(name, value)
        Settings()
