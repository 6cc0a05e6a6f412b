"""Every file, function, folder, link, command and target that the pages name is there."""

import ast
import re
from pathlib import Path

import pytest
import typer.main

from server import cli
from tests.documentation.console_examples import commands_of
from tests.documentation.pages import CHECKOUT, DOCS, README, Page, all_pages, manual, rows_of
from tests.documentation.test_examples import RUN

_FOLDERS = "authz|engine|models|resolvers|schema|server|tests|migrations|benchmarks|docs"
_PATH = re.compile(rf"`((?:{_FOLDERS})/[\w./*-]*)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
_COMMAND = re.compile(r"`(mandant(?: [a-z]+)+)")


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Page) -> None:
    named = [path for path in _PATH.findall(page.text) if "<" not in path]
    assert [path for path in named if not list(CHECKOUT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Page) -> None:
    for target, heading in _LINK.findall(page.prose):
        path = (page.path.parent / target).resolve() if target else page.path
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [_anchor(text) for text in headings], f"{target}#{heading}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_every_function_of_a_trace_is_in_its_file() -> None:
    traced = [row for row in rows_of((DOCS / "architecture.md").read_text(encoding="utf-8")) if len(row) == 3]
    steps = [(file.strip("`"), name.strip("`")) for file, name, _ in traced if file.endswith(".py`") and name]
    assert len(steps) > 40
    assert [step for step in steps if step[1] not in _names_in(CHECKOUT / step[0])] == []


def _names_in(path: Path) -> set[str]:
    """Functions, and methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, _FUNCTION)}
        elif isinstance(node, _FUNCTION):
            names.add(node.name)
    return names


_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_every_command_is_listed() -> None:
    listed = {row[0].strip("`") for row in Page.of(DOCS / "operate" / "commands.md").table("Commands")}
    assert listed == _commands()


def test_every_command_is_run() -> None:
    blocks = [block for page in manual() for block in page.blocks if block.language == "console"]
    run = {command for block in blocks for command in commands_of(block) if command.startswith("mandant")}
    assert [name for name in _commands() if not any(command.startswith(name) for command in run)] == []


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_every_command_that_is_mentioned_exists(page: Page) -> None:
    mentioned = set(_COMMAND.findall(page.prose.replace("\n", " ")))
    commands = [f"{name} " for name in _commands()]
    assert [name for name in mentioned if not any(each.startswith(f"{name} ") for each in commands)] == []


@pytest.mark.parametrize("page", all_pages(), ids=lambda page: page.name)
def test_the_targets_of_make_exist(page: Page) -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|\$ )make\s+([a-z]+)", page.text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def _commands() -> set[str]:
    return {f"mandant {path}" for path in _paths(typer.main.get_command(cli._commands))}


def _paths(command: object, prefix: str = "") -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [prefix.strip()]
    return [path for name, item in inner.items() for path in _paths(item, f"{prefix} {name}")]


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", manual(), ids=lambda page: page.name)
def test_a_page_begins_with_an_example(page: Page) -> None:
    """Before its first heading below the title."""
    beginning = page.text.split("\n## ")[0]
    assert any(block.language in RUN for block in Page(page.path, beginning).blocks)


def test_the_index_of_decisions_has_each_once() -> None:
    text = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\((\d{4}-[a-z0-9-]+\.md)\)", text)
    assert listed == sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))


def test_the_glossary_has_each_term_once() -> None:
    terms = [row[0] for row in rows_of((DOCS / "glossary.md").read_text(encoding="utf-8"))]
    assert len(terms) == len(set(terms)) > 80
