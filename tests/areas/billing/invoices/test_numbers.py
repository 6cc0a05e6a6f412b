"""Numbers without gaps, invoices that stay as they are, and credit notes that take them back."""

import asyncio
import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSessions
from models.base.ids import AccountId, AccountKey
from models.billing.invoices import invoices
from models.billing.job_kinds import INVOICE_ISSUE
from resolvers.billing.credit_note import credit_invoice
from resolvers.billing.issue import issue_invoice
from resolvers.billing.xml_parse import read_invoice_xml
from server.database.clock import Clock
from server.settings.payments import NoPayments
from server.start.worker import look
from tests.areas.billing.invoices.factur_x import check
from tests.areas.effects.log import events_of
from tests.client.api import Api
from tests.concurrency.gates import waits
from tests.database.job_queue import ready_jobs, work_off
from tests.server.deployed import deployed
from tests.world.billing import ISSUER, invoices_of, issue, lines_of, sums_of, with_ended_cycles
from tests.world.credit import EURO
from tests.world.world import Account, World


async def _numbers(database: AsyncEngine) -> list[int]:
    async with database.connect() as connection:
        statement = select(invoices.c.sequence).order_by(invoices.c.sequence)
        return list((await connection.execute(statement)).scalars())


async def test_several_workers_at_once(world: World, clock: Clock, application: AsyncEngine) -> None:
    """Each account has its one invoice, and no number is left out or given twice."""
    due = await with_ended_cycles(world, clock, 12)
    await asyncio.gather(*[issue(application) for _ in range(4)])
    await issue(application)
    sequences = await _numbers(world.database)
    assert sequences == list(range(1, len(sequences) + 1))
    async with world.database.connect() as connection:
        keys = [account.key for account in due]
        statement = select(invoices.c.account_id).where(invoices.c.account_id.in_(keys))
        assert sorted((await connection.execute(statement)).scalars()) == sorted(keys)


async def _charged(application: AsyncEngine, ended: list[Account]) -> list[AccountKey]:
    """All that has ended is charged. Which of these accounts an invoice is due to: jobs that other tests left
    may become ready now."""
    await work_off(application, NoPayments())
    await look(application, deployed(issuer=ISSUER))
    jobs = await ready_jobs(application, INVOICE_ISSUE)
    keys = {account.key for account in ended}
    return [AccountKey(job.master_id, AccountId(job.subject_id)) for job in jobs if job.subject_id in keys]


@pytest.mark.parametrize("rolled_back", [True, False])
async def test_two_that_see_the_same_invoice_due(
    world: World, clock: Clock, application: AsyncEngine, rolled_back: bool
) -> None:
    """The second waits for the first, and finds nothing left; or it takes the number of what never was."""
    (due,) = await _charged(application, await with_ended_cycles(world, clock))
    before = await _numbers(world.database)
    sessions = WriteSessions(application)

    async def second() -> str | None:
        async with sessions.begin() as session:
            issued = await issue_invoice(session, ISSUER, due)
            return None if issued is None else issued.number

    async with sessions.try_out() if rolled_back else sessions.begin() as first:
        made = await issue_invoice(first, ISSUER, due)
        assert made is not None
        waiting = asyncio.create_task(second())
        assert await waits(waiting, world.database)
    assert await waiting == (made.number if rolled_back else None)
    assert await _numbers(world.database) == [*before, len(before) + 1]


async def test_two_trees_share_one_sequence(world: World, clock: Clock, application: AsyncEngine) -> None:
    """Whoever comes second waits with its number until it is known whether the first one's was used."""
    one, other = await _charged(application, await with_ended_cycles(world, clock, 2))
    before = await _numbers(world.database)
    sessions = WriteSessions(application)

    async def issued(due: AccountKey) -> str:
        async with sessions.begin() as session:
            made = await issue_invoice(session, ISSUER, due)
            assert made is not None
            return made.number

    async with sessions.try_out() as first:
        made = await issue_invoice(first, ISSUER, one)
        assert made is not None
        waiting = asyncio.create_task(issued(other))
        assert await waits(waiting, world.database)
    assert await waiting == made.number
    assert await issued(one) == f"INV-{len(before) + 2}"


