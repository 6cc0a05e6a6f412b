"""Files that messages bring: from the upload to the recipient's mail server."""

import asyncio
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from authz.policy.builtin_roles import BuiltinRole
from models.messages.attachments import MOST_BYTES, attachments
from models.messages.attachments import message_attachments as attached
from resolvers.messages.attachments import upload as storing
from resolvers.messages.store import TRIED_FOR
from resolvers.sending.lists.upload import VALID_FOR
from tests.areas.effects.log import events_of
from tests.areas.messages.files import (
    PDF,
    PNG,
    attachment_id,
    files_of,
    give_attachment,
    upload_file,
    uploaded_file,
)
from tests.areas.messages.shop import Shop
from tests.areas.messages.site import Site
from tests.client.api import Api
from tests.client.mutations import done
from tests.engine.paths import Path
from tests.world.contacts import contact_id, give_contact, give_listed_contact
from tests.world.messages import mail, send
from tests.world.recipients import code_of
from tests.world.world import Account, World

_SHOWN = """query ($id: ID!) { account(id: $id) { transactionalMessages(first: 5) { nodes { recipient
  attachments { name type size contentId } } } } }"""
_FILE = "query ($id: ID!) { node(id: $id) { ... on Attachment { id name type size expiresAt } } }"


def _with(*ids: str, **content_ids: str) -> dict[str, Any]:
    """Files of a message. `content_ids`: the names by which the HTML shows some."""
    named = [{"attachmentId": id_, "contentId": name} for name, id_ in content_ids.items()]
    return {"attachments": [*named, *({"attachmentId": id_} for id_ in ids)]}


def _parts(content: EmailMessage) -> list[tuple[str, str, str | None, str | None]]:
    """The parts that hold something: their type, disposition, name and id."""
    return [
        (
            part.get_content_type(),
            part.get_content_disposition() or "",
            part.get_filename(),
            part["content-id"],
        )
        for part in content.walk()
        if not part.is_multipart()
    ]


@pytest.mark.parametrize("path", Path)
async def test_a_file_reaches_the_recipient(api: Api, shop: Shop, site: Site, path: Path) -> None:
    name = 'Größe 7, "neu"; 🔥'.replace('"', "'") + ".pdf"
    answer = (await upload_file(api, shop.owner, shop.account, PDF, name)).json()
    assert (await api.read(path.of(_FILE), shop.owner, id=answer["id"]))["node"] == answer
    logo = await uploaded_file(api, shop.owner, shop.account, PNG, "logo.png", "image/png")
    given = mail("1", html="<p>Hi</p><img src='cid:logo'>") | _with(answer["id"], logo=logo)
    same = mail("2", "bob@example.com") | _with(answer["id"], logo=logo)
    await send(api, shop.owner, shop.account, [given, same, mail("3", "carl@example.com")])
    await site.work(shop)
    by_recipient = dict(site.mailbox.taken)
    content = by_recipient["ann@example.com"]
    assert content.get_content_type() == "multipart/mixed"
    assert _parts(content) == [
        ("text/plain", "", None, None),
        ("text/html", "", None, None),
        ("image/png", "inline", "logo.png", "<logo>"),
        ("application/pdf", "attachment", name, None),
    ]
    (alternatives,) = [part for part in content.iter_parts() if part.get_content_maintype() == "multipart"]
    assert [part.get_content_type() for part in alternatives.iter_parts()] == [
        "text/plain",
        "multipart/related",
    ]
    assert [part.get_content() for part in content.walk() if part.get_filename()] == [PNG, PDF]
    # Without HTML nothing shows it.
    assert _parts(by_recipient["bob@example.com"])[1:] == [
        ("image/png", "attachment", "logo.png", None),
        ("application/pdf", "attachment", name, None),
    ]
    assert len(_parts(by_recipient["carl@example.com"])) == 1
    shown = (await api.read(path.of(_SHOWN), shop.owner, id=shop.account.id))["account"]
    assert [each["attachments"] for each in shown["transactionalMessages"]["nodes"]] == [
        [],
        *[
            [
                {"name": "logo.png", "type": "image/png", "size": len(PNG), "contentId": "logo"},
                {"name": name, "type": "application/pdf", "size": len(PDF), "contentId": None},
            ]
        ]
        * 2,
    ]
    assert all(status == "SENT" for status, _ in (await site.statuses(shop)).values())


