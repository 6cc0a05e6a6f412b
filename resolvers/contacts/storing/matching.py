"""Which contact of the account each given one is: found by its own id, its e-mail address or its phone
number."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from authz.policy.refusals import Refusal, RefusalCode
from models.base.ids import ContactId
from resolvers.contacts.attributes import Value
from resolvers.contacts.given import Address, ReadContact
from resolvers.inputs.unchanged import UNCHANGED, new_value


class Key(NamedTuple):
    """Something that no two contacts of an account share. `field`: the input's name for it."""

    field: str
    value: str


@dataclass(frozen=True, kw_only=True)
class StoredContact:
    """A contact as it is, or shall be, stored."""

    id: ContactId
    external_id: str | None
    email: Address | None
    phone: Address | None
    attributes: Mapping[str, Value]
    version: int

    @property
    def keys(self) -> Sequence[Key]:
        """What no other contact of the account has, the surest first."""
        return _keys(self.external_id, self.email, self.phone)


@dataclass(frozen=True)
class Wanted:
    """A contact of a request. `index`: its position there, from 0. `attributes`: new values by name; None
    removes one."""

    index: int
    contact: ReadContact
    attributes: Mapping[str, Value | None] = field(default_factory=dict)

    @property
    def keys(self) -> Sequence[Key]:
        """What the contact is found by, the surest first."""
        return _keys(self.external_id, self.email, self.phone)

    @property
    def external_id(self) -> str | None:
        """The one that is given, if any."""
        given = self.contact.external_id
        return None if given is UNCHANGED else given

    @property
    def email(self) -> Address | None:
        """The same of the e-mail address."""
        given = self.contact.email
        return None if given is UNCHANGED else given

    @property
    def phone(self) -> Address | None:
        """The same of the phone number."""
        given = self.contact.phone
        return None if given is UNCHANGED else given


@dataclass(frozen=True)
class Match:
    """What becomes of a contact of a request. `old` None: it is new."""

    wanted: Wanted
    old: StoredContact | None
    new: StoredContact

    @property
    def changes(self) -> bool:
        """Whether its row changes."""
        return self.old != self.new


class SameContact(Refusal):
    """An earlier contact of the request, at this position, is the same."""

    def __init__(self, index: int) -> None:
        super().__init__(
            RefusalCode.CONFLICT, f"It is the same contact as the one at index {index} of the request."
        )


class Matcher:
    """Matches the contacts of one request, in their order. `stored`: all contacts that have something that
    one of them names."""

    def __init__(self, stored: Iterable[StoredContact]) -> None:
        self._found = {key: contact for contact in stored for key in contact.keys}
        self._taken: dict[object, int] = {}

    def match(self, wanted: Wanted, new_id: uuid.UUID, this: StoredContact | None = None) -> Match:
        """The contact that is meant, with the new values. `this`: the one that an update names.

        Raises CONFLICT where several are meant, or one that an earlier contact of the request means as well;
        BAD_USER_INPUT for a contact without an address.
        """
        match = self._matched(wanted, new_id, this)
        old_keys = match.old.keys if match.old else ()
        self._take([match.new.id, *match.new.keys, *old_keys], wanted.index)
        return match

    def _matched(self, wanted: Wanted, new_id: uuid.UUID, this: StoredContact | None) -> Match:
        old = this or self._meant(wanted)
        if old is None and not wanted.keys:
            message = "Give an externalId, an email or a phone, by which the contact is known."
            raise Refusal(RefusalCode.BAD_USER_INPUT, message)
        new = _changed(old or _nobody(ContactId(new_id)), wanted)
        for key in new.keys:
            holder = self._found.get(key)
            if holder is not None and holder.id != new.id:
                raise Refusal(RefusalCode.CONFLICT, "Another contact of the account has it.", key.field)
        return Match(wanted, old, new)

    def _meant(self, wanted: Wanted) -> StoredContact | None:
        found = [(key, self._found[key]) for key in wanted.keys if key in self._found]
        if not found:
            return None
        first = found[0][1]
        for key, other in found[1:]:
            if other.id != first.id:
                message = f"Another contact of the account has it than the one with this {found[0][0].field}."
                raise Refusal(RefusalCode.CONFLICT, message, key.field)
        external_id = wanted.contact.external_id
        if isinstance(external_id, str) and first.external_id not in (None, external_id):
            message = "The contact with this address has another external id."
            raise Refusal(RefusalCode.CONFLICT, message, "externalId")
        return first

    def _take(self, things: Sequence[object], index: int) -> None:
        for thing in things:
            if thing in self._taken:
                raise SameContact(self._taken[thing])
        self._taken.update(dict.fromkeys(things, index))


class RowMatcher(Matcher):
    """Matches the rows of a file: each one finds what those before it have left."""

    def match(self, wanted: Wanted, new_id: uuid.UUID, this: StoredContact | None = None) -> Match:
        """As `Matcher.match`, but an earlier row may mean the same contact."""
        match = self._matched(wanted, new_id, this)
        for key in match.old.keys if match.old else ():
            del self._found[key]
        self._found.update(dict.fromkeys(match.new.keys, match.new))
        return match


def by_themselves(wanted: Sequence[Wanted]) -> list[Wanted]:
    """The contacts of a request that share no key with another one of it."""
    once: set[Key] = set()
    again: set[Key] = set()
    for each in wanted:
        for key in each.keys:
            (again if key in once else once).add(key)
    return [each for each in wanted if again.isdisjoint(each.keys)] if again else list(wanted)


def keys_named(wanted: Iterable[Wanted]) -> set[Key]:
    """All that contacts of a request are found by."""
    return {key for each in wanted for key in each.keys}


def _keys(external_id: str | None, email: Address | None, phone: Address | None) -> list[Key]:
    found = [] if external_id is None else [Key("externalId", external_id)]
    found += [] if email is None else [Key("email", email.canonical)]
    return found + ([] if phone is None else [Key("phone", phone.canonical)])


def _nobody(new_id: ContactId) -> StoredContact:
    return StoredContact(id=new_id, external_id=None, email=None, phone=None, attributes={}, version=0)


def _changed(old: StoredContact, wanted: Wanted) -> StoredContact:
    given = wanted.contact
    values = {**old.attributes, **wanted.attributes}
    new = StoredContact(
        id=old.id,
        external_id=new_value(given.external_id, old.external_id),
        email=new_value(given.email, old.email),
        phone=new_value(given.phone, old.phone),
        attributes={name: value for name, value in values.items() if value is not None},
        version=old.version,
    )
    if new.email is None and new.phone is None:
        message = "A contact has an e-mail address, a phone number or both."
        raise Refusal(RefusalCode.BAD_USER_INPUT, message, "email")
    return new
