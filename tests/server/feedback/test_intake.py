"""Mail that comes back is taken in by HTTP and by the command, and excludes the one recipient it is about."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.base.ids import AccountId, MessageId, new_id
from models.messages.events import message_events
from models.sending.tables import SendStream
from models.statistics.tables import statistic_deltas
from resolvers.messages.tracking.references import Reference, ReferenceSigner
from server.commands.feedback import take
from server.embedded_postgres import DatabaseAddresses
from server.feedback.intake import TakenAs
from server.settings.settings import Settings
from server.start.app import create_app
from tests.client.api import Api
from tests.server.feedback.samples import lines
from tests.world.block_list import listed
from tests.world.messages import give_message
from tests.world.suppressions import streams
from tests.world.world import Account, World

_SECRET = "the secret of the mail server"
_HEADERS = {"authorization": f"Bearer {_SECRET}", "content-type": "message/rfc822"}
_SIGNER = ReferenceSigner([b"another secret of the tests"])
_FAILED = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user"


@pytest.fixture(scope="module")
async def mta(settings: Settings, addresses: DatabaseAddresses) -> AsyncIterator[httpx.AsyncClient]:
    """The deployment's mail server."""
    own = settings.model_copy(update={"feedback_secret": SecretStr(_SECRET)})
    app = create_app(own, addresses.application)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=_HEADERS)
    async with app.router.lifespan_context(app), client:
        yield client


@pytest.fixture
async def account(world: World) -> Account:
    return await world.account()


async def _sent(world: World, account: Account, to: str = "ann@example.com", **more: Any) -> uuid.UUID:
    return await give_message(world, account, to, stream=SendStream.MARKETING, **more)


def _reference(account: Account, key: uuid.UUID) -> str:
    return _SIGNER.written(Reference(AccountId(account.key), MessageId(key)))


def _dsn(to: str, *blocks: str, envelope: str = "", original: str = "Subject: Hello") -> bytes:
    told = "\n\n".join([f"Reporting-MTA: dns; mx.example.net\n{envelope}".rstrip(), *blocks])
    return lines(f"""
From: MAILER-DAEMON@mx.example.net
To: {to}
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

{told}

--b
Content-Type: text/rfc822-headers

{original}

--b--
""")


def _arf(original: str, kind: str = "abuse", recipient: str = "") -> bytes:
    named = f"\nOriginal-Rcpt-To: {recipient}" if recipient else ""
    return lines(f"""
From: abusedesk@provider.example
To: fbl@example.com
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1
Version: 1{named}

--b
Content-Type: message/rfc822

{original}

Hello
--b--
""")


def _block(to: str, rest: str = _FAILED) -> str:
    return f"Final-Recipient: rfc822; {to}\n{rest}"


async def _told(mta: httpx.AsyncClient, content: bytes) -> tuple[str, list[str]]:
    answer = await mta.post("/feedback", content=content)
    assert answer.status_code == 200, answer.text
    return answer.json()["outcome"], answer.json()["events"]


async def _rows(database: AsyncEngine, account: Account) -> list[tuple[str, str | None, str | None]]:
    event = message_events.c
    found = select(event.kind, event.status, event.diagnostic).where(event.account_id == account.key)
    async with database.connect() as connection:
        return [(row.kind, row.status, row.diagnostic) for row in await connection.execute(found)]


async def test_a_hard_bounce_excludes_its_recipient(
    mta: httpx.AsyncClient, api: Api, account: Account, world: World, database: AsyncEngine
) -> None:
    """R79, T25: by the address that it came to; the same mail again changes nothing."""
    key = await _sent(world, account)
    mail = _dsn(f"{_reference(account, key).upper()}@bounce.example.com", _block("Ann@Example.com"))
    found = await asyncio.gather(*[_told(mta, mail) for _ in range(3)])
    assert sorted(found) == [("KNOWN", []), ("KNOWN", []), ("RECORDED", ["HARD_BOUNCE"])]
    diagnostic = "smtp; 550 5.1.1 no such user"
    assert await _rows(database, account) == [("HARD_BOUNCE", "5.1.1", diagnostic)]
    counted = select(statistic_deltas.c.kind).where(statistic_deltas.c.account_id == account.key)
    async with database.connect() as connection:
        assert (await connection.execute(counted)).scalars().all() == ["HARD_BOUNCE"]
    owner = await world.member(account, BuiltinRole.OWNER)
    assert await streams(api, owner, account, "ann@example.com") == ""
    assert await streams(api, owner, account, "bob@example.com") == "MT"


