"""What is explained is what is decided: on every authorization case, and on random trees."""

import dataclasses
import json
import re

import pytest
from hypothesis import given
from sqlalchemy import delete

from authz.explain.explanation import explain
from authz.explain.steps import AccessDecision, ExplanationDiffersError
from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.roles.tables import role_policy_lines
from tests.areas.explain.asking import Told, ask, operators_facts, snapshot
from tests.authz.cases.case_files import read_cases
from tests.authz.cases.sight import look
from tests.authz.escalation.forests import Planted, Plot, plant, plots
from tests.authz.escalation.profiles import examples
from tests.authz.escalation.reach_model import Forest, Grants
from tests.authz.escalation.scenes import set_up
from tests.by_day import one_in
from tests.client.api import Api
from tests.world.world import ApiKey, Person, World

_CASES = read_cases()


@pytest.mark.parametrize("name", one_in(3, _CASES))
async def test_every_case_is_explained_as_it_is_decided(name: str, world: World) -> None:
    """Callers whose key does not work are denied everything."""
    case = _CASES[name]
    scene = await set_up(world, case)
    async with snapshot(world.database) as reader:
        for name, caller in scene.callers.items():
            facts = {
                account: await operators_facts(reader, made, caller)
                for account, made in scene.accounts.items()
            }
            for may in case.may:
                explanation = explain(facts[may.account], may.permission)
                allowed = explanation.decision is AccessDecision.ALLOWED
                assert allowed == (name in may.callers), (name, may)
                assert not (allowed and explanation.nearest_misses), (name, may)


async def test_an_explanation_of_something_else_is_an_error(world: World) -> None:
    """Better no answer than one that is not what is enforced."""
    account = await world.account()
    analyst = await world.member(account, BuiltinRole.ANALYST)
    async with snapshot(world.database) as reader:
        facts = await operators_facts(reader, account, analyst.person)
    assert explain(facts, Permission.STATISTICS_READ).decision is AccessDecision.ALLOWED
    for verdict in (0, facts.verdict | Permission.CREDIT_READ.bit):
        wrong = dataclasses.replace(facts, verdict=verdict)
        permission = Permission.STATISTICS_READ if verdict == 0 else Permission.CREDIT_READ
        with pytest.raises(ExplanationDiffersError, match=permission.name):
            explain(wrong, permission)


async def test_a_line_that_was_not_compiled_is_an_error(world: World) -> None:
    """What a role shows as its policy is what holds."""
    account = await world.account()
    editor = await world.role(account, "ACCOUNT_READ CONTACTS_READ")
    member = await world.member(account, editor)
    async with world.database.begin() as connection:
        await connection.execute(
            delete(role_policy_lines).where(
                role_policy_lines.c.role_id == editor.key, role_policy_lines.c.area == "CONTACTS"
            )
        )
    async with snapshot(world.database) as reader:
        facts = await operators_facts(reader, account, member.person)
    assert explain(facts, Permission.ACCOUNT_READ).decision is AccessDecision.ALLOWED
    with pytest.raises(ExplanationDiffersError, match=str(editor.key)):
        explain(facts, Permission.CONTACTS_READ)


@examples(7)
@given(plot=plots())
async def test_every_permission_is_explained_as_the_design_decides_it(plot: Plot, registry: World) -> None:
    """`explain` itself raises where it differs from what reach and status answer in the same snapshot."""
    planted = await plant(registry, plot)
    dead: list[tuple[ApiKey, Grants]] = [(key, ()) for key in planted.dead_keys if isinstance(key, ApiKey)]
    async with snapshot(registry.database) as reader:
        for caller, grants in (*planted.callers, *dead):
            for number, account in enumerate(planted.accounts):
                facts = await operators_facts(reader, account, caller)
                explained = {
                    permission.name
                    for permission in Permission
                    if explain(facts, permission).decision is AccessDecision.ALLOWED
                }
                assert explained == (plot.forest.permissions(grants, number) or set())


@examples(3)
@given(plot=plots(most_accounts=5))
async def test_nobody_learns_more_than_they_see(plot: Plot, api: Api, registry: World) -> None:
    """Everybody asks about everybody: what is told is true, and of no account outside the asker's reach."""
    planted = await plant(registry, plot)
    for asker, held in planted.callers:
        visible = set((await look(api, asker, planted.accounts)).listed_ids)
        for subject, grants in planted.callers:
            assert isinstance(subject, Person | ApiKey)
            for number, account in enumerate(planted.accounts):
                answer = await ask(api, asker, account.id, "CONTACTS_WRITE", subject.id)
                if answer.errors:
                    assert answer.codes == ["NOT_FOUND"]
                    assert account.id not in visible or subject is not asker
                    continue
                assert account.id in visible
                assert subject is asker or _may_ask(plot.forest, held, number, subject)
                told = Told(answer.data["explainAccess"])
                assert (told.decision == "ALLOWED") == _may(plot.forest, grants, number)
                _assert_names_only(planted, visible, told)


def _may(forest: Forest, grants: Grants, number: int) -> bool:
    return "CONTACTS_WRITE" in (forest.permissions(grants, number) or ())


def _may_ask(forest: Forest, held: Grants, number: int, subject: Person | ApiKey) -> bool:
    """A key's account may be another one, in which its keys may be seen."""
    if isinstance(subject, Person):
        return "MEMBERS_READ" in (forest.permissions(held, number) or ())
    return any(
        "API_KEYS_READ" in (forest.permissions(held, other) or ()) for other in range(len(forest.nodes))
    )


def _assert_names_only(planted: Planted, visible: set[str], told: Told) -> None:
    text = json.dumps(told.data)
    for account in planted.accounts:
        if account.id not in visible:
            assert account.id not in text
            assert not re.search(rf"\b{account.name}\b", text)
