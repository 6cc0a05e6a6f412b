"""A tree with as many rows of every kind as wanted, written in a few statements."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import ALL_PERMISSIONS
from models.accounts.tables import account_closure, accounts
from models.api_keys.tables import api_keys
from models.base.ids import Kind, new_id, parse, present, present_in_account
from models.contacts.tables import contact_attributes, contact_list_members, contact_lists, contacts
from models.credit.tables import ledger_balances, ledger_entries, ledger_transactions, ledgers
from models.effects.events import events
from models.invitations.tables import invitations
from models.members.ownership_offers import ownership_offers
from models.members.tables import memberships
from models.parent_access.openings import break_glass_openings
from models.parent_access.requests import parent_access_requests
from models.payments.tables import payment_methods, top_ups
from models.payments.top_up_rules import top_up_rules
from models.people.users import users
from models.review.tables import reviews
from models.sending.tables import SendStream
from models.shares.tables import share_accounts, shares
from models.staff.overrides import overrides
from models.staff.subaccounts_requests import subaccounts_requests
from models.suppressions.tables import bounces, unsubscribes
from models.templates.tables import template_versions, templates
from tests.areas.access_review.giving import give_access_review
from tests.areas.narrowed_tokens.giving import give_token
from tests.areas.promises.giving import give_promise
from tests.areas.webhooks.giving import give_delivery, give_webhook
from tests.engine.sign_ins import give_sign_ins
from tests.world.billing import give_invoice
from tests.world.campaigns import campaign_id, give_campaign
from tests.world.contacts import give_import
from tests.world.domains import give_domain
from tests.world.messages import give_event, give_message
from tests.world.plans import GROWTH, subscribe
from tests.world.recipients import give_list
from tests.world.reputation import give_source
from tests.world.reviews import give_review
from tests.world.sends import give_reservation
from tests.world.settings import give_settings
from tests.world.staff import staff_member
from tests.world.usage import give_sends
from tests.world.world import Account, Member, World


@dataclass(frozen=True)
class Scene:
    """A master account with an owner, and below it accounts that hold rows of every kind."""

    master: Account
    owner: Member
    children: tuple[Account, ...]
    key_ids: tuple[str, ...]
    event_ids: tuple[str, ...]
    invitation_ids: tuple[str, ...]
    member_ids: tuple[str, ...]
    reservation_ids: tuple[str, ...]
    list_ids: tuple[str, ...]
    invoice_ids: tuple[str, ...]
    contact_ids: tuple[str, ...]
    template_ids: tuple[str, ...]
    job_ids: tuple[str, ...]
    campaign_id: str

    @property
    def account_ids(self) -> list[str]:
        """The master and the accounts below it, oldest first."""
        return [self.master.id, *(child.id for child in self.children)]


_Values = dict[str, object]


async def make_scene(world: World, children: int, rows: int) -> Scene:
    """A master with so many children; the first child has so many rows of each kind, the others one. The
    owner is platform staff besides."""
    master = await world.account()
    owner = await world.member(master, BuiltinRole.OWNER)
    await staff_member(world, person=owner.person)
    below: list[Account] = []
    found: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    async with world.database.begin() as connection:
        for number in range(children):
            below.append(await _child(connection, master))
            await _rows(connection, below, owner, rows if number == 0 else 1, found)
    reservations = [await give_reservation(world, below[0]) for _ in range(rows)]
    role = await world.role(master)
    with_role = [await world.api_key(below[0], role) for _ in range(rows)]
    for key in with_role:
        await give_token(world, owner.person, below[0])
        await give_token(world, key, below[0])
        await give_promise(world, below[0])
        await give_access_review(world, master, is_open=False)
    await give_sign_ins(world, owner, below[1:], rows)
    lists = [await give_list(world, below[0]) for _ in range(rows)]
    await subscribe(world, master, GROWTH, anchored_at=_tomorrow() - datetime.timedelta(days=100))
    for child in below:
        await give_sends(world, child, 1)
        await give_settings(world, child, rows)
        await give_review(world, child)
    for _ in range(rows):
        await give_domain(world, below[0])
        for stream in SendStream:
            await give_event(world, below[0], await give_message(world, below[0], stream=stream))
            await give_source(world, below[0], stream, new_id(), sent=200)
        campaign = await give_campaign(world, below[0])
        await give_delivery(world, await give_webhook(world, below[0], api_key=with_role[0]))
    jobs = [present(Kind.CONTACT_JOB, await give_import(world, below[0])) for _ in range(rows)]
    for child in below[1:]:
        await give_import(world, child)
    invoices = [await give_invoice(world, below[0], *below[:rows]) for _ in range(rows)]
    return Scene(
        master,
        owner,
        tuple(below),
        key_ids=(*found[Kind.API_KEY], *(key.id for key in with_role)),
        event_ids=tuple(found[Kind.EVENT]),
        invitation_ids=tuple(found[Kind.INVITATION]),
        member_ids=tuple(found[Kind.MEMBER]),
        reservation_ids=tuple(reservation.id for reservation in reservations),
        list_ids=tuple(made.id for made in lists),
        invoice_ids=tuple(invoice.id for invoice in invoices),
        contact_ids=tuple(found[Kind.CONTACT]),
        template_ids=tuple(found[Kind.TEMPLATE]),
        job_ids=tuple(jobs),
        campaign_id=campaign_id(campaign),
    )


async def _child(connection: AsyncConnection, parent: Account) -> Account:
    child = Account(new_id(), parent.master, "Child", (*parent.path, parent.key))
    row = {"master_id": child.master, "id": child.key, "parent_id": parent.key, "name": child.name}
    await connection.execute(insert(accounts).values(row))
    path = (child.key, *reversed(child.path))
    closure = [
        {"master_id": child.master, "ancestor_id": above, "descendant_id": child.key, "depth": depth}
        for depth, above in enumerate(path)
    ]
    await connection.execute(insert(account_closure), closure)
    return child


async def _rows(
    connection: AsyncConnection,
    accounts_so_far: Sequence[Account],
    owner: Member,
    count: int,
    found: dict[Kind, list[str]],
) -> None:
    """In the last of the accounts. A share opens all of them, and to the owner, who so has some."""
    account = accounts_so_far[-1]
    place: _Values = {"master_id": account.master, "account_id": account.key}
    await _asked_and_held(connection, place, owner, count)
    for number in range(count):
        ids = {kind: new_id() for kind in Kind}
        for kind, table, values in _of_each_kind(account, owner, ids):
            await connection.execute(insert(table).values(id=ids[kind], **values))
            found[kind].append(present(kind, ids[kind]))
        entry: _Values = {"sequence": number, "balance": "CREDIT", "amount": 1, "balance_after": number + 1}
        hashes: _Values = {"previous_hash": b"", "hash": b"", "created_at": _tomorrow()}
        posted: _Values = {"transaction_id": ids[Kind.LEDGER_TRANSACTION]}
        await connection.execute(insert(ledger_entries).values(place | entry | hashes | posted))
        contact: _Values = {"id": ids[Kind.CONTACT], "attributes": {}, "source": "a test", "version": 1}
        mailed: _Values = {"email": f"{number}@b.example", "email_canonical": f"{number}@b.example"}
        mailed |= {"email_digest": number.to_bytes(2)}
        await connection.execute(insert(contacts).values(place | contact | mailed))
        found[Kind.CONTACT].append(present_in_account(Kind.CONTACT, account.key, ids[Kind.CONTACT]))
        listed: _Values = {"id": ids[Kind.CONTACT_LIST], "name": f"List {number}", "version": 1}
        await connection.execute(insert(contact_lists).values(place | listed))
        membership: _Values = {"contact_list_id": listed["id"], "contact_id": contact["id"]}
        await connection.execute(
            insert(contact_list_members).values(place | membership | {"source": "a test"})
        )
        left: _Values = {"digest": mailed["email_digest"], "id": new_id()}
        about: _Values = {"contact_list_id": listed["id"], "unsubscribed_at": _tomorrow()}
        await connection.execute(insert(unsubscribes).values(place | left | about))
        await connection.execute(insert(bounces).values(place | left | {"soft_at": []}))
        kept: _Values = {"id": new_id(), "name": f"attribute {number}", "type": "TEXT"}
        await connection.execute(insert(contact_attributes).values(place | kept))
        await _template(connection, place, ids[Kind.TEMPLATE], number)
        found[Kind.TEMPLATE].append(present_in_account(Kind.TEMPLATE, account.key, ids[Kind.TEMPLATE]))
        opened = [
            {"master_id": account.master, "share_id": ids[Kind.SHARE], "account_id": other.key}
            for other in accounts_so_far
        ]
        await connection.execute(insert(share_accounts), opened)
    offered: _Values = {"to_membership_id": parse(Kind.MEMBER, found[Kind.MEMBER][-1])}
    offered |= {"giver_user_id": owner.person.key, "offered_at": _tomorrow(), "expires_at": _tomorrow()}
    await connection.execute(insert(ownership_offers).values(place | offered))
    rule: _Values = {"threshold": 1, "amount": 2, "daily_maximum": 3}
    rule["payment_method_id"] = parse(Kind.PAYMENT_METHOD, found[Kind.PAYMENT_METHOD][-1])
    await connection.execute(insert(top_up_rules).values(place | rule))


async def _asked_and_held(connection: AsyncConnection, place: _Values, owner: Member, count: int) -> None:
    """What an account has once: something that is asked of its parent, and a balance."""
    link: _Values = {"parent_access": "NONE", "from_above": True, "asker_user_id": owner.person.key}
    link |= {"reason": "Because", "requested_at": _tomorrow(), "expires_at": _tomorrow()}
    await connection.execute(insert(parent_access_requests).values(**place, **link))
    credit: _Values = {"kind": "CREDIT", "amount": count}
    await connection.execute(insert(ledgers).values(**place, currency="EUR", changed_at=_tomorrow()))
    await connection.execute(insert(ledger_balances).values(**place, **credit))


def _of_each_kind(
    account: Account, owner: Member, ids: Mapping[Kind, uuid.UUID]
) -> list[tuple[Kind, Table, _Values]]:
    """In the order in which they need each other."""
    by = owner.person.key
    place: _Values = {"master_id": account.master, "account_id": account.key}
    analyst: _Values = {"role_id": BuiltinRole.ANALYST.id, "digest": ids[Kind.USER].bytes}
    address = f"{ids[Kind.USER].hex}@example.com"
    mailed: _Values = {"email": address, "email_canonical": address}
    change: _Values = {"type": "account.updated", "subject_id": account.id, "after": {"name": "Child"}}
    moved: _Values = {"master_id": account.master, "kind": "TOP_UP", "created_at": _tomorrow()}
    return [
        (Kind.USER, users, mailed | {"name": "Someone", "password_hash": "!"}),
        (Kind.MEMBER, memberships, place | {"role_id": BuiltinRole.ANALYST.id, "user_id": ids[Kind.USER]}),
        (Kind.API_KEY, api_keys, place | analyst | _ghost(by, ids[Kind.USER])),
        (
            Kind.INVITATION,
            invitations,
            place | analyst | mailed | {"inviter_user_id": by, "expires_at": _tomorrow()},
        ),
        (Kind.EVENT, events, place | change | {"actor_user_id": by, "actor_account_id": account.master}),
        (
            Kind.BREAK_GLASS,
            break_glass_openings,
            place | {"user_id": by, "reason": "Fire", "expires_at": _tomorrow()},
        ),
        (Kind.SHARE, shares, {"master_id": account.master} | analyst | mailed | _accepted(by)),
        (Kind.OVERRIDE, overrides, place | _override(by)),
        (Kind.SUBACCOUNTS_REQUEST, subaccounts_requests, place | _declined(by)),
        (Kind.REVIEW, reviews, place | _reviewed(by)),
        (Kind.PAYMENT_METHOD, payment_methods, place | {"label": "Card", "reference": "paid"}),
        (Kind.LEDGER_TRANSACTION, ledger_transactions, moved),
        (Kind.TOP_UP, top_ups, place | _paid(ids)),
    ]


def _ghost(creator: uuid.UUID, adopter: uuid.UUID) -> _Values:
    """A key whose adopter, an analyst, makes no keys."""
    made: _Values = {"creator_user_id": creator, "adopter_user_id": adopter}
    return made | {"name": "Key", "last_four": "0000", "scopes": ALL_PERMISSIONS}


def _accepted(person: uuid.UUID) -> _Values:
    """A share that the person gave to itself."""
    given: _Values = {"user_id": person, "giver_user_id": person}
    return given | {"accepted_at": _tomorrow(), "link_expires_at": _tomorrow()}


def _override(by: uuid.UUID) -> _Values:
    made: _Values = {"made_by": by, "in_force_from": _tomorrow(), "expires_at": _tomorrow()}
    return made | {"kind": "SENDING_DOMAINS", "sending_domains": 2, "reason": "Ticket 4711"}


def _declined(by: uuid.UUID) -> _Values:
    answer: _Values = {"answered_by": by, "answered_at": _tomorrow(), "decline_reason": "No."}
    return answer | {"reason": "Branches."}


def _reviewed(by: uuid.UUID) -> _Values:
    decision: _Values = {"status": "DECLINED", "ended_by": by, "decided_at": _tomorrow(), "reason": "No."}
    return decision | {"contacts": 1}


def _paid(ids: Mapping[Kind, uuid.UUID]) -> _Values:
    paid: _Values = {"status": "SETTLED", "answered_at": _tomorrow(), "amount": 1}
    return paid | {
        "payment_method_id": ids[Kind.PAYMENT_METHOD],
        "transaction_id": ids[Kind.LEDGER_TRANSACTION],
    }


def _tomorrow() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)


async def _template(connection: AsyncConnection, place: _Values, key: uuid.UUID, number: int) -> None:
    template: _Values = {"id": key, "name": f"Template {number}", "channel": "SMS", "version": 1}
    await connection.execute(insert(templates).values(place | template))
    version: _Values = {"id": new_id(), "template_id": key, "number": 1, "text": "Hello"}
    await connection.execute(insert(template_versions).values(place | version))