@pytest.mark.parametrize("where", ["to", "envelope id", "return path", "message id"])
async def test_each_trace_of_the_message_is_enough(
    mta: httpx.AsyncClient, account: Account, world: World, where: str
) -> None:
    reference = _reference(account, await _sent(world, account))
    mails = {
        "to": _dsn(f"Bounces <{reference}@bounce.example.com>", _block("ann@example.com")),
        "envelope id": _dsn(
            "a@example.com", _block("ann@example.com"), envelope=f"Original-Envelope-Id: {reference}"
        ),
        "return path": _dsn(
            "a@example.com",
            _block("ann@example.com"),
            original=f"Return-Path: <{reference}@bounce.example.com>",
        ),
        "message id": _dsn(
            "a@example.com", _block("ann@example.com"), original=f"Message-ID: <{reference}@example.com>"
        ),
    }
    assert await _told(mta, mails[where]) == ("RECORDED", ["HARD_BOUNCE"])


@pytest.mark.parametrize(
    ("blocks", "events", "able"),
    [
        ([_block("ann@example.com", "Action: failed\nStatus: 5.2.2")], ["SOFT_BOUNCE"], "MT"),
        ([_block("ann@example.com", "Action: failed\nStatus: 4.4.1")], ["SOFT_BOUNCE"], "MT"),
        ([_block("ann@example.com", "Action: delivered\nStatus: 2.0.0")], ["DELIVERED"], "MT"),
        ([_block("ann@example.com", "Action: delayed\nStatus: 4.4.1")], [], "MT"),
        ([_block("ann@example.com", "Action: expanded\nStatus: 2.0.0")], [], "MT"),
        ([_block("forwarded@example.net")], ["SOFT_BOUNCE"], "MT"),
        ([_block("one@example.net"), _block("two@example.net")], [], "MT"),
        ([_block("one@example.net"), _block("ann@example.com")], ["HARD_BOUNCE"], ""),
        ([f"Original-Recipient: rfc822; ann@example.com\n{_block('new@example.net')}"], ["HARD_BOUNCE"], ""),
        ([_block("one@example.net", "Action: delivered")], [], "MT"),
    ],
)
async def test_what_a_report_means(
    mta: httpx.AsyncClient,
    api: Api,
    account: Account,
    world: World,
    blocks: list[str],
    events: list[str],
    able: str,
) -> None:
    """T25: an address behind the recipient's never excludes the recipient for good."""
    reference = _reference(account, await _sent(world, account))
    outcome, found = await _told(mta, _dsn(f"{reference}@bounce.example.com", *blocks))
    assert (outcome, found) == ("RECORDED" if events else "NOTHING", events)
    owner = await world.member(account, BuiltinRole.OWNER)
    assert await streams(api, owner, account, "ann@example.com") == able


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("abuse", ["COMPLAINT"]),
        ("fraud", ["COMPLAINT"]),
        ("x-new", ["COMPLAINT"]),
        ("opt-out", ["UNSUBSCRIBE"]),
        ("not-spam", []),
        ("auth-failure", []),
    ],
)
async def test_a_complaint_blocks(
    mta: httpx.AsyncClient, api: Api, account: Account, world: World, kind: str, events: list[str]
) -> None:
    """Also where the provider made the recipient unreadable. Nobody entered it."""
    reference = _reference(account, await _sent(world, account))
    mail = _arf(f"Message-ID: <{reference}@example.com>", kind, "redacted-7@example.com")
    assert await _told(mta, mail) == ("RECORDED" if events else "NOTHING", events)
    owner = await world.member(account, BuiltinRole.OWNER)
    able = {"COMPLAINT": "", "UNSUBSCRIBE": "T"}.get("".join(events), "MT")
    assert await streams(api, owner, account, "ann@example.com") == able
    entries = await listed(api, owner, account)
    blocked = [(each["address"], each["reason"], each["enteredById"]) for each in entries]
    assert blocked == ([("ann@example.com", "COMPLAINT", None)] if able == "" else [])


