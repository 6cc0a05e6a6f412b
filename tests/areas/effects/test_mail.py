"""What is mailed, how much of it, and how it reads: one table of every kind of mail there is."""

import ast
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.accounts.tables import ParentAccess
from models.effects.attempts import attempts
from resolvers.access.mail_kinds import ACCESS_EXPIRING
from resolvers.access_review.mail_kinds import ACCESS_REVIEW_ASKED
from resolvers.accounts.mail_kinds import ACCOUNT_RESUMED, ACCOUNT_SUSPENDED
from resolvers.effects.mail_limits import OFFERS, MailKind, Whose
from resolvers.effects.mail_texts import LONGEST_SHOWN, letter, quoted, quoted_in_sql
from resolvers.effects.outbox import recipient_digest
from resolvers.invitations.mail_kinds import INVITATION
from resolvers.members.mail_kinds import OWNERSHIP_OFFER
from resolvers.parent_access.mail_kinds import BREAK_GLASS
from resolvers.people.mail_kinds import (
    EMAIL_CHANGE,
    EMAIL_CHANGE_ATTEMPT,
    EMAIL_CHANGED,
    EMAIL_VERIFICATION,
    PASSWORD_CHANGED,
    PASSWORD_CHANGED_IN_GERMAN,
    PASSWORD_RESET,
    SIGN_UP_ATTEMPT,
)
from resolvers.reputation.mail_kinds import REPUTATION_CHANGED, REPUTATION_CHANGED_FOR_STAFF
from resolvers.review.mail_kinds import REVIEW_DECIDED
from resolvers.second_factor.mail_kinds import (
    FACTOR_RESET,
    FACTOR_RESET_IN_GERMAN,
    FACTORS_CHANGED,
    FACTORS_CHANGED_IN_GERMAN,
)
from resolvers.sessions.mail_kinds import NEW_CLIENT, NEW_CLIENT_IN_GERMAN
from resolvers.shares.mail_kinds import SHARE
from resolvers.webhooks.mail_kinds import WEBHOOK_DELIVERY_FAILED, WEBHOOK_PAUSED
from tests.areas.effects.log import mails_to
from tests.client.api import Api
from tests.client.links import set_parent_access
from tests.client.mail_kinds import MAIL_KINDS
from tests.client.mutations import ROLE_IDS, Attempt, attempt, code_of
from tests.world.world import Member, World

ROOT = Path(__file__).parents[3]

DECEIVING = [
    "Win at https://evil.example/x",
    "evil.example",
    "www.evil.example",
    "mail me@evil.example now",
    "evil。example and evil．example",
    "tel:+491234",
    "A\u2024b",
    "x" * 200,
]
"""Names that mail programs would make links of, and one that is a letter of its own."""


@dataclass(frozen=True)
class Row:
    """Where a kind of mail comes from, and whether more of it than its limits is refused."""

    functions: set[str]
    refused: bool


