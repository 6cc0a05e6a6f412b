"""Programs of other people that ask the API, in JavaScript: audits, and the clients that front-ends use."""

import json
from typing import Any

from tests.client_libraries.programs import FOLDER, run


async def run_in_node(script: str, *arguments: str) -> Any:
    """What a script of this folder prints, as JSON. For tests with the mark `needs_npm`."""
    return json.loads(await run(FOLDER, "node", script, *arguments))