async def test_mail_of_nobody_writes_nothing(mta: httpx.AsyncClient, account: Account, world: World) -> None:
    key = await _sent(world, account)
    reference = _reference(account, key)
    other = ReferenceSigner([b"a secret of nobody here"])
    forged = other.written(Reference(AccountId(account.key), MessageId(key)))
    block = _block("ann@example.com")
    mails = {
        "OF_NOBODY": [
            _dsn("a@example.com", block),
            _dsn(f"{forged}@example.com", block),
            _dsn(f"{reference[:-1]}{'a' if reference[-1] != 'a' else 'b'}@example.com", block),
            _dsn(f"{_reference(account, new_id())}@example.com", block),
            _dsn(f"{_reference(await world.account(), key)}@example.com", block),
            _dsn(f"{_SIGNER.written(Reference(AccountId(new_id()), MessageId(key)))}@example.com", block),
            _dsn("a@example.com", block, original=f"Message-ID: <{key}@example.com>"),
        ],
        "NO_REPORT": [
            b"",
            b"\x00\xff" * 1_000,
            lines(f"To: {reference}@example.com\nSubject: Out of office\n\nI am away."),
            _dsn(f"{reference}@example.com", "Action: failed"),
        ],
    }
    before = await world.state(account)
    for outcome, some in mails.items():
        for mail in some:
            assert await _told(mta, mail) == (outcome, []), mail
    assert await world.state(account) == before


async def test_who_may_bring_mail(mta: httpx.AsyncClient, account: Account, world: World, api: Api) -> None:
    mail = _dsn(f"{_reference(account, await _sent(world, account))}@example.com", _block("ann@example.com"))
    before = await world.state(account)
    for headers, status in (
        ({"authorization": "Bearer another secret"}, 401),
        ({"authorization": ""}, 401),
        ({"content-type": "text/plain"}, 415),
        ({"content-encoding": "gzip"}, 415),
    ):
        assert (await mta.post("/feedback", content=mail, headers=headers)).status_code == status
    assert (await mta.post("/feedback", content=b"a" * 1_000_001)).status_code == 413
    assert (await mta.get("/feedback")).status_code == 405
    assert await world.state(account) == before
    without = await api.http.post("/feedback", content=mail, headers=_HEADERS)
    assert without.status_code == 404


async def test_the_command_does_the_same(
    account: Account, world: World, addresses: DatabaseAddresses, settings: Settings
) -> None:
    mail = _dsn(f"{_reference(account, await _sent(world, account))}@example.com", _block("ann@example.com"))
    outcomes = [
        (await take(addresses.application, settings, each)).outcome for each in (mail, mail, b"Hello")
    ]
    assert outcomes == [TakenAs.RECORDED, TakenAs.KNOWN, TakenAs.NO_REPORT]


async def test_header_injection_stays_text(
    mta: httpx.AsyncClient, account: Account, world: World, database: AsyncEngine
) -> None:
    reference = _reference(account, await _sent(world, account))
    told = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 " + "a\n b" * 2_000
    assert await _told(mta, _dsn(f"{reference}@example.com", _block("ann@example.com", told))) == (
        "RECORDED",
        ["HARD_BOUNCE"],
    )
    ((_, _, diagnostic),) = await _rows(database, account)
    assert diagnostic is not None
    assert len(diagnostic) <= 1_000
    assert "\n" not in diagnostic
