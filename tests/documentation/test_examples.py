"""Every example of every page is run, from top to bottom, on a demo of the page's own."""

import asyncio
import shutil
import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.by_day import one_in
from tests.documentation.console_examples import Shell, check_settings
from tests.documentation.deployment import Deployment
from tests.documentation.graphql_examples import Examples
from tests.documentation.matching import text_is_as_shown
from tests.documentation.pages import Block, Page, all_pages

RUN = {"graphql", "console", "ini", "javascript", "sql"}
SHOWN = {"json": "what a query answers", "text": "a drawing, or what a program prints"}
RUN_ELSEWHERE = {
    "python": "tests/areas/webhooks/test_receiver.py",
    "typescript": "tests/client_libraries, tests/browser/people: it needs libraries, or a browser's page",
}
PAGES = [page for page in all_pages() if any(block.language in RUN for block in page.blocks)]
_README = [page for page in PAGES if page.name == "README.md"]
_OTHERS = one_in(5, [page for page in PAGES if page not in _README], lambda page: page.name)


@pytest.mark.parametrize("page", [*_README, *_OTHERS], ids=lambda page: page.name)
async def test_the_examples_do_what_the_page_says(
    page: Page, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = Examples(deployment)
    stored = deployment.environment | {
        "URL": deployment.url,
        "TOKEN": deployment.demo.tokens["maria.santos@example.com"],
        "API_KEY": deployment.demo.api_key,
        "ACCOUNT": await examples.value("id of Marketing UK"),
        "INVOICE": await examples.value("number of an invoice"),
        "MOMENT": await examples.value("now"),
    }

    def known(name: str) -> str:
        return examples.answered("authzRevision") if name == "REVISION" else stored[name]

    shell = Shell(deployment, tmp_path, known)
    for block, variables, shown in _with_answers(page.blocks):
        match block.language:
            case "graphql":
                await examples.run(block, variables, shown)
            case "console":
                await asyncio.to_thread(shell.run, block)
            case "ini":
                check_settings(block, monkeypatch)
            case "sql":
                await _execute(deployment.addresses.owner, block.text)
            case "javascript":
                await asyncio.to_thread(_run_in_node, block, shown, stored)


def _with_answers(blocks: list[Block]) -> list[tuple[Block, Block | None, Block | None]]:
    """Each block that is run, with the variables and the answer that stand below it."""
    found: list[tuple[Block, Block | None, Block | None]] = []
    for block in blocks:
        if block.language in RUN:
            found.append((block, None, None))
        elif block.language in SHOWN and found:
            run, variables, shown = found[-1]
            if block.title == "variables":
                found[-1] = run, block, shown
            elif shown is None and (block.language == "json" or run.language == "javascript"):
                found[-1] = run, variables, block
    return found


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _run_in_node(block: Block, shown: Block | None, known: dict[str, str]) -> None:
    node = shutil.which("node")
    if node is None:
        return
    given = f"const url = {known['URL']!r}, token = {known['TOKEN']!r};\n"
    command = [node, "--input-type=module", "--eval", given + block.text]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown is None or text_is_as_shown(shown.text, printed), printed


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_no_block_is_left_out(page: Page) -> None:
    assert {block.language for block in page.blocks} <= RUN | SHOWN.keys() | RUN_ELSEWHERE.keys()
