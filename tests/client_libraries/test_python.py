"""Python's clients: gql, and a typed one that ariadne-codegen makes of the schema."""

import sys
from pathlib import Path

from tests.client_libraries.play import Play
from tests.client_libraries.programs import copied, generate_python


async def test_a_generated_client_is_typed_and_works(tmp_path: Path, play: Play) -> None:
    folder = copied("python", tmp_path)
    await generate_python(folder)
    await play.run(folder, sys.executable, "program.py")


async def test_gql_works(tmp_path: Path, play: Play) -> None:
    folder = copied("python", tmp_path)
    await play.run(folder, sys.executable, "with_gql.py")
