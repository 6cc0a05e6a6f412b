"""Apollo Client 4 and urql, in TypeScript, with types that GraphQL Code Generator makes of the schema."""

from pathlib import Path

import pytest

from tests.client_libraries.play import Play
from tests.client_libraries.programs import copied, generate_typescript, needs_npm

pytestmark = needs_npm


@pytest.fixture(scope="module")
async def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs, compiled strictly. `mistakes.ts` in it holds what the compiler must refuse."""
    folder = copied("typescript", tmp_path_factory.mktemp("clients"))
    await generate_typescript(folder)
    return folder


@pytest.mark.parametrize("library", ["apollo", "urql"])
async def test_it_signs_in_reads_pages_is_told_what_was_refused_and_follows_changes(
    library: str, compiled: Path, play: Play
) -> None:
    await play.run(compiled, "node", f"compiled/{library}.js")
