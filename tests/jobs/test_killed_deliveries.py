"""A campaign whose workers are killed at any moment, while the mail server refuses, puts off and hangs up.

Each recipient gets one message, none, or at most one that is told to be in doubt.
"""

import asyncio
import random
import signal
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import func, select, text

from models.messages.tables import MessageStatus, messages
from models.settings.tables import SettingName
from resolvers.messages.delivery.claim import AT_ONCE
from server.embedded_postgres import DatabaseAddresses
from server.transports.header_fields import wire_address
from tests.areas.messages.site import Mailbox
from tests.authz.escalation.profiles import BY_NIGHT
from tests.client.api import Api
from tests.client.mutations import done
from tests.database.job_queue import let_workers_die
from tests.server.start.processes import PATIENCE, running
from tests.waiting import until
from tests.world.brand import Brand
from tests.world.contacts import contact_list_id, give_contacts, give_memberships
from tests.world.messages import give_sender
from tests.world.plans import make_plan, subscribe
from tests.world.settings import set_setting
from tests.world.templates import give_template, template_id
from tests.world.world import World

_CONTACTS = 150_000 if BY_NIGHT else 75
_RECIPIENTS = sum(number % 3 != 1 for number in range(_CONTACTS))
"""The other contacts have a phone alone."""
_DOMAINS = 1 + _RECIPIENTS // 20
"""Of their addresses. A domain rests for a second or more after each message that is put off, or whose
connection ends, and the others go on meanwhile."""
_KILLS = 25 if BY_NIGHT else 1
_TURNS = 8
"""Of a tree that one worker may have at once, which are all its jobs: those of a dead worker come back beside
the new ones."""
_SETTINGS = {
    "MANDANT_CONTACT_KEY": "a secret of the tests",
    "MANDANT_SECRET_KEYS": "a secret of tests",
    "MANDANT_PUBLIC_URL": "http://mandant.test",
}
_AGE = """
UPDATE messages SET due_at = now() WHERE due_at > now();
UPDATE messages SET claimed_at = claimed_at - interval '1 hour' WHERE status = 'CLAIMED';
UPDATE delivery_queues SET due_at = now();
UPDATE campaigns SET work_due_at = now() WHERE work_due_at IS NOT NULL;
UPDATE pgq.pgqueuer SET execute_after = now()
"""
_UNWRITTEN = "SELECT recipients - reached + (work_due_at <= now() IS TRUE)::int FROM campaigns"
"""Messages to be written, and one more while a worker has something to do for the campaign."""

_OPEN = [MessageStatus.WAITING.value, MessageStatus.CLAIMED.value]


def _answers(put_off: set[str]) -> Any:
    """One in 20 is refused, one in 20 ends the connection, and one in ten is put off once."""

    def answer(to: str) -> str:
        match zlib.crc32(to.encode()) % 20:
            case 0:
                return "550 5.1.1 No such user"
            case 1:
                return "end"
            case 2 | 3 if to not in put_off:
                put_off.add(to)
                return "451 Later"
            case _:
                return "250 Taken"

    return answer


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, str]]:
    """What a mail server takes, and its address."""
    found, made = Mailbox(_answers(set())), list[SMTP]()

    def accept() -> SMTP:
        made.append(SMTP(found, enable_SMTPUTF8=True))
        return made[-1]

    server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
    async with server:
        yield found, f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for each in made:
            if isinstance(each.transport, asyncio.WriteTransport):
                each.transport.abort()


async def _start_campaign(api: Api, world: World, brand: Brand) -> str:
    """The id of a campaign to all contacts, that is being sent."""
    plan = await make_plan(world, active_contacts=_RECIPIENTS, sends=_RECIPIENTS)
    await subscribe(world, brand.us, plan)
    await set_setting(world, brand.us, SettingName.SENDER_ADDRESS, await give_sender(world, brand.us))
    contacts = await give_contacts(world, brand.us, _CONTACTS, _DOMAINS)
    everybody = (await give_memberships(world, brand.us, contacts))[0]
    async with world.database.begin() as connection:
        # As PostgreSQL does by itself, some time after so many rows.
        await connection.execute(text("ANALYZE"))
    template = template_id(brand.us, await give_template(world, brand.us, "Spring", text="Hello!"))
    values: dict[str, Any] = {"accountId": brand.us.id, "name": "Spring", "templateId": template}
    values["contactListIds"] = [contact_list_id(brand.us, everybody)]
    made = (await done(api, "campaignCreate", brand.owner, "campaign { id version }", **values))["campaign"]
    await done(api, "campaignSend", brand.owner, campaignId=made["id"], expectedVersion=made["version"])
    campaign_id: str = made["id"]
    return campaign_id


