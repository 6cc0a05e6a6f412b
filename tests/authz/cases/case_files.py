"""Authorization cases as YAML files: a tree, people and keys, and what every question must answer.

    title: Marketing sees its own account alone (R70)
    accounts:
      brand: {inheritance: ALL_ROLES}
      us: {under: brand, status: SUSPENDED, parent_access: BREAK_GLASS}
    roles:                       # of an account, to be held there and below
      editor: {account: brand, permissions: [ACCOUNT_READ], below: [ACCOUNT_READ]}
    people:
      anna: {brand: ADMINISTRATOR, us: editor}
      ben: {us: ANALYST, brand: "MARKETER, expired"}
    keys:
      robot: {account: us, role: DEVELOPER, scopes: [ACCOUNT_READ], state: revoked}
      child: {account: us, creator: robot, choice: STOP}  # of a key above it, or of a person
    shares:                      # accepted by the person, if nothing else is said
      offer: {to: cleo, accounts: [us], role: MARKETER, hidden: [CONTACTS], state: waits}
      figures: {to: cleo, accounts: [us], areas: [STATISTICS]}
    openings:                    # broken glass, that holds if nothing else is said
      fire: {by: anna, account: us, state: expired}
    cards: {visa: us}            # ways to pay, of an account
    staff: {sue: AGENT}          # of the platform; sue stands among the people
    sees:                        # viewer.accounts in its order, and with it account(id) and node(id):
      anna: [brand, us]          # every other account is NOT_FOUND
      robot: UNAUTHENTICATED
    may:                         # these, and nobody else of the case
      MEMBERS_WRITE in us: [anna]
    subaccounts:                 # includeDescendants; everybody else is refused the list
      brand: {anna: [us]}
    writes:                      # refused first, with nothing changed, then done
      - call: memberRemove
        input: {memberId: !member [ben, us]}
        refused: {robot: UNAUTHENTICATED, ben: FORBIDDEN MEMBERS_WRITE}
        done_by: anna            # left out: nobody
        reviews:                 # what follows: how much waits in each open access review of an account, and
          us: {waiting: 2, shown_to: [anna]} # who reads all of it; nobody else of the case reads anything

In a write's input `!account us`, `!member [ben, us]`, `!key robot`, `!share offer`, `!opening fire`,
`!card visa`, `!plan STARTER`, `!role ANALYST` and `!role editor` stand for ids. `!once` stands for a text
that is new in every call, and `!soon` for a moment in a month. `!review us` is the newest access review of an
account, `!item [us, robot]` what it asks about: a key, a share, or a person for the membership in that
account.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Area, Permission
from models.accounts.tables import AccountStatus, ParentAccess, RightsInheritance
from models.api_keys.tables import WhenMakerLosesAccess
from models.staff.tables import StaffRole
from tests.authz.cases.case_references import Loader
from tests.authz.escalation.reach_model import ShareState

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class AccountCase:
    """An account; `under` None: a master account."""

    under: str | None = None
    status: AccountStatus = AccountStatus.ACTIVE
    inheritance: RightsInheritance = RightsInheritance.ADMINISTRATORS
    parent_access: ParentAccess = ParentAccess.FULL


@dataclass(frozen=True)
class RoleCase:
    """A custom role: what it gives where it is held, and what below."""

    account: str
    permissions: str
    below: str


@dataclass(frozen=True)
class MembershipCase:
    """A person's role in an account, by its name."""

    role: str
    expired: bool


class KeyState(enum.Enum):
    """What has become of a key."""

    WORKS = "works"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True)
class KeyCase:
    """An API key; `scopes` None: all that its role gives; `creator`: a person or an earlier key."""

    account: str
    role: str
    scopes: frozenset[Permission] | None
    state: KeyState
    creator: str | None
    choice: WhenMakerLosesAccess


