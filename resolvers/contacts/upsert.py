"""Creating contacts, or changing those that are there already: up to a thousand at once, each with its own
outcome."""

import asyncio
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from authz.callers.principals import Principal
from authz.guards.exclusive import Authorized
from authz.guards.shared_lock import authorize_shared
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place
from models.base.ids import AccountId, ContactId, new_id
from resolvers.contacts.given import MOST_IN_A_REQUEST, AddressReader, GivenContact, ReadContact
from resolvers.contacts.phone_country import phone_country_of
from resolvers.contacts.storing.giving import giving_addresses
from resolvers.contacts.storing.in_order import write_in_order
from resolvers.contacts.storing.inserting import insert_contacts, insert_fresh
from resolvers.contacts.storing.matching import Match, Matcher, RowMatcher, Wanted, keys_named
from resolvers.contacts.storing.memberships import change_memberships
from resolvers.contacts.storing.preparing import PreparedContacts, prepared_now
from resolvers.contacts.storing.store import lock_named, update_contacts
from resolvers.effects.event_types import EventType
from resolvers.effects.log import record_of_account
from resolvers.inputs.address_digests import ContactKey
from resolvers.inputs.text import short_text


class ContactOutcome(enum.Enum):
    """What became of a contact of a request."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class ContactResult:
    """The outcome for the contact at this position of the request, from 0. `refusal`: why it was refused."""

    index: int
    outcome: ContactOutcome
    contact_id: ContactId | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class ContactUpsert:
    """Contacts to create or change. `country`: whose national phone numbers are meant (ISO 3166-1); None: the
    account's default country's."""

    account_id: AccountId
    contacts: Sequence[GivenContact]
    source: str
    country: str | None


@dataclass(frozen=True)
class ContactsUpserted:
    """The account, and a result for each contact, in their order."""

    account: Authorized
    results: Sequence[ContactResult]


async def upsert_contacts(
    session: WriteSession, principal: Principal, key: ContactKey, command: ContactUpsert
) -> ContactsUpserted:
    """Create or change contacts. What is wrong with one of them refuses that one alone.

    Needs CONTACTS_WRITE. Raises BAD_USER_INPUT for no contacts or more than 1,000, and for a wrong source or
    country.
    """
    if not 1 <= len(command.contacts) <= MOST_IN_A_REQUEST:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"Give 1 to {MOST_IN_A_REQUEST} contacts.", "contacts")
    source = short_text(command.source, "source")
    account = await authorize_shared(session, principal, command.account_id, Permission.CONTACTS_WRITE)
    land = await phone_country_of(session, account, command.country, command.contacts)
    reader = AddressReader(key, account.account_id, land)
    # Foreign scripts and national numbers take their time.
    read, results = await asyncio.to_thread(_read, reader, command.contacts)
    async with giving_addresses(session, account):
        contacts = await prepared_now(session, account, read)
        results |= (await store_prepared(session, account, contacts, source)).results()
    counts = _counts(results.values())
    if counts:
        await record_of_account(session, principal, account, EventType.CONTACTS_CHANGED, None, counts)
    return ContactsUpserted(account, [results[index] for index in sorted(results)])


@dataclass(frozen=True)
class StoredContacts:
    """What became of contacts, by their positions. `fresh`: the ids of new ones that nothing had to be looked
    up for."""

    fresh: Mapping[int, ContactId]
    others: Mapping[int, ContactResult]

    def results(self) -> dict[int, ContactResult]:
        """The outcomes of all of them."""
        created = ContactOutcome.CREATED
        fresh = {index: ContactResult(index, created, id_) for index, id_ in self.fresh.items()}
        return {**fresh, **self.others}


async def store_prepared(
    session: WriteSession, account: Place, contacts: PreparedContacts, source: str
) -> StoredContacts:
    """Create or change contacts of a request: no two of them may mean the same. The session is
    `giving_addresses`, and has been since it was known what the account has."""
    fresh, waiting = await _store_fresh(session, account, contacts, source)
    matcher = Matcher(await lock_named(session, account, keys_named(waiting)))
    matches, refused = _matched(matcher, waiting)
    await insert_contacts(session, account, [match.new for match in matches if match.old is None], source)
    await update_contacts(session, account, [match for match in matches if match.old and match.changes])
    known = await _placed(session, account, matches, source)
    return StoredContacts(fresh, _refusals(contacts.refused) | refused | known)


async def store_rows(
    session: WriteSession, account: Place, contacts: PreparedContacts, source: str
) -> StoredContacts:
    """The same for rows of a file, as if each came by itself, one after the other."""
    fresh, waiting = await _store_fresh(session, account, contacts, source)
    matcher = RowMatcher(await lock_named(session, account, keys_named(waiting)))
    matches, refused = _matched(matcher, waiting)
    await write_in_order(session, account, matches, source)
    known = await _placed(session, account, matches, source)
    return StoredContacts(fresh, _refusals(contacts.refused) | refused | known)


async def _store_fresh(
    session: WriteSession, account: Place, contacts: PreparedContacts, source: str
) -> tuple[Mapping[int, ContactId], Sequence[Wanted]]:
    """The new ones that have nothing to do with any other one, and those that are left."""
    fresh = await insert_fresh(session, account, contacts.fresh, source)
    placed = [(id_, contacts.given[index]) for index, id_ in fresh.items()]
    await change_memberships(session, account, placed, source)
    return fresh, [each for index, each in contacts.wanted.items() if index not in fresh]


def _matched(matcher: Matcher, wanted: Sequence[Wanted]) -> tuple[list[Match], dict[int, ContactResult]]:
    """What becomes of them, and why others are refused."""
    matches: list[Match] = []
    refused: dict[int, Refusal] = {}
    for each in wanted:
        try:
            matches.append(matcher.match(each, new_id()))
        except Refusal as refusal:
            refused[each.index] = refusal
    return matches, _refusals(refused)


async def _placed(
    session: WriteSession, account: Place, matches: Sequence[Match], source: str
) -> dict[int, ContactResult]:
    """Put them into their lists. Returns the outcomes."""
    placed = [(match.new.id, match.wanted.contact) for match in matches]
    moved = await change_memberships(session, account, placed, source)
    return {
        match.wanted.index: ContactResult(match.wanted.index, _outcome(match, moved), match.new.id)
        for match in matches
    }


def _refusals(refused: Mapping[int, Refusal]) -> dict[int, ContactResult]:
    return {index: _refused(index, refusal) for index, refusal in refused.items()}


def _outcome(match: Match, moved: set[ContactId]) -> ContactOutcome:
    if match.old is None:
        return ContactOutcome.CREATED
    changed = match.changes or match.new.id in moved
    return ContactOutcome.UPDATED if changed else ContactOutcome.UNCHANGED


def _read(
    reader: AddressReader, given: Sequence[GivenContact]
) -> tuple[dict[int, ReadContact], dict[int, ContactResult]]:
    found: dict[int, ReadContact] = {}
    refused: dict[int, ContactResult] = {}
    for index, contact in enumerate(given):
        try:
            found[index] = reader.read(contact)
        except Refusal as refusal:
            refused[index] = _refused(index, refusal)
    return found, refused


def _refused(index: int, refusal: Refusal) -> ContactResult:
    return ContactResult(index, ContactOutcome.REFUSED, refusal=refusal)


def _counts(results: Iterable[ContactResult]) -> dict[str, str | int | bool | list[str] | None]:
    """How many were created and updated, as the log shows it. Empty: nothing changed."""
    outcomes = [result.outcome for result in results]
    found = {"created": ContactOutcome.CREATED, "updated": ContactOutcome.UPDATED}
    return {name: outcomes.count(outcome) for name, outcome in found.items() if outcome in outcomes}
