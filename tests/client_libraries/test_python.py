"""Python's clients: gql, and a typed one that ariadne-codegen makes of the schema."""

import sys
from pathlib import Path

from tests.client_libraries.programs import copied, generate_python, run
from tests.client_libraries.tasks import Task


async def test_a_generated_client_is_typed_and_works(tmp_path: Path, task: Task) -> None:
    folder = copied("python", tmp_path)
    await generate_python(folder)
    task.check(await run(folder, sys.executable, "program.py", task.argument))


async def test_gql_works(tmp_path: Path, task: Task) -> None:
    folder = copied("python", tmp_path)
    task.check(await run(folder, sys.executable, "with_gql.py", task.argument))
