"""What a mutation does to others is what the table says; one without its row, or with a wrong one, fails."""

from collections import Counter
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import select
from starlette.applications import Starlette

from models.billing.tables import billing_mode_choices, charges
from models.credit.tables import ledger_entries
from models.effects.attempts import attempts
from models.effects.outbox import outbox_messages
from models.payments.tables import top_ups
from models.plans.tables import limit_increases, plan_choices
from resolvers.effects.mail_limits import MailKind
from tests.authz.escalation.outcomes import DONE, mutate, outcome, root_fields
from tests.authz.matrix.matrix_callers import Stage
from tests.authz.matrix.matrix_fields import MUTATIONS
from tests.authz.rules.consequences import Access, Consequences, Limited, Pays
from tests.by_day import one_in
from tests.client.api import Api
from tests.client.mail_kinds import MAIL_KINDS
from tests.client.places import new_place
from tests.client.schema import SCHEMA
from tests.client.updates import Update
from tests.world.oracles import told_by_areas
from tests.world.world import World

UPDATES: dict[str, Update] = told_by_areas("UPDATES")
CONSEQUENCES: dict[str, Consequences] = told_by_areas("CONSEQUENCES")

_OF_MONEY = (
    billing_mode_choices,
    charges,
    ledger_entries,
    limit_increases,
    plan_choices,
    top_ups,
)
_NEITHER = {"planChange", "planChangeWithdraw", "campaignSend", "campaignSchedule", "campaignApprove"}
_NEITHER |= {"secondFactorRequire"}
"""Updates of a kind of their own: what they are about is not left out."""


_CHANGES_MUCH = {"settingsCopy"}
"""Its dry run tells what else it changes than access."""


@pytest.fixture(scope="module")
async def stage(registry: World) -> Stage:
    """One world for all mutations."""
    return await Stage.of(registry)


def _inputs(name: str) -> set[str]:
    """The names of what a mutation's input holds."""
    argument = root_fields(SCHEMA.mutation_type)[name].args.get("input")
    type_ = None if argument is None else get_named_type(argument.type)
    return set(type_.fields) if isinstance(type_, GraphQLInputObjectType) else set()


def test_every_mutation_has_a_row() -> None:
    assert set(CONSEQUENCES) == set(root_fields(SCHEMA.mutation_type))


def test_whoever_takes_others_access_can_try_it_first() -> None:
    with_dry_run = {name for name in CONSEQUENCES if "dryRun" in _inputs(name)}
    of_others = {name for name, row in CONSEQUENCES.items() if row.access is Access.OTHERS}
    of_money = {name for name, row in CONSEQUENCES.items() if row.pays is Pays.SETTLES}
    assert of_others <= with_dry_run <= of_others | of_money | _CHANGES_MUCH


def test_what_is_left_out_of_an_update_stays() -> None:
    """Each update has a row in the table of them; nothing else takes a version."""
    versioned = {name for name in CONSEQUENCES if "expectedVersion" in _inputs(name)}
    assert versioned - _NEITHER == set(UPDATES)


def test_what_moves_money_or_mails_to_strangers_is_safe_to_repeat() -> None:
    """What takes an amount, or is mailed as an offer, has a key for retries; of ownership there is one offer
    an account, and the same one again changes nothing."""
    repeatable = {name for name in CONSEQUENCES if "idempotencyKey" in _inputs(name)}
    offers = {name for name, row in CONSEQUENCES.items() if Limited.OFFERS in row.limited}
    amounts = {name for name in CONSEQUENCES if _inputs(name) & {"amount", "blocks"}}
    # Of a rule, and of an offer of which there is one at a time, the same again changes nothing.
    assert (offers | amounts) - {"topUpRuleUpdate", "ownershipTransfer"} <= repeatable


@pytest.mark.parametrize("name", one_in(8, CONSEQUENCES))
async def test_mutation(name: str, stage: Stage, app: Starlette) -> None:
    """Done once by somebody who may: whose money moved, what was mailed, and what was counted."""
    row, mutation = CONSEQUENCES[name], MUTATIONS[name]
    callers = sorted(caller for caller, became in mutation.expected.items() if became == DONE)
    caller = callers[0] if callers else "owner"
    values = await mutation.prepare(stage)
    before = await _Seen.of(stage)
    async with Api.of(app, new_place()) as api:
        became = outcome(await mutate(api, name, stage.callers[caller], values), name)
    after = await _Seen.of(stage)
    if became == DONE:
        await mutation.restore(stage, caller)
    await stage.reopen()
    assert became == mutation.expected[caller]
    assert after.mailed - before.mailed == Counter(dict.fromkeys(row.mails, 1))
    assert {_counter(subject) for subject in (after.counted - before.counted)} == set(row.limited)
    assert row.pays is not Pays.NOBODY or after.money == before.money


def _counter(subject: str) -> Limited | str:
    """What the subject of a limit begins with; the whole of it where the table does not know it."""
    return next((limited for limited in Limited if subject.startswith(limited.value)), subject)


class _Seen:
    """What has been mailed and counted so far, and all that is about money."""

    def __init__(self, mailed: Counter[MailKind], counted: Counter[str], money: list[Any]) -> None:
        self.mailed = mailed
        self.counted = counted
        self.money = money

    @classmethod
    async def of(cls, stage: Stage) -> "_Seen":
        kinds = {kind.subject: kind for kind in MAIL_KINDS.values()}
        async with stage.world.database.connect() as connection:
            subjects = (await connection.execute(select(outbox_messages.c.subject))).scalars().all()
            tries = (await connection.execute(select(attempts.c.subject, attempts.c.count))).all()
            money = [sorted(map(str, await connection.execute(select(table)))) for table in _OF_MONEY]
        counted: Counter[str] = Counter()
        for subject, number in tries:
            counted[subject] += number
        return cls(Counter(kinds[subject] for subject in subjects), counted, money)
