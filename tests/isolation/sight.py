"""What the model says that a viewer sees: the lists of an account, and what stands behind an id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.isolation.model import (
    Account,
    Asker,
    Event,
    Invitation,
    Key,
    Member,
    Opening,
    Person,
    Role,
    Share,
    Subject,
    Token,
    World,
)
from tests.isolation.rights import Rights
from tests.isolation.rules import VALUES_OF, named

Thing = Account | Person | Role | Member | Key | Share | Invitation | Opening | Event | Token
Json = Mapping[str, Any]
_NEEDED = {Invitation: "MEMBERS_READ", Event: "AUDIT_READ"}


@dataclass(frozen=True)
class Sight:
    """As one subject sees a world; None: as nobody in particular."""

    world: World
    rights: Rights
    subject: Asker | None

    def can(self, account: Account, permission: str) -> bool:
        """Whether the subject may do this there now."""
        return permission in self.rights.permissions(self.subject, account)

    def sees(self, thing: Thing) -> bool:
        """Whether `node(id:)` shows it."""
        match thing:
            case Account():
                return self.rights.reaches(self.subject, thing)
            case Person():
                return thing is self.subject
            case Role():
                return self._sees_role(thing)
            case Member():
                return not thing.ended and self.can(thing.account, "MEMBERS_READ")
            case Key():
                return thing is self.subject or self.can(thing.account, "API_KEYS_READ")
            case Share():
                return self._sees_share(thing)
            case Invitation() | Event():
                return self.can(thing.account, _NEEDED[type(thing)])
            case Opening():
                return thing.person is self.subject or self.can(thing.account, "AUDIT_READ")
            case Token():
                return self._sees_token(thing)

    def _sees_share(self, share: Share) -> bool:
        own = share.guest is not None and share.guest is self.subject
        return own or any(self.can(account, "MEMBERS_READ") for account in share.accounts)

    def _sees_role(self, role: Role) -> bool:
        usable = (account for account in self.world.accounts if role.usable_in(account))
        return role.account is None or any(self.can(account, "ROLES_READ") for account in usable)

    def _sees_token(self, token: Token) -> bool:
        managed = isinstance(token.root, Key) and self.can(token.root.account, "API_KEYS_READ")
        return managed or self.rights.may_revoke(self.subject, token)

    def account(self, account: Account | None) -> str | None:
        """The id of an account that is named somewhere; None outside reach."""
        return account.id if account is not None and self.rights.reaches(self.subject, account) else None

    def person(self, subject: Subject | None, account: Account) -> str | None:
        """The id of a person that something of the account names: for who sees its members, and itself."""
        if not isinstance(subject, Person):
            return None
        return subject.id if subject is self.subject or self.can(account, "MEMBERS_READ") else None

    def accounts(self, which: Callable[[Account], bool] = lambda account: True) -> list[str]:
        """The ids of those within reach, in no order."""
        reached = (account for account in self.world.accounts if self.rights.reaches(self.subject, account))
        return [account.id for account in reached if which(account)]

    def lists(self, account: Account, role: Role, search: str) -> Mapping[str, Sequence[Any]]:
        """The items of an account's lists, each as `shown` tells it. `role` and `search` are filters."""
        nobody_makes_them: dict[str, list[str]] = {"overrides": [], "subaccountsRequests": []}
        return {
            **nobody_makes_them,
            **self._accounts_below(account, search),
            **self._members(account, role),
            **self._offers(account),
            **self._programs(account),
            **self._subtree(account),
            **self._log(account),
            "accessMatrix": self._matrix(account),
        }

    def _accounts_below(self, account: Account, search: str) -> dict[str, list[str]]:
        below = [found for found in self.world.below(account) if self.account(found)]
        return {
            "subaccounts": [found.id for found in below if found.parent is account],
            "descendants": [found.id for found in below],
            "found": [found.id for found in below if matches(found, search)],
            "inactive": [found.id for found in below if found.status == "SUSPENDED"],
        }

    def _members(self, account: Account, role: Role) -> dict[str, list[Any]]:
        members = [member for member in self.world.members if not member.ended]
        own = [m for m in members if m.account is account]
        above = [m for m in members if m.account in account.above and self.rights.gives_below(m)]
        inherited = [(m.person.id, m.role.id, "ANCESTOR", self.account(m.account)) for m in above]
        return {
            "members": [(m.id, m.person.id, m.person.email, m.role.id, account.id) for m in own],
            "everybody": [(m.person.id, m.role.id, "MEMBER", None) for m in own] + inherited,
            "ofRole": [m.id for m in own if m.role is role],
        }

    def _offers(self, account: Account) -> dict[str, list[Any]]:
        shares = [share for share in self.world.shares if account in share.accounts]
        invitations = [found for found in self.world.invitations if found.account is account]
        inviters = [found.inviter.id if isinstance(found.inviter, Person) else None for found in invitations]
        return {
            "invitations": [
                (offer.id, self.rights.invitation_status(offer), by)
                for offer, by in zip(invitations, inviters, strict=True)
            ],
            "pending": [i.id for i in invitations if self.rights.invitation_status(i) == "PENDING"],
            "shares": [(share.id, self.rights.share_status(share), *self._share(share)) for share in shares],
            "active": [share.id for share in shares if share.status == "ACTIVE"],
        }

    def _subtree(self, account: Account) -> dict[str, list[Any]]:
        """What the account and those below it have, where the subject may see it."""
        tree = [account, *self.world.below(account)]
        people = [found for found in tree if self.can(found, "MEMBERS_READ")]
        keys = [found for found in tree if self.can(found, "API_KEYS_READ")]
        logs = [found for found in tree if self.can(found, "AUDIT_READ")]
        made = [event for event in self.world.events if event.type == "ACCOUNT_CREATED"]
        members = [member for member in self.world.members if not member.ended and member.account in people]
        return {
            "membersBelow": [(member.id, member.account.id) for member in members],
            "invitationsBelow": [found.id for found in self.world.invitations if found.account in people],
            "sharesBelow": [
                share.id for share in self.world.shares if any(found in people for found in share.accounts)
            ],
            "keysBelow": [key.id for key in self.world.keys if key.account in keys],
            "eventsBelow": [(event.id, event.account.id) for event in made if event.account in logs],
        }

    def _programs(self, account: Account) -> dict[str, list[Any]]:
        usable = [found for found in self.world.roles if found.usable_in(account)]
        keys = [key for key in self.world.keys if key.account is account]
        return {
            "roles": [(r.id, self.account(r.account), r.gives.here, r.gives.below) for r in usable],
            "apiKeys": [key.id for key in keys if not key.revoked],
            "allKeys": [self._key(key) for key in keys],
            "ghosts": [(self.rights.ghost(key), key.id) for key in keys if self.rights.ghost(key)],
        }

    def _log(self, account: Account) -> dict[str, list[Any]]:
        events = [event for event in self.world.events if event.account is account]
        openings = [found for found in self.world.openings if found.account is account]
        return {
            "events": [self._event(event) for event in events],
            "creations": [event.id for event in events if event.type == "ACCOUNT_CREATED"],
            "breakGlassOpenings": [(found.id, self.person(found.person, account)) for found in openings],
        }

    def _share(self, share: Share) -> tuple[frozenset[str], str | None, str | None]:
        accounts = frozenset(filter(None, map(self.account, share.accounts)))
        managed = any(self.can(account, "MEMBERS_READ") for account in share.accounts)
        known = isinstance(share.giver, Person) and (managed or share.giver is self.subject)
        return accounts, share.guest.id if share.guest else None, share.giver.id if known else None

    def narrowed(self) -> list[Any]:
        """The items of `viewer.narrowedTokens`: those that were made of the viewer and work."""
        made = (t for t in self.world.tokens if self.subject in (t.root, *t.above) and self.rights.works(t))
        return [
            (token.id, token.permissions, frozenset(filter(None, map(self.account, token.accounts))))
            for token in made
        ]

    def shared(self) -> list[Any]:
        """The items of `viewer.shares`."""
        mine = [
            share
            for share in self.world.shares
            if share.guest is self.subject and self.subject is not None and share.status == "ACTIVE"
        ]
        return [(s.id, s.role and s.role.id, s.hidden, *self._share(s)) for s in mine]

    def memberships(self) -> list[Any]:
        """The items of `viewer.memberships`."""
        mine = (m for m in self.world.members if m.person is self.subject and not m.ended)
        return [(member.id, self.account(member.account), member.role.id) for member in mine]

    def invited(self) -> list[str]:
        """The items of `viewer.invitations`."""
        if not isinstance(self.subject, Person):
            return []
        mine = (found for found in self.world.invitations if found.email == self.subject.email)
        return [found.id for found in mine if self.rights.invitation_status(found) == "PENDING"]

    def _key(self, key: Key) -> tuple[Any, ...]:
        held = key.role.gives.here & key.scopes
        made, adopted = self.person(key.made_by, key.account), self.person(key.adopted_by, key.account)
        return key.id, held, made, adopted, key.account.id, key.role.id

    def _matrix(self, account: Account) -> list[Any]:
        left, found = self.rights.left_by_status(account), list[Any]()
        for person in self.world.people if self.can(account, "MEMBERS_READ") else ():
            held = self.rights.granted(person, account)
            if held >= named("ACCOUNT_READ"):
                found.append((person.id, held & left, None, person.id))
        for key in self.world.keys if self.can(account, "API_KEYS_READ") else ():
            held = self.rights.granted(key, account)
            if self.rights.works(key) and held >= named("ACCOUNT_READ"):
                shown = key.id if self.can(key.account, "API_KEYS_READ") else None
                found.append((key.id, held & left, shown, None))
        return [*found, *self._tokens(account)]

    def _tokens(self, account: Account) -> Iterator[Any]:
        """The entries of the access matrix for tokens, beside what they act for."""
        left = self.rights.left_by_status(account)
        for token in self.world.tokens:
            root, held = token.root, self.rights.granted(token, account)
            needed = "API_KEYS_READ" if isinstance(root, Key) else "MEMBERS_READ"
            if self.can(account, needed) and self.rights.works(token) and "ACCOUNT_READ" in held:
                key = root.id if isinstance(root, Key) and self.can(root.account, "API_KEYS_READ") else None
                yield token.id, held & left, key, root.id if isinstance(root, Person) else None

    def _event(self, event: Event) -> tuple[Any, ...]:
        from_above = event.acting_from is not event.account
        actor = self.person(event.actor, event.account)
        acting_from = self.account(event.acting_from)
        made_below = event.account.parent if event.type == "ACCOUNT_CREATED" else event.names
        told = event.has_values and all(self.can(event.account, needed) for needed in VALUES_OF[event.type])
        named = frozenset(filter(None, [self.account(made_below) if told else None]))
        return event.id, event.type, from_above, actor, acting_from, event.account.id, named, told