@dataclass(frozen=True)
class ShareCase:
    """Accounts that are shared with a person: a role, or areas alone."""

    to: str
    accounts: tuple[str, ...]
    role: str | None
    areas: frozenset[Area] | None
    hidden: frozenset[Area]
    state: ShareState


class OpeningState(enum.Enum):
    """What has become of broken glass."""

    HOLDS = "holds"
    ENDED = "ended"
    EXPIRED = "expired"


@dataclass(frozen=True)
class OpeningCase:
    """A person has broken an account's glass."""

    by: str
    account: str
    state: OpeningState


@dataclass(frozen=True)
class MayCase:
    """Who may do something in an account: these callers and no others."""

    permission: Permission
    account: str
    callers: frozenset[str]


@dataclass(frozen=True)
class ReviewCase:
    """The newest access review of an account; `waiting` None: it is not open."""

    waiting: int | None
    shown_to: frozenset[str]


@dataclass(frozen=True)
class WriteCase:
    """A mutation, who is refused it with which code (and permission), and who may; None: nobody. `reviews`:
    what of access reviews is different afterwards."""

    call: str
    input: Mapping[str, Any]
    refused: Mapping[str, str]
    done_by: str | None
    reviews: Mapping[str, ReviewCase]


@dataclass(frozen=True)
class Case:
    """One file. `sees`: None for a caller whose token is not accepted."""

    title: str
    accounts: Mapping[str, AccountCase]
    roles: Mapping[str, RoleCase]
    people: Mapping[str, Mapping[str, MembershipCase]]
    keys: Mapping[str, KeyCase]
    shares: Mapping[str, ShareCase]
    openings: Mapping[str, OpeningCase]
    cards: Mapping[str, str]
    staff: Mapping[str, StaffRole]
    sees: Mapping[str, tuple[str, ...] | None]
    may: tuple[MayCase, ...]
    subaccounts: Mapping[str, Mapping[str, tuple[str, ...]]]
    writes: tuple[WriteCase, ...]

    def __post_init__(self) -> None:
        callers = {*self.people, *self.keys}
        if set(self.sees) != callers:
            raise ValueError(f"sees must name every caller once: {sorted(callers ^ set(self.sees))}")
        named = {name for may in self.may for name in may.callers}
        named |= {name for lists in self.subaccounts.values() for name in lists}
        named |= {name for write in self.writes for name in (*write.refused, write.done_by) if name}
        reviews = [found for write in self.writes for found in write.reviews.items()]
        named |= {name for _, review in reviews for name in review.shown_to}
        named |= {share.to for share in self.shares.values()} | set(self.staff)
        named |= {opening.by for opening in self.openings.values()}
        if named - callers:
            raise ValueError(f"there is no caller {sorted(named - callers)}")
        accounts = {name for seen in self.sees.values() for name in seen or ()} | set(self.subaccounts)
        accounts |= {may.account for may in self.may} | {key.account for key in self.keys.values()}
        accounts |= {account for account, _ in reviews}
        accounts |= {name for roles in self.people.values() for name in roles}
        accounts |= {name for share in self.shares.values() for name in share.accounts}
        accounts |= {role.account for role in self.roles.values()}
        accounts |= {opening.account for opening in self.openings.values()} | set(self.cards.values())
        if accounts - set(self.accounts):
            raise ValueError(f"there is no account {sorted(accounts - set(self.accounts))}")
        given = {membership.role for roles in self.people.values() for membership in roles.values()}
        given |= {key.role for key in self.keys.values()}
        given |= {share.role for share in self.shares.values() if share.role is not None}
        if given - {*self.roles, *BuiltinRole.__members__}:
            raise ValueError(f"there is no role {sorted(given)}")