MAILS = {
    INVITATION: Row({"invitations.mail.queue_invitation"}, refused=True),
    SHARE: Row({"shares.mail.queue_share"}, refused=True),
    OWNERSHIP_OFFER: Row({"members.mail.queue_offer"}, refused=True),
    BREAK_GLASS: Row({"parent_access.mail.queue_warnings"}, refused=False),
    ACCESS_EXPIRING: Row({"access.functions.FUNCTIONS"}, refused=False),
    EMAIL_VERIFICATION: Row({"people.mailbox.send_verification"}, refused=True),
    SIGN_UP_ATTEMPT: Row({"people.mailbox.send_verification"}, refused=True),
    EMAIL_CHANGE: Row({"people.email_change.request_email_change"}, refused=True),
    EMAIL_CHANGE_ATTEMPT: Row({"people.email_change.request_email_change"}, refused=True),
    EMAIL_CHANGED: Row({"people.email_change.change_address"}, refused=False),
    PASSWORD_RESET: Row({"people.passwords.resets.request_password_reset"}, refused=False),
    PASSWORD_CHANGED: Row({"people.passwords.mail._KIND"}, refused=False),
    PASSWORD_CHANGED_IN_GERMAN: Row({"people.passwords.mail._KIND"}, refused=False),
    ACCESS_REVIEW_ASKED: Row({"access_review.mail.tell_owners"}, refused=False),
    ACCOUNT_SUSPENDED: Row({"accounts.staff_status._SUSPENDING"}, refused=False),
    ACCOUNT_RESUMED: Row({"accounts.staff_status._RESUMING"}, refused=False),
    NEW_CLIENT: Row({"sessions.new_client._KIND"}, refused=False),
    NEW_CLIENT_IN_GERMAN: Row({"sessions.new_client._KIND"}, refused=False),
    FACTOR_RESET: Row({"second_factor.mail._RESET"}, refused=False),
    FACTOR_RESET_IN_GERMAN: Row({"second_factor.mail._RESET"}, refused=False),
    FACTORS_CHANGED: Row({"second_factor.mail._CHANGED"}, refused=False),
    FACTORS_CHANGED_IN_GERMAN: Row({"second_factor.mail._CHANGED"}, refused=False),
    REPUTATION_CHANGED: Row({"reputation.tell.mail_moved"}, refused=False),
    REPUTATION_CHANGED_FOR_STAFF: Row({"reputation.tell.mail_moved"}, refused=False),
    REVIEW_DECIDED: Row({"review.mail.queue_decision"}, refused=False),
    WEBHOOK_PAUSED: Row({"webhooks.tell.pause"}, refused=False),
    WEBHOOK_DELIVERY_FAILED: Row({"webhooks.tell.tell_of_failed"}, refused=False),
}
"""A new kind, and a new place that sends one, is thought through here: who is limited, and who is told."""

DOORS = {"effects/outbox.py", "access/tell_expiries.sql"}
"""What writes into the outbox; the latter in SQL, with limits of its own (see tests/areas/access/expiry)."""


def _uses(tree: ast.Module) -> set[tuple[str, str]]:
    """The kinds that the functions and constants of a module name, with these."""
    imported = {
        name.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and str(statement.module).endswith(".mail_kinds")
        for name in statement.names
    }
    return {
        (node.id, name)
        for statement in tree.body
        if (name := _name_of(statement)) is not None
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and node.id in imported & MAIL_KINDS.keys()
    }


