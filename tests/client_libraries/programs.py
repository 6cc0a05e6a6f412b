"""The folders in which clients are generated, and the processes that run in them."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
_PROJECT = FOLDER.parent.parent
_NODE_MODULES = FOLDER / "node_modules"
_GENERATOR = Path(sys.prefix) / "generator" / "bin" / "ariadne-codegen"

_SECONDS = 120
"""For a program; other tests run on the same machine."""

needs_npm = pytest.mark.skipif(
    not (_NODE_MODULES / "all.installed").exists(), reason="npm ci was not run in tests/client_libraries"
)


def copied(name: str, folder: Path) -> Path:
    """A copy of the sources in one of the folders here, with the schema beside them."""
    copy = folder / name
    shutil.copytree(FOLDER / name, copy)
    shutil.copy(_PROJECT / "schema.graphql", copy)
    return copy


async def generate_typescript(folder: Path) -> None:
    """The typed documents, and the programs compiled."""
    (folder / "node_modules").symlink_to(_NODE_MODULES)
    await run(folder, "node", "node_modules/.bin/graphql-codegen", "--config", "codegen.json")
    await run(folder, "node", "node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


async def generate_python(folder: Path) -> None:
    """The typed client, and the program checked."""
    await run(folder, str(_GENERATOR))
    await run(folder, sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "program.py")


async def run(folder: Path, *command: str) -> str:
    """What a process that runs there prints. It must succeed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (output.decode(), errors.decode())
    return output.decode()