async def test_the_same_file_is_stored_once(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """T17: an upload may be repeated, so that a request of messages can be, too."""
    first = await uploaded_file(api, shop.owner, shop.account)
    again = await uploaded_file(api, shop.owner, shop.account, PDF, "Invoice.pdf", "application/pdf")
    others = [
        await uploaded_file(api, shop.owner, shop.account, PDF, "Other.pdf"),
        await uploaded_file(api, shop.owner, shop.account, PDF + b"\n", "Invoice.pdf"),
        await uploaded_file(api, await world.member(shop.master, BuiltinRole.OWNER), shop.master),
    ]
    assert again == first
    assert len({first, *others}) == 4
    assert len(await files_of(database, shop.account)) == 2
    kinds = [
        event["type"] for event in await events_of(api, await world.api_key(shop.account), shop.account.id)
    ]
    assert kinds.count("ATTACHMENT_UPLOADED") == 3
    (sent,) = await send(api, shop.owner, shop.account, [mail("1") | _with(first)])
    (replayed,) = await send(api, shop.owner, shop.account, [mail("1") | _with(again)])
    assert (replayed["replayed"], replayed["message"]) == (True, sent["message"])
    (other,) = await send(api, shop.owner, shop.account, [mail("1") | _with(others[0])])
    assert other["error"]["code"] == "IDEMPOTENCY_MISMATCH"


async def test_each_wrong_file_is_told_by_itself(api: Api, shop: Shop, world: World) -> None:
    """A stranger's file is like one that is not there, and so is one that has expired."""
    own = await uploaded_file(api, shop.owner, shop.account)
    stranger = await world.account()
    foreign = [
        attachment_id(account, await give_attachment(world, account)) for account in (stranger, shop.master)
    ]
    # The stranger's number behind the own account.
    forged = own.rpartition("_")[0] + "_" + foreign[0].rpartition("_")[2]
    expired = await give_attachment(world, shop.account, expires_at=func.now())
    many = [
        attachment_id(shop.account, await give_attachment(world, shop.account, content=bytes([each])))
        for each in range(21)
    ]
    large = [
        attachment_id(shop.account, await give_attachment(world, shop.account, content=bytes(size)))
        for size in (MOST_BYTES - 9, 10)
    ]
    table: list[tuple[dict[str, Any], str, str]] = [
        (_with(foreign[0]), "NOT_FOUND", "attachments.0"),
        (_with(own, foreign[1]), "NOT_FOUND", "attachments.1"),
        (_with(forged), "NOT_FOUND", "attachments.0"),
        (_with(attachment_id(shop.account, expired)), "NOT_FOUND", "attachments.0"),
        (_with("nonsense"), "NOT_FOUND", "attachments.0"),
        (_with(own, own), "BAD_USER_INPUT", "attachments.1"),
        (_with(*many), "BAD_USER_INPUT", "attachments"),
        (_with(*large), "BAD_USER_INPUT", "attachments"),
        *[
            ({"attachments": [{"attachmentId": own, "contentId": text}]}, "BAD_USER_INPUT", "attachments.0")
            for text in ("", " ", "a b", "a\r\nBcc: x", "<a>", "a" * 101, "@a", "é")
        ],
        (
            {"attachments": [{"attachmentId": each, "contentId": "a"} for each in (own, many[0])]},
            "BAD_USER_INPUT",
            "attachments.1",
        ),
        (_with(many[0]), "", ""),
    ]
    given = [mail(str(number)) | files for number, (files, _, _) in enumerate(table)]
    outcomes = await send(api, shop.owner, shop.account, given)
    found = [each["error"] and (each["error"]["code"], each["error"]["field"][3:]) for each in outcomes]
    assert found == [(code, field.split(".")) if code else None for _, code, field in table]
    sms = {"idempotencyKey": "sms", "to": "+46701234567", "text": "Hi", "from": "Shop"} | _with(own)
    (refused,) = await send(api, shop.owner, shop.account, [sms])
    assert refused["error"]["field"][3:] == ["attachments"]


async def test_a_file_stays_for_messages_of_later(
    api: Api, shop: Shop, site: Site, database: AsyncEngine
) -> None:
    """As long as the last one can be tried."""
    async with database.connect() as connection:
        now = (await connection.execute(select(func.now()))).scalar_one()
    id_ = await uploaded_file(api, shop.owner, shop.account)
    moments = [now + 3 * VALID_FOR, now + 5 * VALID_FOR, now + VALID_FOR]
    for key, moment in enumerate([*moments, None]):
        later = {} if moment is None else {"sendAt": moment.isoformat()}
        await send(api, shop.owner, shop.account, [mail(str(key), **later) | _with(id_)])
    async with database.connect() as connection:
        found = select(attachments.c.needed_until).where(attachments.c.account_id == shop.account.key)
        assert (await connection.execute(found)).scalar_one() == moments[1] + TRIED_FOR


async def test_a_file_that_is_gone_fails_its_message(
    api: Api, shop: Shop, site: Site, database: AsyncEngine
) -> None:
    id_ = await uploaded_file(api, shop.owner, shop.account)
    await send(api, shop.owner, shop.account, [mail("1") | _with(id_)])
    async with database.begin() as connection:
        await connection.execute(attachments.delete().where(attachments.c.account_id == shop.account.key))
    await site.work(shop)
    answer = "A file that it brings is not there any more."
    assert await site.statuses(shop) == {"ann@example.com": ("FAILED", answer)}


async def test_a_file_is_erased_with_its_only_recipient(
    api: Api, shop: Shop, world: World, site: Site, database: AsyncEngine
) -> None:
    key = (await give_listed_contact(world, shop.account, "ada@example.com")).key
    alone = await uploaded_file(api, shop.owner, shop.account, PDF, "Ada.pdf")
    shared = await uploaded_file(api, shop.owner, shop.account, PDF, "All.pdf")
    given = [
        mail("1", "ADA@example.com") | _with(alone, shared),
        mail("2", "ben@example.com") | _with(shared),
    ]
    await send(api, shop.owner, shop.account, given)
    await done(api, "contactErase", shop.owner, contactId=contact_id(shop.account, key))
    assert set(await files_of(database, shop.account)) == {"All.pdf"}
    async with database.connect() as connection:
        names = select(attached.c.name).where(attached.c.account_id == shop.account.key)
        assert list((await connection.execute(names)).scalars()) == ["All.pdf"]
    await site.work(shop)
    assert site.mailbox.recipients == ["ben@example.com"]
    assert _parts(site.mailbox.taken[0][1])[-1][2] == "All.pdf"


async def test_a_file_that_is_sent_while_it_is_erased_stays(
    api: Api, shop: Shop, world: World, database: AsyncEngine
) -> None:
    """Whichever comes first: either the message has its file, or it is refused."""
    for number in range(6):
        ada = f"ada{number}@example.com"
        key = await give_contact(world, shop.account, ada)
        id_ = await uploaded_file(api, shop.owner, shop.account, PDF, f"{number}.pdf")
        await send(api, shop.owner, shop.account, [mail(f"a{number}", ada) | _with(id_)])
        _, (outcome,) = await asyncio.gather(
            done(api, "contactErase", shop.owner, contactId=contact_id(shop.account, key)),
            send(api, shop.owner, shop.account, [mail(f"b{number}", "ben@example.com") | _with(id_)]),
        )
        is_there = f"{number}.pdf" in await files_of(database, shop.account)
        assert is_there == (outcome["error"] is None)
        assert is_there or outcome["error"]["code"] == "NOT_FOUND"


async def test_stored_bytes_are_bounded(
    api: Api, shop: Shop, world: World, monkeypatch: pytest.MonkeyPatch, database: AsyncEngine
) -> None:
    """Of an account, and of a tree; small files count as 10 kB."""
    owner = await world.member(shop.master, BuiltinRole.OWNER)

    async def codes(account: Account, *names: str) -> list[str]:
        return [code_of(await upload_file(api, owner, account, PDF, name)) for name in names]

    monkeypatch.setattr(storing, "MOST_OF_AN_ACCOUNT", 2 * storing.LEAST)
    monkeypatch.setattr(storing, "MOST_OF_A_TREE", 3 * storing.LEAST)
    full = "400 FAILED_PRECONDITION"
    assert await codes(shop.account, "a.pdf", "b.pdf", "c.pdf") == ["201", "201", full]
    assert await codes(shop.master, "a.pdf", "b.pdf") == ["201", full]
    assert set(await files_of(database, shop.account)) == {"a.pdf", "b.pdf"}