def _name_of(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return statement.name
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def test_every_mail_is_in_the_table_and_goes_through_the_door() -> None:
    resolvers = ROOT / "resolvers"
    files = [path for path in sorted(resolvers.rglob("*")) if path.suffix in {".py", ".sql"}]
    sources = {path.relative_to(resolvers).as_posix(): path.read_text(encoding="utf-8") for path in files}
    found: dict[MailKind, set[str]] = {kind: set() for kind in MAIL_KINDS.values()}
    for name, source in sources.items():
        if name.endswith(".py"):
            for kind, place in _uses(ast.parse(source)):
                found[MAIL_KINDS[kind]].add(f"{name.removesuffix('.py').replace('/', '.')}.{place}")
    assert found == {kind: row.functions for kind, row in MAILS.items()}
    assert {name for name, source in sources.items() if _writes_mail(source)} == DOORS
    for folder in ("schema", "authz", "server"):
        for path in (ROOT / folder).rglob("*.py"):
            assert not _writes_mail(path.read_text(encoding="utf-8")), path


def _writes_mail(source: str) -> bool:
    return "insert(outbox_messages" in source or "INSERT INTO outbox_messages" in source


def test_every_kind_has_limits_for_its_recipient() -> None:
    """And what the platform must tell shares none with what customers send."""
    for kind, row in MAILS.items():
        budgets = kind.policy.budgets
        assert {Whose.RECIPIENT, Whose.RECIPIENT_IN_TREE} & {budget.whose for budget in budgets}, kind
        drops = {budget.drops for budget in budgets if budget.whose is not Whose.PLACE}
        assert drops == {not row.refused}, kind
        assert kind.policy.is_offer == (kind.policy is OFFERS)
        assert kind.subject.isprintable()
    names = [policy.name for policy in {kind.policy for kind in MAIL_KINDS.values()}]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", [*DECEIVING, "Müller & Söhne GmbH", "St. Gallen Inc.", "100% of $1"])
async def test_a_name_is_shown_as_such_and_is_no_link(name: str, database: AsyncEngine) -> None:
    told = quoted(name)
    assert told[0] + told[-1] == "“”"
    assert len(told) <= LONGEST_SHOWN + 2 + 2 * 20
    for link in ("://", "www.e", "l.e", "@e", "tel:+", "。e", "．e", "\u2024b"):
        assert link not in told
    if name not in DECEIVING:
        assert told == f"“{name}”"
    async with database.connect() as connection:
        statement = f"SELECT {quoted_in_sql('name')} FROM (VALUES ($1::text)) AS names (name)"
        assert (await connection.exec_driver_sql(statement, (name,))).scalar_one() == told


def test_a_letter_says_what_its_links_begin_with() -> None:
    body = letter("Open this:", "Or not.", link="https://mandant.example/invitation#mdi_x")
    assert body.splitlines()[4] == "https://mandant.example/invitation#mdi_x"
    assert "Links in our messages begin with https://mandant.example/, no others do." in body
    mail = EmailMessage()
    mail["Subject"] = INVITATION.subject
    mail.set_content(body)
    assert mail.get_content() == body


@pytest.fixture
async def house(world: World) -> Member:
    """An owner whose names are traps."""
    account = await world.account(name=DECEIVING[0])
    return await world.member(account, BuiltinRole.OWNER, await world.person(name=DECEIVING[1]))


Offer = Callable[[Api, Member, str], Awaitable[Attempt]]


async def _invite(api: Api, house: Member, email: str, key: str | None = None, **more: Any) -> Attempt:
    offer = {"accountId": house.account.id, "email": email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    selection = "replayed" if not more else ""
    return await attempt(
        api, "memberInvite", house, selection, **offer, idempotencyKey=key or uuid4().hex, **more
    )


async def _share(api: Api, house: Member, email: str) -> Attempt:
    offer = {"accountIds": [house.account.id], "email": email, "areas": ["STATISTICS"]}
    return await attempt(api, "shareCreate", house, **offer, idempotencyKey=uuid4().hex)


async def _subaccount(api: Api, house: Member, email: str) -> Attempt:
    sub = {"parentId": house.account.id, "name": "Sub", "ownerEmail": email}
    return await attempt(api, "subaccountCreate", house, **sub, idempotencyKey=uuid4().hex)


OFFERING: dict[str, Offer] = {"memberInvite": _invite, "shareCreate": _share, "subaccountCreate": _subaccount}


@pytest.mark.parametrize("mutation", OFFERING)
async def test_an_offer_holds_no_name_in_its_subject_and_no_link_but_ours(
    mutation: str, api: Api, house: Member, database: AsyncEngine
) -> None:
    email = f"stranger-{uuid4().hex}@example.com"
    assert (await OFFERING[mutation](api, house, email)).done
    (mail,) = await mails_to(database, email)
    assert mail.subject in {INVITATION.subject, SHARE.subject}
    assert "evil.example" not in mail.body
    assert [word for word in mail.body.split() if "://" in word] == [
        f"http://mandant.test/invitation#{mail.token}",
        "http://mandant.test/,",
    ]


async def _fill(database: AsyncEngine, whose: Whose, subject: str, most: int) -> None:
    """As if so much had been sent already."""
    marks = attempts.c.subject.contains(f"offers, {whose.value},") & attempts.c.subject.endswith(subject)
    async with database.begin() as connection:
        await connection.execute(update(attempts).where(marks).values(count=most))


@pytest.mark.parametrize("mutation", OFFERING)
@pytest.mark.parametrize("whose", [Whose.ACTOR, Whose.TREE, Whose.RECIPIENT_IN_TREE, Whose.RECIPIENT])
async def test_too_many_offers_are_refused_and_leave_nothing(
    mutation: str, whose: Whose, api: Api, world: World, house: Member, database: AsyncEngine
) -> None:
    email = f"stranger-{uuid4().hex}@example.com"
    assert (await _invite(api, house, email)).done
    most = max(budget.most for budget in OFFERS.budgets if budget.whose is whose)
    counted = {
        Whose.ACTOR: str(house.person.key),
        Whose.TREE: str(house.account.master),
        Whose.RECIPIENT_IN_TREE: f"{recipient_digest(email)} {house.account.master}",
        Whose.RECIPIENT: recipient_digest(email),
    }[whose]
    await _fill(database, whose, f" s, {counted}", most)
    before, sent = await world.state(house.account), await mails_to(database, email)
    refused = await OFFERING[mutation](api, house, email)
    assert refused.code == "RATE_LIMITED"
    assert refused.user_error is not None
    assert refused.user_error["__typename"] == "RateLimited"
    assert (await world.state(house.account), await mails_to(database, email)) == (before, sent)
    other = f"other-{uuid4().hex}@example.com"
    beyond = "RATE_LIMITED" if whose in (Whose.ACTOR, Whose.TREE) else ""
    assert (await OFFERING[mutation](api, house, other)).code == beyond


async def test_one_stranger_is_not_flooded_by_anybody(api: Api, house: Member, database: AsyncEngine) -> None:
    """By all ways together, at once; what is tried out, repeated or refused does not count."""
    email = f"stranger-{uuid4().hex}@example.com"
    most = next(each.most for each in OFFERS.budgets if each.whose is Whose.RECIPIENT_IN_TREE)
    for _ in range(3):
        assert (await _invite(api, house, email, "once")).done
        assert (await _invite(api, house, email, dryRun=True)).done
        assert await code_of(api, "shareCreate", house, accountIds=[], email=email, idempotencyKey="x") == (
            "BAD_USER_INPUT"
        )
    assert len(await mails_to(database, email)) == 1
    ways = [_invite, _share, _subaccount]
    for number in range(most - 4):
        assert (await ways[number % 3](api, house, email)).done
    codes = [each.code for each in await asyncio.gather(*(ways[n % 3](api, house, email) for n in range(6)))]
    assert sorted(codes) == [""] * 3 + ["RATE_LIMITED"] * 3
    assert len(await mails_to(database, email)) == most
    assert (await _invite(api, house, email, "once")).payload["replayed"] is True


async def test_what_the_platform_must_tell_has_limits_of_its_own(
    api: Api, world: World, database: AsyncEngine
) -> None:
    """Whoever uses up what is left for an address keeps no notice from it; of the same there are few."""
    master = await world.account()
    account = await world.account(master)
    above, owner = (
        await world.member(master, BuiltinRole.OWNER),
        await world.member(account, BuiltinRole.OWNER),
    )
    await set_parent_access(world, account, ParentAccess.BREAK_GLASS)
    offer = {"accountId": master.id, "email": owner.person.email, "roleId": ROLE_IDS[BuiltinRole.ANALYST]}
    assert await code_of(api, "memberInvite", above, **offer, idempotencyKey="1") == ""
    await _fill(database, Whose.RECIPIENT, recipient_digest(owner.person.email), 1000)
    assert await code_of(api, "memberInvite", above, **offer, idempotencyKey="2") == "RATE_LIMITED"
    most = BREAK_GLASS.policy.budgets[0].most
    opening = {"accountId": account.id, "reason": "see https://evil.example/x", "hours": 1}
    for _ in range(most + 2):
        assert await code_of(api, "breakGlassOpen", above, **opening) == ""
    told = [m for m in await mails_to(database, owner.person.email) if m.subject == BREAK_GLASS.subject]
    assert len(told) == most
    assert "“see https[:]//evil[.]example/x”" in told[0].body


async def test_nobody_is_told_whether_an_address_is_registered(
    api: Api, world: World, house: Member, database: AsyncEngine
) -> None:
    """T13: the same mail to somebody who is as to somebody who is not."""
    known, unknown = (await world.person()).email, f"unknown-{uuid4().hex}@example.com"
    for email in (known, unknown):
        assert (await _invite(api, house, email)).done
        assert (await _share(api, house, email)).done
    mails = [await mails_to(database, email) for email in (known, unknown)]
    without = [[(m.subject, m.body.replace(m.token, "")) for m in each] for each in mails]
    assert without[0] == without[1]