def shown(field: str, node: Json) -> Any:
    """An item of an answer as `Sight` tells it."""
    return _SHOWN[field](node) if field in _SHOWN else node["id"]


def _share(node: Json) -> tuple[frozenset[str], str | None, str | None]:
    return frozenset(found["id"] for found in node["accounts"]), id_of(node["user"]), id_of(node["sharedBy"])


def id_of(node: Json | None) -> str | None:
    """The id of an object that may be null."""
    return None if node is None else str(node["id"])


def has_values(event: Json) -> bool:
    """Whether a line of a log shows what was changed."""
    return event["before"] is not None or event["after"] is not None


def _accounts_named(values: Json | None) -> frozenset[str]:
    """The ids of accounts among an event's values."""
    return frozenset(str(value) for value in (values or {}).values() if str(value).startswith("acct_"))


def matches(account: Account, search: str) -> bool:
    """Part of the name, whatever its case, or the whole external id."""
    return search.lower() in account.name.lower()


_SHOWN: dict[str, Callable[[Json], tuple[Any, ...]]] = {
    "members": lambda node: (
        node["id"],
        node["user"]["id"],
        node["user"]["email"],
        node["role"]["id"],
        id_of(node["account"]),
    ),
    "membersBelow": lambda node: (node["id"], id_of(node["account"])),
    "eventsBelow": lambda node: (node["id"], id_of(node["account"])),
    "everybody": lambda node: (
        node["user"]["id"],
        node["role"]["id"],
        node["relation"],
        id_of(node["inheritedFrom"]),
    ),
    "invitations": lambda node: (node["id"], node["status"], id_of(node["invitedBy"])),
    "shares": lambda node: (node["id"], node["status"], *_share(node)),
    "viewer.shares": lambda node: (
        node["id"],
        id_of(node["role"]),
        frozenset(node["hiddenAreas"]),
        *_share(node),
    ),
    "viewer.narrowedTokens": lambda node: (
        node["id"],
        frozenset(node["permissions"]),
        frozenset(account["id"] for account in node["accounts"]),
    ),
    "viewer.memberships": lambda node: (node["id"], id_of(node["account"]), node["role"]["id"]),
    "roles": lambda node: (
        node["id"],
        id_of(node["account"]),
        frozenset(node["permissions"]),
        frozenset(node["permissionsBelow"]),
    ),
    "allKeys": lambda node: (
        node["id"],
        frozenset(node["permissions"]),
        id_of(node["createdBy"]),
        id_of(node["adoptedBy"]),
        id_of(node["account"]),
        node["role"]["id"],
    ),
    "ghosts": lambda node: (node["reason"], node["apiKey"]["id"]),
    "accessMatrix": lambda node: (
        node["subjectId"],
        frozenset(node["permissions"]),
        id_of(node["apiKey"]),
        id_of(node["user"]),
    ),
    "events": lambda node: (
        node["id"],
        node["type"],
        node["fromAbove"],
        id_of(node["actor"]),
        id_of(node["actingFrom"]),
        id_of(node["account"]),
        _accounts_named(node["before"]) | _accounts_named(node["after"]),
        has_values(node),
    ),
    "breakGlassOpenings": lambda node: (node["id"], id_of(node["user"])),
}
"""By a list: what of an item is compared."""