def read_case(text: str) -> Case:
    """A case from its file's text. Raises ValueError, TypeError or KeyError for what it cannot mean."""
    given = yaml.load(text, Loader=Loader)
    return Case(
        title=given.pop("title"),
        accounts={name: _account(**(values or {})) for name, values in given.pop("accounts").items()},
        roles={name: _role(**values) for name, values in given.pop("roles", {}).items()},
        people={name: _roles(roles or {}) for name, roles in given.pop("people", {}).items()},
        keys={name: _key(**values) for name, values in given.pop("keys", {}).items()},
        shares={name: _share(**values) for name, values in given.pop("shares", {}).items()},
        openings={name: _opening(**values) for name, values in given.pop("openings", {}).items()},
        cards=given.pop("cards", {}),
        staff={name: StaffRole(role) for name, role in given.pop("staff", {}).items()},
        sees={name: _seen(value) for name, value in given.pop("sees").items()},
        may=tuple(_may(question, callers) for question, callers in given.pop("may").items()),
        subaccounts={
            account: {caller: tuple(names) for caller, names in lists.items()}
            for account, lists in given.pop("subaccounts", {}).items()
        },
        writes=tuple(_write(**values) for values in given.pop("writes")),
        **given,
    )


def read_cases() -> dict[str, Case]:
    """Every file of the folder, by its name without `.yaml`."""
    return {file.stem: read_case(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.yaml"))}


def _account(
    under: str | None = None,
    status: str = "ACTIVE",
    inheritance: str = "ADMINISTRATORS",
    parent_access: str = "FULL",
) -> AccountCase:
    mode = ParentAccess(parent_access)
    return AccountCase(under, AccountStatus(status), RightsInheritance(inheritance), mode)


def _role(account: str, permissions: list[str], below: list[str] | None = None) -> RoleCase:
    return RoleCase(account, " ".join(permissions), " ".join(below or []))


def _roles(roles: Mapping[str, str]) -> dict[str, MembershipCase]:
    return {account: _membership(text) for account, text in roles.items()}


def _membership(text: str) -> MembershipCase:
    role, comma, state = text.partition(", ")
    if comma and state != "expired":
        raise ValueError(f"a membership may be expired, not {state}")
    return MembershipCase(role, bool(comma))


def _key(
    account: str,
    role: str = "ADMINISTRATOR",
    scopes: list[str] | None = None,
    state: str = "works",
    creator: str | None = None,
    choice: str = "KEEP",
) -> KeyCase:
    narrowed = None if scopes is None else frozenset(Permission[name] for name in scopes)
    return KeyCase(account, role, narrowed, KeyState(state), creator, WhenMakerLosesAccess(choice))


def _share(
    to: str,
    accounts: list[str],
    role: str | None = None,
    areas: list[str] | None = None,
    hidden: list[str] | None = None,
    state: str = "holds",
) -> ShareCase:
    alone = None if areas is None else frozenset(map(Area, areas))
    return ShareCase(to, tuple(accounts), role, alone, frozenset(map(Area, hidden or ())), ShareState(state))


def _opening(by: str, account: str, state: str = "holds") -> OpeningCase:
    return OpeningCase(by, account, OpeningState(state))


def _seen(value: str | list[str]) -> tuple[str, ...] | None:
    if isinstance(value, str):
        if value != "UNAUTHENTICATED":
            raise ValueError(f"somebody sees accounts or is UNAUTHENTICATED, not {value}")
        return None
    return tuple(value)


def _write(
    call: str,
    input: Mapping[str, Any],
    refused: Mapping[str, str],
    done_by: str | None = None,
    reviews: Mapping[str, Mapping[str, Any]] | None = None,
) -> WriteCase:
    following = {account: _review(**values) for account, values in (reviews or {}).items()}
    return WriteCase(call, input, refused, done_by, following)


def _review(shown_to: list[str], waiting: int | None = None) -> ReviewCase:
    return ReviewCase(waiting, frozenset(shown_to))


def _may(question: str, callers: list[str]) -> MayCase:
    permission, _, account = question.partition(" in ")
    return MayCase(Permission[permission], account, frozenset(callers))
