"""What there is of it."""

from dataclasses import dataclass, field

from tests.isolation.model import Account, Key, Member, Role, Share, Subject

Reviewed = Member | Share | Key


@dataclass(eq=False)
class Promise:
    """That nobody but the holders of some roles has a permission in an account. `exceptions`: who has
    it all the same, with an owner's consent."""

    id: str
    account: Account
    permission: str
    roles: list[Role]
    maker: Subject
    exceptions: list[Subject]
    ended: bool = False


@dataclass(eq=False)
class Item:
    """What an access review asks about; a share in one of its accounts."""

    id: str
    kind: str
    subject: Reviewed
    decision: str | None = None
    decider: Subject | None = None


@dataclass(eq=False)
class Review:
    """An access review of one account, started there or at an account above it."""

    id: str
    account: Account
    top: Account
    maker: Subject
    items: list[Item] = field(default_factory=list)
    canceled: bool = False
    is_over: bool = False
    """Its worker has ended what nobody confirmed."""


@dataclass(eq=False)
class Group:
    """A group of a company's directory, whose members have a role in one account."""

    id: str
    account: Account
    name: str
    members: int
    role: Role
    place: Account
