"""What there is, as whoever built it through the API remembers it. Ids are opaque."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.isolation.rules import Gives

if TYPE_CHECKING:
    from tests.isolation.watched.model import Group, Promise, Review


@dataclass(eq=False)
class Account:
    """An account in its tree."""

    id: str
    name: str
    parent: "Account | None"
    external_id: str | None = None
    own_status: str = "ACTIVE"
    passes_all_roles: bool = False
    parent_access: str = "FULL"
    keys_by_master_only: bool = False
    request: str | None = None
    """The `parentAccess` that one side asks for."""
    requires_factor: bool = False
    """Whether it requires a second factor itself, for itself and all below it."""

    @property
    def above(self) -> "list[Account]":
        """The accounts above, the root first."""
        return [] if self.parent is None else [*self.parent.above, self.parent]

    @property
    def path(self) -> "list[Account]":
        """The same and the account itself."""
        return [*self.above, self]

    @property
    def master(self) -> "Account":
        """The root of its tree."""
        return self.path[0]

    @property
    def status(self) -> str:
        """The worst on the path."""
        statuses = {account.own_status for account in self.path}
        return next((worst for worst in ("CLOSED", "SUSPENDED") if worst in statuses), "ACTIVE")


@dataclass(eq=False)
class Person:
    """Somebody with a session. `proved`: it has proved a second factor. `passkeys`: their ids."""

    id: str
    name: str
    email: str
    token: str
    proved: bool = False
    passkeys: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Role:
    """A built-in role, or one of an account."""

    id: str
    name: str
    gives: Gives
    account: Account | None = None

    def usable_in(self, account: Account) -> bool:
        """It is built in, or of that account or of one above it."""
        return self.account is None or self.account in account.path


@dataclass(eq=False)
class Member:
    """A person's role in an account. `ended`: its time is over, or it was removed; `ends`: it will be over
    tomorrow, as that of no other in the world."""

    id: str
    person: Person
    account: Account
    role: Role
    ended: bool = False
    ends: bool = False
    removed: bool = False


@dataclass(eq=False)
class Key:
    """An API key. `creator`: who made it, or has adopted it since."""

    id: str
    name: str
    account: Account
    role: Role
    token: str
    scopes: frozenset[str]
    made_by: "Person | Key"
    adopted_by: Person | None = None
    stops: bool = False
    address: str | None = None
    """The only one that it works from; None: it works from anywhere."""
    expired: bool = False
    revoked: bool = False

    @property
    def creator(self) -> "Person | Key":
        """Who answers for it."""
        return self.adopted_by or self.made_by


@dataclass(eq=False)
class Token:
    """A narrowed token. `parent`: what it was made of."""

    id: str
    token: str
    parent: "Person | Key | Token"
    accounts: list[Account]
    permissions: frozenset[str]
    revoked: bool = False

    @property
    def above(self) -> "list[Token]":
        """The tokens between it and the person or the key."""
        return [*self.parent.above, self.parent] if isinstance(self.parent, Token) else []

    @property
    def root(self) -> Person | Key:
        """The person or the key that it acts for."""
        return self.parent.root if isinstance(self.parent, Token) else self.parent

    @property
    def address(self) -> str | None:
        """The only one that it works from, as its key."""
        return self.root.address if isinstance(self.root, Key) else None


Subject = Person | Key
"""Who does something, as logs name it."""

Asker = Subject | Token
"""Whoever has a secret."""


@dataclass(eq=False)
class Share:
    """Accounts opened to somebody: by a role, or by areas where that is None."""

    id: str
    email: str
    accounts: list[Account]
    role: Role | None
    areas: frozenset[str]
    hidden: frozenset[str]
    giver: Subject
    guest: Person | None = None
    status: str = "PENDING"


@dataclass(eq=False)
class Invitation:
    """A role that is offered."""

    id: str
    account: Account
    inviter: Subject
    role: Role
    email: str
    status: str = "PENDING"


@dataclass(eq=False)
class Opening:
    """Broken glass."""

    id: str
    account: Account
    person: Person
    ended: bool = False


@dataclass(eq=False)
class Event:
    """A line of an account's log. The id, and whether it has values, are learnt once all is built.
    `names`: an account among its values."""

    account: Account
    type: str
    actor: Subject
    acting_from: Account
    names: Account | None = None
    id: str = ""
    has_values: bool = False


@dataclass(eq=False)
class Block:
    """An address that an account never writes to. `maker`: who has entered it."""

    id: str
    account: Account
    address: str
    maker: Subject


@dataclass(eq=False)
class Stock:
    """What an account writes with: one of everything. `value`: of the contact's attribute TIER.
    `unsubscribed`, `bounced`: addresses. `webhook_id` None: it has no key that a webhook may read with."""

    account: Account
    email: str
    external_id: str
    contact_id: str
    list_name: str
    list_id: str
    attribute: str
    value: str
    job_ids: list[str]
    domain: str
    domain_id: str
    webhook: str
    webhook_id: str | None
    review_id: str
    template_id: str
    template_name: str
    unsubscribed: str
    bounced: str
    sender_name: str | None = None
    """The setting's own value."""
    locks: bool = False
    """Whether it locks that setting for the accounts below."""
    further_domains: list[tuple[str, str]] = field(default_factory=list)
    """Ids and names of those for signing in."""


@dataclass(eq=False)
class Sent:
    """What an account has sent, or is about to: one of everything, with a label of its own. `numbers`: whom
    the two messages went to, the one of the stream MARKETING first."""

    account: Account
    label: str
    campaign_id: str
    campaign_name: str
    campaign_maker: Subject
    marketing_id: str
    transactional_id: str
    numbers: tuple[str, str]
    paused_stream: str | None
    """On which its campaigns and people send nothing any more."""


@dataclass
class World:
    """Some trees with all that is in them."""

    accounts: list[Account] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    invitations: list[Invitation] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stocks: list[Stock] = field(default_factory=list)
    """In the order of the accounts."""
    blocks: list[Block] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    """In the order of the accounts."""
    promises: "list[Promise]" = field(default_factory=list)
    reviews: "list[Review]" = field(default_factory=list)
    groups: "list[Group]" = field(default_factory=list)
    company: Account | None = None
    """The master account that has proved the domain of all people's addresses."""
    beginning: str = ""
    """The cursor of the first of the events."""

    def role(self, name: str) -> Role:
        """A built-in role."""
        return next(role for role in self.roles if role.account is None and role.name == name)

    @property
    def subjects(self) -> list[Subject]:
        """Every person and key."""
        return [*self.people, *self.keys]

    @property
    def askers(self) -> list[Asker]:
        """Everybody who has a secret."""
        return [*self.subjects, *self.tokens]

    def below(self, account: Account) -> list[Account]:
        """Everything below an account."""
        return [other for other in self.accounts if account in other.above]

    def stock(self, account: Account) -> Stock:
        """What the account has."""
        return next(found for found in self.stocks if found.account is account)

    def sent_by(self, account: Account) -> Sent:
        """What the account sends."""
        return next(found for found in self.sent if found.account is account)

    def owner(self, account: Account) -> Person | None:
        """The person who owns the account itself."""
        owner = self.role("OWNER")
        holds = [m for m in self.members if m.account is account and m.role is owner and not m.ended]
        return holds[0].person if holds else None
