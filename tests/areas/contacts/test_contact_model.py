"""Requests against a plain model of contacts, and what holds for any request whatever is stored."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.policy.refusals import Refusal
from models.base.ids import ContactId, new_id
from resolvers.contacts.given import Address, ReadContact
from resolvers.contacts.storing.matching import Match, Matcher, StoredContact, Wanted
from resolvers.inputs.address_digests import ContactDigest
from resolvers.inputs.unchanged import UNCHANGED, Unchanged
from tests.areas.contacts.asking import contacts_of, create_list, outcomes
from tests.areas.contacts.contact_model import KEYS, ContactModel
from tests.authz.escalation.profiles import examples, seeds
from tests.client.api import Api
from tests.client.mutations import code_of, done
from tests.world.world import Account, Member

_STEPS = 30
_VALUES: dict[str, tuple[str, ...]] = {
    "externalId": ("1", "2", "3", "4"),
    "email": ("ada@example.com", "bo@example.com", "cy@example.com", "dee@example.com"),
    "phone": ("+46701234561", "+46701234562", "+46701234563", "+46701234564"),
}


def _drawn(chance: random.Random, lists: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, values in _VALUES.items():
        if chance.random() < 0.6:
            found[name] = None if chance.random() < 0.1 else chance.choice(values)
    into = [list_ for list_ in lists if chance.random() < 0.2]
    out = [list_ for list_ in lists if list_ not in into and chance.random() < 0.2]
    return found | {"addToLists": into, "removeFromLists": out}


@pytest.mark.parametrize("seed", seeds(4))
async def test_requests_do_what_a_plain_list_does(
    api: Api, account: Account, marketer: Member, seed: int
) -> None:
    chance, model = random.Random(seed), ContactModel()
    lists = [await create_list(api, marketer, account, name) for name in ("A", "B")]
    for _ in range(_STEPS):
        step = chance.random()
        if step < 0.7 or not model.known:
            request = [_drawn(chance, lists) for _ in range(chance.randint(1, 4))]
            assert await outcomes(api, marketer, account, *request) == model.upsert(request), request
        elif step < 0.9:
            one, values = chance.choice(model.known), _drawn(chance, lists)
            named = {"contactId": one.id, "expectedVersion": one.version}
            code = await code_of(api, "contactUpdate", marketer, **named, **values)
            assert code == model.update(one, values), values
        else:
            one = chance.choice(model.known)
            await done(api, "contactErase", marketer, contactId=one.id)
            model.erase(one)
        stored = await contacts_of(api, marketer, account)
        shown = [({name: contact[name] for name in KEYS}, contact["version"]) for contact in stored]
        known = [(one.values, one.version) for one in model.known]
        assert sorted(shown, key=str) == sorted(known, key=str)
        for one in model.known:
            (one.id,) = [contact["id"] for contact in stored if one.values.items() <= contact.items()]
        names = dict(zip(lists, ("A", "B"), strict=True))
        in_lists = {contact["id"]: set(contact["lists"]) for contact in stored}
        assert in_lists == {one.id: {names[list_] for list_ in one.lists} for one in model.known}


def _address(text: str | Unchanged | None) -> Address | Unchanged | None:
    return Address(text, text, ContactDigest(text.encode())) if isinstance(text, str) else text


_contacts = st.builds(
    lambda external_id, email, phone: ReadContact(
        external_id=external_id,
        email=_address(email),
        phone=_address(phone),
        attributes={},
        add_to_lists=frozenset(),
        remove_from_lists=frozenset(),
    ),
    *[st.sampled_from([UNCHANGED, UNCHANGED, None, *values]) for values in _VALUES.values()],
)
_requests = st.lists(_contacts, max_size=8)


def _match(stored: list[StoredContact], request: list[ReadContact]) -> dict[int, Match]:
    """What is not refused, by its position."""
    matcher, found = Matcher(stored), {}
    for index, contact in enumerate(request):
        try:
            found[index] = matcher.match(Wanted(index, contact), new_id())
        except Refusal:
            continue
    return found


def _applied(stored: list[StoredContact], matches: dict[int, Match]) -> list[StoredContact]:
    new = {match.new.id: match.new for match in matches.values()}
    assert len(new) == len(matches), "two contacts of a request are never one"
    kept: dict[ContactId, StoredContact] = {contact.id: contact for contact in stored}
    return list((kept | new).values())


@examples(300)
@given(st.lists(_requests, min_size=1, max_size=4))
def test_no_two_contacts_ever_share_anything(requests: list[list[ReadContact]]) -> None:
    """And each has an address; what was not refused has just the values that were given."""
    stored: list[StoredContact] = []
    for request in requests:
        matches = _match(stored, request)
        stored = _applied(stored, matches)
        keys = [key for contact in stored for key in contact.keys]
        assert len(keys) == len(set(keys))
        assert all(contact.email or contact.phone for contact in stored)
        for index, match in matches.items():
            given_, new, old = request[index], match.new, match.old
            assert new.external_id == (
                (old and old.external_id) if given_.external_id is UNCHANGED else given_.external_id
            )
            assert new.email == ((old and old.email) if given_.email is UNCHANGED else given_.email)
            assert new.phone == ((old and old.phone) if given_.phone is UNCHANGED else given_.phone)


@examples(300)
@given(_requests, _requests)
def test_a_contact_that_is_sent_again_is_unchanged(
    first: list[ReadContact], second: list[ReadContact]
) -> None:
    """Each that was not refused, by itself; so a client may repeat what it got no answer to."""
    stored = _applied([], _match([], first))
    matches = _match(stored, second)
    stored = _applied(stored, matches)
    for index, match in matches.items():
        again = Matcher(stored).match(Wanted(0, second[index]), new_id())
        assert (again.old, again.changes) == (match.new, False)
