"""N16: the tabs that GraphiQL opens for the demo's people, as the page fills them in, sent in turn."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, OperationType, parse
from playwright.async_api import Browser, expect

from models.staff.tables import StaffRole
from server.commands.staff import add_staff
from server.demo.logins import demo_logins
from server.demo.story import AGENCY, SUPPORTER
from server.embedded_postgres import DatabaseAddresses
from server.pages.files import FOLDER
from server.pages.graphiql import ANONYMOUS, read_tabs
from tests.browser.visits import Visit
from tests.by_day import by_night_alone
from tests.documentation.deployment import Deployment, deployed, made_demo

pytestmark = pytest.mark.skipif(
    not (FOLDER / "node_modules").is_dir(), reason="npm ci was not run in server/pages"
)


@pytest.fixture
async def deployment(
    addresses: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    async with made_demo(addresses, tmp_path_factory) as demo, deployed(demo) as deployment:
        await add_staff(deployment.addresses.owner, SUPPORTER.email, StaffRole.APPROVER)
        yield deployment


@pytest.fixture
async def demo_visit(browser: Browser, deployment: Deployment) -> AsyncIterator[Visit]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    visit = Visit(await context.new_page(), deployment.url)
    visit.watch()
    yield visit
    await context.close()


@dataclass(frozen=True)
class OpenTab:
    """A tab as the page opened it. `variables`: JSON text, or empty."""

    query: str
    variables: str

    @property
    def operation(self) -> OperationDefinitionNode:
        (definition,) = parse(self.query).definitions
        assert isinstance(definition, OperationDefinitionNode)
        return definition

    @property
    def name(self) -> str:
        assert self.operation.name is not None
        return self.operation.name.value

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    @property
    def goes_on(self) -> bool:
        """It is told something when something changes: `test_graphiql` runs it."""
        return self.operation.operation is OperationType.SUBSCRIPTION


@dataclass
class Sent:
    """What each tab answered, by its name and who sent it: each query for everybody, each mutation once."""

    answers: dict[tuple[str, str], Any] = field(default_factory=dict)

    def is_due(self, tab: OpenTab) -> bool:
        return not tab.goes_on and (not tab.is_mutation or tab.name not in self.names)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.answers}


async def _open_tabs(visit: Visit, token: str) -> list[OpenTab]:
    """Those of the owner of the token, from where the page keeps them."""
    await visit.page.goto(f"{visit.server_url}/graphql")
    await visit.page.get_by_label("Token", exact=True).fill(token)
    await visit.page.get_by_role("button", name="Use token").click()
    await expect(visit.page.locator("#token-state")).to_contain_text(" · ")
    key = f"{token[-8:]}:graphiql:tabState"
    kept = await visit.page.wait_for_function("key => sessionStorage.getItem(key)", arg=key)
    tabs = json.loads(await kept.json_value())["tabs"]
    return [OpenTab(tab["query"], tab["variables"] or "") for tab in tabs]


async def _answer(http: httpx.AsyncClient, tab: OpenTab, token: str) -> Any:
    assert "..." not in tab.variables, (tab.name, tab.variables)
    request = {"query": tab.query, "variables": json.loads(tab.variables or "{}")}
    response = await http.post("/graphql", json=request, headers={"Authorization": f"Bearer {token}"})
    answer = response.json()
    assert "errors" not in answer, (tab.name, answer)
    return answer["data"]


def _user_errors(value: Any) -> list[Any]:
    """All that stand anywhere in an answer."""
    if isinstance(value, list):
        return [error for each in value for error in _user_errors(each)]
    if not isinstance(value, dict):
        return []
    own = value.get("userErrors") or []
    return [*own, *(error for each in value.values() for error in _user_errors(each))]


@by_night_alone
async def test_every_tab_of_everybody_runs(demo_visit: Visit, deployment: Deployment) -> None:
    """And shows what it is about, for the owner of the agency and for the staff."""
    sent = Sent()
    async with httpx.AsyncClient(base_url=deployment.url, timeout=30) as http:
        for login in demo_logins():
            token = deployment.demo.tokens[login.email]
            for tab in await _open_tabs(demo_visit, token):
                if sent.is_due(tab):
                    answer = await _answer(http, tab, token)
                    assert _user_errors(answer) == [], (login.label, tab.name)
                    sent.answers[tab.name, login.email] = answer
    demo_visit.assert_clean()
    tabs = [OpenTab(tab.query, tab.variables) for tab in read_tabs() if tab.needs != [ANONYMOUS]]
    assert sent.names == {tab.name for tab in tabs if not tab.goes_on}
    _assert_shown_to_the_owner({name: sent.answers.get((name, AGENCY.owner.email)) for name in sent.names})
    (reviews,) = (answer for (name, _), answer in sent.answers.items() if name == "Reviews")
    (review,) = reviews["staff"]["reviews"]["nodes"]
    assert (review["accountName"], len(review["sample"])) == ("Harbour Hotel", 24)


def _assert_shown_to_the_owner(answers: dict[str, Any]) -> None:
    contacts = answers["Contacts"]["account"]
    assert [each["name"] for each in contacts["contactLists"]["nodes"]] == ["Newsletter", "Offers"]
    assert {each["attributes"]["country"] for each in contacts["contacts"]["nodes"]} == {"SE"}
    outcomes = [each["outcome"] for each in answers["SaveContacts"]["contactUpsert"]["results"]]
    assert outcomes == ["UPDATED", "CREATED"]
    told = answers["WhoIsNotSentTo"]
    causes = [[each["cause"] for each in address["exclusions"]] for address in told["deliverability"]]
    assert causes == [[], ["UNSUBSCRIBE"], ["BOUNCE"], ["BLOCK_LIST"], []]
    assert told["deliverability"][0]["rules"] == ["CASE_FOLDED"]
    assert told["deliverability"][4]["malformed"]
    assert len(told["blockList"]["nodes"]) == 1
    assert len(answers["AddDomain"]["domainAdd"]["domain"]["records"]) == 5
    settings = answers["Settings"]["account"]
    assert settings["settings"]["language"]["origin"] == "OWN"
    below = {each["name"]: each for each in settings["subaccounts"]["nodes"]}
    assert below["Harbour Hotel"]["review"] == {"status": "OPEN"}
    assert {each["settings"]["language"]["origin"] for each in below.values()} == {"OWN", "INHERITED"}
    changed = answers["ChangeSettings"]["settingsUpdate"]["account"]["settings"]
    assert changed["language"] == {"value": "de-AT", "origin": "OWN"}
    person = answers["PersonalData"]["personalData"]
    assert person["contact"]["email"] == "reader3007@example.com"
    assert len(person["unsubscribes"]) == 1
    assert answers["EraseContact"]["contactErase"]["removedContactId"]