async def test_what_does_not_add_up_is_not_issued(
    world: World, clock: Clock, application: AsyncEngine
) -> None:
    """By the database itself, whoever calls: sums, charges of others, closed trees; and no number is used."""
    one, other = await _charged(application, await with_ended_cycles(world, clock, 2))
    before = await _numbers(world.database)
    issue_one = text(
        "SELECT invoice_issue(jsonb_build_object('master_id', cast(:tree AS uuid), 'account_id', "
        "cast(:tree AS uuid), 'id', gen_random_uuid(), 'kind', 'INVOICE', 'issued_at', now(), "
        "'due_at', now(), "
        "'starts_at', now(), 'ends_at', now() + interval '1 day', 'currency', 'EUR', 'tax_rate', 0, "
        "'net', cast(:net AS bigint), 'tax', 0, 'prepaid', 0, 'xml', ''), 'X-', "
        "(SELECT array_agg(id) FROM charges WHERE billed_id = cast(:billed AS uuid)))"
    )
    right = {"tree": one.account_id, "billed": one.account_id, "net": 10 * EURO}
    cases = {
        "another sum": (one, right | {"net": 9 * EURO}, "23514"),
        "somebody else's charges": (one, right | {"billed": other.account_id}, "23514"),
        "nothing": (one, right | {"billed": uuid.uuid4()}, "23514"),
        "a tree that is not open": (other, right, "42501"),
    }
    for name, (entered, values, sqlstate) in cases.items():
        async with application.connect() as connection:
            await connection.execute(
                text("SELECT mandant_enter_as_worker(cast(:tree AS uuid))"), {"tree": entered.master_id}
            )
            with pytest.raises(DBAPIError) as refused:
                await connection.execute(issue_one, values)
        assert getattr(refused.value.orig, "sqlstate", None) == sqlstate, name
    assert await _numbers(world.database) == before
    await issue(application)
    assert await _numbers(world.database) == [*before, len(before) + 1, len(before) + 2]


async def test_a_credit_note_takes_an_invoice_back(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    """All of it, under the next number; the invoice stays as it was, and cannot be taken back twice."""
    (account,) = await with_ended_cycles(world, clock)
    owner = await world.member(account, BuiltinRole.OWNER)
    await issue(application)
    (before,) = await invoices_of(api, owner, account)
    sessions = WriteSessions(world.database)
    async with sessions.begin() as session:
        issued = await credit_invoice(session, "CN-", before["number"], " Wrong ")
    assert issued.number == f"CN-{(await _numbers(world.database))[-1]}"
    shown = "xml correctedBy { number reason } corrects { number } reason"
    plain, note = await invoices_of(api, owner, account)
    assert (plain, note["kind"], lines_of(note), sums_of(note)) == (
        before,
        "CREDIT_NOTE",
        lines_of(before),
        sums_of(before),
    )
    old, new = await invoices_of(api, owner, account, shown)
    assert (old["correctedBy"], old["corrects"]) == ({"number": issued.number, "reason": "Wrong"}, None)
    assert (new["correctedBy"], new["corrects"]) == (None, {"number": before["number"]})
    check(new["xml"])
    document = read_invoice_xml(new["xml"])
    assert (document.number, document.corrects, document.reason) == (issued.number, before["number"], "Wrong")
    numbers = await _numbers(world.database)
    for number, code in (
        (before["number"], RefusalCode.FAILED_PRECONDITION),
        (issued.number, RefusalCode.FAILED_PRECONDITION),
        ("INV-0", RefusalCode.NOT_FOUND),
        ("", RefusalCode.NOT_FOUND),
    ):
        with pytest.raises(Refusal) as refused:
            async with sessions.begin() as session:
                await credit_invoice(session, "CN-", number, "Again")
        assert refused.value.code is code, number
    with pytest.raises(Refusal) as refused:
        async with sessions.begin() as session:
            await credit_invoice(session, "CN-", before["number"], " ")
    assert refused.value.code is RefusalCode.BAD_USER_INPUT
    assert await _numbers(world.database) == numbers
    await clock.forward(minutes=1)
    await issue(application)
    assert await _numbers(world.database) == numbers, "what was charged is not charged again"
    log = await events_of(api, owner, account.id)
    assert [event["type"] for event in log][:2] == ["INVOICE_CREDITED", "INVOICE_ISSUED"]
    assert log[0]["after"] == {"number": issued.number}


async def test_two_credit_notes_at_once(
    world: World, clock: Clock, application: AsyncEngine, api: Api
) -> None:
    (account,) = await with_ended_cycles(world, clock)
    owner = await world.member(account, BuiltinRole.OWNER)
    await issue(application)
    (invoice,) = await invoices_of(api, owner, account, "number")
    before = await _numbers(world.database)
    sessions = WriteSessions(world.database)

    async def credit() -> bool:
        try:
            async with sessions.begin() as session:
                await credit_invoice(session, "CN-", invoice["number"], "Wrong")
        except Refusal:
            return False
        return True

    assert sorted(await asyncio.gather(credit(), credit(), credit())) == [False, False, True]
    assert await _numbers(world.database) == [*before, len(before) + 1]


async def test_without_an_issuer_cycles_are_charged_and_nothing_is_issued(
    api: Api, world: World, clock: Clock, application: AsyncEngine
) -> None:
    (account,) = await with_ended_cycles(world, clock)
    owner = await world.member(account, BuiltinRole.OWNER)
    await work_off(application, NoPayments())
    assert await invoices_of(api, owner, account) == []
    await issue(application)
    assert len(await invoices_of(api, owner, account)) == 1
