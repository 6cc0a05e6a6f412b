"""Running the queries of a page, as those who are named above them."""

import datetime
import json
import re
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx

from authz.policy.builtin_roles import BuiltinRole
from tests.documentation.deployment import Deployment
from tests.documentation.matching import is_as_shown, without_extensions
from tests.documentation.pages import Block

_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_STATEMENTS = {
    "id of person ": "SELECT concat('user_', id) FROM users WHERE name = $1",
    "id of ": "SELECT concat('acct_', id) FROM accounts WHERE name = $1",
    "version of ": "SELECT version FROM accounts WHERE name = $1",
    "number of an ": "SELECT number FROM invoices WHERE kind = upper($1) ORDER BY number LIMIT 1",
}
"""What the words in angle brackets begin with, and how the rest is looked up."""


@dataclass
class Examples:
    """The examples of one page; later ones may use what earlier ones answered."""

    deployment: Deployment
    answers: list[Any] = field(default_factory=list)

    async def run(self, query: Block, variables: Block | None, shown: Block | None) -> None:
        """Send it, and compare the answer; without one that is shown, nothing may be refused."""
        values = {} if variables is None else await self._filled(json.loads(variables.text))
        answer = self._post(query, values)
        self.answers.append(answer)
        if shown is None:
            assert "errors" not in answer, answer
            assert not list(_found(answer, ["userErrors", "code"])), answer
            return
        expected = json.loads(shown.text)
        for error in answer.get("errors", []):
            error.pop("locations", None)
        assert is_as_shown(*without_extensions(expected, answer)), json.dumps(
            answer, indent=2, ensure_ascii=False
        )

    def _post(self, query: Block, values: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token(query.title)}"} if query.title else {}
        body = {"query": query.text, "variables": values}
        return httpx.post(f"{self.deployment.url}/graphql", json=body, headers=headers, timeout=30).json()

    def _token(self, caller: str) -> str:
        """`caller`: a person's address, or that it is the API key of the demo's agency."""
        if "API key" in caller:
            return self.deployment.demo.api_key
        return self.deployment.demo.tokens[caller]

    async def _filled(self, value: Any) -> Any:
        match value:
            case dict():
                return {name: await self._filled(inner) for name, inner in value.items()}
            case list():
                return [await self._filled(inner) for inner in value]
            case str() if (found := _PLACEHOLDER.fullmatch(value)) is not None:
                return await self.value(found[1])
            case _:
                return value

    def answered(self, path: str) -> str:
        """The last answer's value at a path, such as `reservation.id`."""
        names = path.split(".")
        return next(str(value) for answer in reversed(self.answers) for value in _found(answer, names))

    async def value(self, words: str) -> Any:
        """What stands in angle brackets: `member.id above`, `id of MARKETER`, `id of Marketing UK` ..."""
        if words.endswith(" above"):
            return self.answered(words.removesuffix(" above"))
        if words == "an hour ago":
            return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)).isoformat()
        if words == "in 30 days":
            return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)).isoformat()
        if words == "now":
            return datetime.datetime.now(datetime.UTC).isoformat()
        beginning = next(beginning for beginning in _STATEMENTS if words.startswith(beginning))
        name = words.removeprefix(beginning)
        if name in BuiltinRole.__members__:
            return f"role_{BuiltinRole[name].id}"
        connection = await asyncpg.connect(self.deployment.addresses.owner)
        try:
            value = await connection.fetchval(_STATEMENTS[beginning], name)
        finally:
            await connection.close()
        assert value is not None, f"the demo has no {words}"
        return value


def _found(value: Any, path: list[str]) -> list[Any]:
    """Every value at the path's end, wherever in the answer the path begins."""
    here = value
    for name in path:
        here = here[0] if isinstance(here, list) and here else here
        here = here.get(name) if isinstance(here, dict) else None
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return ([] if here is None else [here]) + [found for item in inner for found in _found(item, path)]
