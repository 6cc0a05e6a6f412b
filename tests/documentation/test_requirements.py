"""The numbers of requirements that code, tests and pages refer to are defined, each once."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.documentation.pages import CHECKOUT, DOCS

REQUIREMENTS = DOCS / "requirements.md"
_NUMBER = re.compile(r"\b[RNT]\d{1,3}\b")
_DEFINITION = re.compile(r"^- \*\*([RNT]\d{1,3})\*\* ", re.MULTILINE)
_FOLDERS = ("authz", "engine", "models", "resolvers", "schema", "server", "tests", "migrations", "docs")
_KINDS = {".py", ".sql", ".csv", ".conf", ".yaml", ".md"}
_LINTS = re.compile(r"# noqa.*")
"""Numbers of the linter's own."""


def test_every_number_is_defined_once() -> None:
    defined = _DEFINITION.findall(REQUIREMENTS.read_text(encoding="utf-8"))
    assert len(defined) == len(set(defined))
    last = {"R": 104, "N": 20, "T": 38}
    assert defined == [f"{kind}{number + 1}" for kind, many in last.items() for number in range(many)]


def test_no_other_number_is_referred_to() -> None:
    defined = set(_DEFINITION.findall(REQUIREMENTS.read_text(encoding="utf-8")))
    dead = {
        f"{path.relative_to(CHECKOUT)}: {number}"
        for path in _files()
        for number in _NUMBER.findall(_LINTS.sub("", path.read_text(encoding="utf-8")))
        if number not in defined
    }
    assert dead == set()


def _files() -> Iterator[Path]:
    yield from (CHECKOUT / name for name in ("README.md", "CHANGELOG.md", "schema.graphql"))
    for folder in _FOLDERS:
        for path in (CHECKOUT / folder).rglob("*"):
            if path.suffix in _KINDS and "node_modules" not in path.parts:
                yield path
