"""Programs of other people that ask the API, in JavaScript: audits, and the clients that front-ends use."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
_SECONDS = 60


async def run_in_node(script: str, *arguments: str) -> Any:
    """What a script of this folder prints, as JSON. Skips the test where npm installed nothing."""
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("npm ci was not run in tests/client_libraries")
    process = await asyncio.create_subprocess_exec(
        node, FOLDER / script, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        printed, complaints = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, complaints.decode()
    return json.loads(printed)
