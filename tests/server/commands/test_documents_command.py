"""`mandant documents check`, and `mandant serve` with MANDANT_DOCUMENTS: a manifest that cannot be answered
is refused, with the name of the document."""

import json
import socket
from pathlib import Path

import pytest

from tests.server.commands.test_cli import NOBODY_LISTENS, Run, assert_one_sentence, run
from tests.server.graphql.test_trusted_documents import apollo, code_generator

__all__ = ["run"]

_GOOD = {"Who": "query Who { viewer { user { email } } }", "Named": "{ __typename }"}


def _written(folder: Path, content: object) -> str:
    path = folder / "manifest.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("manifest", [apollo(**_GOOD), code_generator(**_GOOD)], ids=["Apollo", "generator"])
def test_valid_documents_are_counted(run: Run, tmp_path: Path, manifest: object) -> None:
    finished = run("documents", "check", _written(tmp_path, manifest))
    assert (finished.code, finished.output) == (0, "Valid documents: 2.\n")


_WRONG = {
    "unknown field": (
        apollo(**_GOOD, Wrong="query Wrong { nothing }"),
        "Wrong (wrong): Cannot query field 'nothing' on type 'Query', line 1, column 15.",
    ),
    "by its own name": (code_generator(Wrong="query Mine { nothing }"), "Mine ("),
    "without a name": (code_generator(Wrong="{ nothing }"), "without a name ("),
    "no document": (apollo(Wrong="{"), "Wrong (wrong): Syntax Error"),
    "no operation": (
        apollo(Wrong="fragment F on Query { __typename }"),
        "Fragment 'F' is never used",
    ),
    "too large": (
        apollo(Wrong="{ __typename" + " " * 100_000 + "}"),
        "Wrong (wrong): The document is too large",
    ),
    "many": (apollo(**{f"Wrong{n}": "{ nothing }" for n in range(13)}), "; and 3 more."),
    "no JSON": ("{", "is not JSON in UTF-8"),
    "another format": ([1], "has an unknown format"),
    "half of Apollo's": (
        {"format": "apollo-persisted-query-manifest", "operations": [{"id": "a", "body": "{ a }"}]},
        "has an unknown format, at operations.0.name",
    ),
    "nothing": ({}, "has no documents"),
    "one id twice": (
        {
            "format": "apollo-persisted-query-manifest",
            "operations": [{"id": "a", "name": "A", "body": body} for body in _GOOD.values()],
        },
        "has two documents with the id a",
    ),
    "one key twice": (
        '{"a": "{ __typename }", "b": "{ __typename }", "a": "query Other { __typename }"}',
        "has the key a twice in one object",
    ),
}


@pytest.mark.parametrize("wrong", _WRONG)
def test_what_is_wrong_is_told_with_its_name(run: Run, tmp_path: Path, wrong: str) -> None:
    content, told = _WRONG[wrong]
    assert told in assert_one_sentence(run("documents", "check", _written(tmp_path, content)))


def test_a_manifest_that_is_not_there(run: Run, tmp_path: Path) -> None:
    told = assert_one_sentence(run("documents", "check", str(tmp_path / "none.json")))
    assert "none.json cannot be read: No such file or directory" in told


def test_a_server_does_not_start_with_it(run: Run, tmp_path: Path) -> None:
    """It stops before it listens, and before it looks for its database."""
    wrong = _written(tmp_path, apollo(Wrong="query Wrong { nothing }"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        finished = run("serve", MANDANT_DOCUMENTS=wrong, PORT=port, DATABASE_URL=NOBODY_LISTENS)
        assert "Wrong (wrong): Cannot query field 'nothing'" in assert_one_sentence(finished)
        right = _written(tmp_path, apollo(**_GOOD))
        finished = run("serve", MANDANT_DOCUMENTS=right, PORT=port, DATABASE_URL=NOBODY_LISTENS)
        assert "Cannot listen" in assert_one_sentence(finished)
