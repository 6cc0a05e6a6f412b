"""T38, R22-R24, R38: contacts, block lists, domains and settings, by every way: each kind of caller sees and
changes what the policy gives, and nothing else."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from models.base.ids import Kind as IdKind
from models.base.ids import present
from models.settings.tables import SettingName
from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields
from tests.authz.matrix import matrix_fields
from tests.authz.matrix.matrix_callers import Stage, once
from tests.authz.matrix.sending_callers import KINDS, OF_AREAS, House, Kind
from tests.authz.matrix.sending_ways import (
    ELSEWHERE,
    FIELDS,
    FOUND,
    FROM_BELOW,
    MUTATIONS,
    NODES,
    PATHS,
    ROOTS,
)
from tests.by_day import one_in
from tests.client.api import Answer, Api
from tests.client.schema import SCHEMA
from tests.world.block_list import give_entries
from tests.world.contacts import contact_id, contact_list_id, give_full_contact, give_import
from tests.world.domains import give_domain
from tests.world.reviews import give_review
from tests.world.settings import set_setting
from tests.world.world import World


def _name(kind: Kind) -> str:
    return kind.name


_SOME: list[Kind] = one_in(4, KINDS, _name)
_EACH = pytest.mark.parametrize("kind", KINDS, ids=_name)


@dataclass(frozen=True)
class Stocked:
    """A house whose account has one of everything, by its ids."""

    house: House
    ids: dict[str, str]

    def put_in(self, document: str) -> str:
        """The document with the names in place of their words."""
        account, words = self.house.account, {name.upper(): id_ for name, id_ in self.ids.items()}
        words |= {"ACCOUNT": account.id, "CHILD": self.house.child.id, "NAME": account.name}
        text = document.replace("FOUND", FOUND)
        for word, value in words.items():
            text = text.replace(word, json.dumps(value))
        return text


@pytest.fixture(scope="module")
async def stocked(registry: World) -> Stocked:
    parent = await registry.account()
    account = await registry.account(parent, f"Inn {once()}")
    contact = await give_full_contact(registry, account)
    await give_entries(registry, account, ["bob@example.com"])
    await set_setting(registry, account, SettingName.SENDER_NAME, "Inn")
    return Stocked(
        House(parent, account, await registry.account(account)),
        {
            "contact": contact_id(account, contact.key),
            "list": contact_list_id(account, contact.list_key),
            "job": present(IdKind.CONTACT_JOB, await give_import(registry, account)),
            "domain": (await give_domain(registry, account)).id,
            "review": await give_review(registry, account),
        },
    )


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """What may be changed."""
    return await Stage.of(registry)


@_EACH
async def test_fields_of_an_account(kind: Kind, api: Api, registry: World, stocked: Stocked) -> None:
    """By its id, as a node, in lists, by search and from the account below; filters and counts as well."""
    caller = await kind.make(registry, stocked.house)
    hidden = {alias: need for alias, (_, need) in FIELDS.items() if need not in kind.held}
    for way, document in (PATHS | (FROM_BELOW if kind.is_below else {})).items():
        answer = await api.ask(f"{{ {stocked.put_in(document)} }}", caller)
        assert answer.data, answer.errors
        (seen,) = [found for found in _shown(answer.data) if _is_the_inn(found)]
        assert {alias for alias, value in seen.items() if value is None} == set(hidden), way
        told = {error["path"][-1]: error["extensions"] for error in answer.errors}
        assert {alias: each["permission"] for alias, each in told.items()} == hidden, way
        assert {each["code"] for each in told.values()} <= {"FORBIDDEN"}, way


@_EACH
async def test_what_is_asked_for_at_the_root(kind: Kind, api: Api, registry: World, stocked: Stocked) -> None:
    caller = await kind.make(registry, stocked.house)
    found, expected = {}, {}
    for name, (document, needed, refused) in ROOTS.items():
        answer = await api.ask(f"{{ {stocked.put_in(f'found: {document}')} }}", caller)
        missing = _missing(kind, needed)
        said = f"FORBIDDEN {missing}" if refused == "FORBIDDEN" else refused
        found[name], expected[name] = outcome(answer, "found"), said if missing else DONE
    assert found == expected


@_EACH
async def test_what_has_an_id(kind: Kind, api: Api, registry: World, stocked: Stocked) -> None:
    """By `node` and `nodes`; and nothing hidden behind what is shown."""
    caller = await kind.make(registry, stocked.house)
    seen = {name for name, needed in NODES.items() if needed in kind.held}
    nodes = "nodes(ids: [CONTACT, LIST, JOB, DOMAIN, REVIEW]) { id ... on Review { contacts } }"
    answer = (await api.read(f"{{ {stocked.put_in(nodes)} }}", caller))["nodes"]
    shown = dict(zip(("contact", "list", "job", "domain", "review"), answer, strict=True))
    assert {name for name, node in shown.items() if node is not None} == seen
    for name in NODES:
        node = (await api.read(f"{{ {stocked.put_in(f'node(id: {name.upper()}) {{ id }}')} }}", caller))[
            "node"
        ]
        assert (node is not None) == (name in seen), name
    if "review" in seen:
        assert (shown["review"]["contacts"] is not None) == ("CONTACTS_READ" in kind.held)


@_EACH
async def test_files(kind: Kind, api: Api, registry: World, stocked: Stocked) -> None:
    """Export of the account and of a list, and import."""
    caller, account = await kind.make(registry, stocked.house), stocked.house.account
    headers = {"authorization": f"Bearer {caller.token}"}
    reads, writes = (name in kind.held for name in ("CONTACTS_READ", "CONTACTS_WRITE"))
    for query in ({"accountId": account.id}, {"contactListId": stocked.ids["list"]}):
        answer = await api.http.get("/contacts", params=query, headers=headers)
        assert answer.status_code == (200 if reads else 403)
        assert ("ada@example.com" in answer.text) == reads
    content, query = b"name\nno address\n", {"accountId": account.id}
    answer = await api.http.post(
        "/contacts", params=query, content=content, headers=headers | {"content-type": "text/csv"}
    )
    # Its form is wrong, so that it leaves nothing for others; who may not import is not told so.
    assert answer.status_code == (400 if writes else 403)


@pytest.mark.parametrize("kind", _SOME, ids=_name)
async def test_mutations(kind: Kind, api: Api, stage: Stage) -> None:
    """What is refused changes nothing, and its payload tells nothing."""
    house = House(stage.parent, stage.account, stage.child)
    caller = await kind.make(stage.world, house)
    refused = [name for name, needed in MUTATIONS.items() if _missing(kind, needed)]
    tried = [(name, await matrix_fields.MUTATIONS[name].prepare(stage)) for name in refused]
    before = await stage.state()
    found = {name: outcome(await mutate(api, name, caller, values), name) for name, values in tried}
    assert found == {name: f"FORBIDDEN {_missing(kind, MUTATIONS[name])}" for name in refused}
    assert await stage.state() == before
    for name in MUTATIONS.keys() - refused:
        values = await matrix_fields.MUTATIONS[name].prepare(stage)
        assert outcome(await mutate(api, name, caller, values), name) == DONE, name


@_EACH
async def test_who_may_not_see_settings_copies_none(
    kind: Kind, api: Api, registry: World, stocked: Stocked
) -> None:
    """Neither into an account below, nor into a new one, nor as a difference."""
    if not kind.is_below:
        return
    caller, house = await kind.make(registry, stocked.house), stocked.house
    both: dict[str, Any] = {"fromAccountId": house.account.id, "toAccountId": house.child.id}
    copied = await mutate(api, "settingsCopy", caller, both | {"settings": ["SENDER_NAME"], "dryRun": True})
    new = {"parentId": house.child.id, "name": "Inn", "copyFrom": house.account.id, "copy": ["SENDER_NAME"]}
    made = await mutate(api, "subaccountCreate", caller, new | {"idempotencyKey": once()})
    diff = await api.ask(
        f"{{ {stocked.put_in('settingsDiff(a: CHILD, b: ACCOUNT) { differences { totalCount } }')} }}", caller
    )
    sees = "SETTINGS_READ" in kind.held
    assert _refused(copied, "settingsCopy") == ([] if sees else ["FORBIDDEN SETTINGS_READ"])
    assert _refused(made, "subaccountCreate") == ([] if sees else ["FORBIDDEN SETTINGS_READ"])
    assert outcome(diff, "settingsDiff") == (DONE if sees else "NOT_FOUND")


def test_no_mutation_of_these_areas_is_left_out() -> None:
    marked = {
        name
        for name, row in matrix_fields.MUTATIONS.items()
        if row.permission in OF_AREAS and name in root_fields(SCHEMA.mutation_type)
    }
    assert marked == MUTATIONS.keys() | ELSEWHERE.keys()


def test_no_field_of_these_areas_is_left_out() -> None:
    gated = {name for name, (needed, _) in matrix_fields.ACCOUNT_FIELDS.items() if needed in OF_AREAS}
    asked = {document.partition("(")[0].partition(" ")[0] for document, _ in FIELDS.values()}
    assert asked <= gated
    others = {"rightsInheritance", "apiKeyCreation", "unsubscribeScope", "sendingDomainLimit"}
    others |= {"singleSignOn", "sessionIdleMinutes", "sessionMaximumMinutes"}
    others |= {"requiresSecondFactor", "ownRequiresSecondFactor"}
    # Of an account's own row and of support: tests/authz/matrix/test_hidden_areas.py has them.
    assert gated - asked == others | {"fieldFunctions", "overrides"}


def _missing(kind: Kind, needed: Iterable[str]) -> str:
    """The first of them that it does not hold; empty if it holds all."""
    return next((name for name in needed if name not in kind.held), "")


def _refused(answer: Answer, name: str) -> list[str]:
    assert answer.errors == [], answer.errors
    return [f"{each['code']} {each.get('permission')}" for each in answer.data[name]["userErrors"]]


def _shown(data: Any) -> list[dict[str, Any]]:
    """The accounts that are asked in full, wherever they stand in the answer."""
    if isinstance(data, list):
        return [found for item in data for found in _shown(item)]
    if not isinstance(data, dict):
        return []
    if "reviewApproved" in data:
        return [data]
    return [found for item in data.values() for found in _shown(item)]


def _is_the_inn(found: dict[str, Any]) -> bool:
    """Whether it is the account itself, and not one above that a manager there sees as well."""
    settings = found["settings"]
    return settings is None or settings["senderName"]["value"] == "Inn"