async def _statuses(world: World) -> dict[str, str]:
    """By the recipients, of whom nobody has two messages."""
    async with world.database.connect() as connection:
        rows = (await connection.execute(select(messages.c.recipient, messages.c.status))).all()
    found: dict[str, str] = {row.recipient: row.status for row in rows}
    assert len(found) == len(rows)
    return found


async def _doubted(world: World) -> tuple[int, set[str]]:
    """How many messages dead workers left in doubt, and who else's are."""
    doubtful = messages.c.status == MessageStatus.DOUBTFUL.value
    async with world.database.connect() as connection:
        rows = (
            await connection.execute(select(messages.c.recipient, messages.c.answer).where(doubtful))
        ).all()
    left = [row for row in rows if row.answer.startswith("A worker that had claimed it died.")]
    return len(left), {row.recipient for row in rows if row not in left}


async def test_nobody_gets_two_and_what_is_in_doubt_is_told(
    api: Api,
    own: DatabaseAddresses,
    world: World,
    brand: Brand,
    mailbox: tuple[Mailbox, str],
    tmp_path: Path,
) -> None:
    box, url = mailbox
    chance = random.Random(7)
    campaign_id = await _start_campaign(api, world, brand)
    settings = _SETTINGS | {"DATABASE_URL": own.application, "MANDANT_SMTP_URL": url}

    for _ in range(_KILLS):
        wanted = len(box.taken) + chance.randint(1, max(2, _RECIPIENTS // (2 * _KILLS)))
        with running(tmp_path, "worker", **settings) as worker:
            await _let_send(box, wanted)
            worker.process.send_signal(signal.SIGKILL)
            worker.process.wait(PATIENCE)
        await let_workers_die(world.database)
        await _let_pass(world)

    while not await _is_sent(api, brand, campaign_id):
        with running(tmp_path, "worker", **settings) as worker:
            await _let_work(world)
            worker.process.send_signal(signal.SIGTERM)
            # Beside the mail server, which the worker may still speak to.
            await asyncio.to_thread(worker.process.wait, PATIENCE)
        await _let_pass(world)

    statuses = await _statuses(world)
    arrived = Counter(to for to, _ in box.taken)
    assert len(statuses) == _RECIPIENTS
    assert max(arrived.values()) == 1, "nobody got two"
    # Of few recipients, a dead worker may have left in doubt all that were refused.
    assert set(statuses.values()) | {"FAILED"} == {"SENT", "FAILED", "DOUBTFUL"}
    came = {to: arrived[wire_address(to)] for to in statuses}
    assert {came[to] for to, status in statuses.items() if status == "SENT"} == {1}
    assert {came[to] for to, status in statuses.items() if status == "FAILED"} <= {0}
    ended = {to for to in statuses if zlib.crc32(wire_address(to).encode()) % 20 == 1}
    left, others = await _doubted(world)
    assert others <= ended
    assert left <= _KILLS * _TURNS * 2 * AT_ONCE
    usage = "query ($id: ID!) { account(id: $id) { usage { sent } } }"
    assert (await api.read(usage, brand.owner, id=brand.us.id))["account"]["usage"]["sent"] == _RECIPIENTS


async def _let_send(box: Mailbox, wanted: int) -> None:
    """Wait until so much has arrived: however long that takes, as long as there is more again and again."""
    while (before := len(box.taken)) < wanted:

        def is_more(before: int = before) -> bool:
            return len(box.taken) > before

        await until(is_more)


async def _let_work(world: World) -> None:
    """Wait until nothing is due: however long that takes, as long as there is less of it again and again."""

    async def due() -> int:
        async with world.database.connect() as connection:
            is_due = messages.c.status.in_(_OPEN) & (messages.c.due_at <= func.now())
            waiting: int = (await connection.execute(select(func.count()).where(is_due))).scalar_one()
            return waiting + int((await connection.execute(text(_UNWRITTEN))).scalar_one())

    left = await due()
    while left:

        async def is_less(left: int = left) -> bool:
            return await due() < left

        await until(is_less)
        left = await due()


async def _let_pass(world: World) -> None:
    """So much time has passed that whatever a dead worker had claimed is in doubt."""
    async with world.database.begin() as connection:
        for statement in _AGE.split(";"):
            await connection.execute(text(statement))


async def _is_sent(api: Api, brand: Brand, campaign_id: str) -> bool:
    query = "query ($id: ID!) { node(id: $id) { ... on Campaign { status } } }"
    return bool((await api.read(query, brand.owner, id=campaign_id))["node"]["status"] == "SENT")
