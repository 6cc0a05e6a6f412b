"""Who may do what where: the manual's rules on a `model.World`, slow and obvious on purpose."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.isolation.model import (
    Account,
    Asker,
    Invitation,
    Key,
    Member,
    Person,
    Role,
    Share,
    Subject,
    Token,
    World,
)
from tests.isolation.rules import BUILT_IN, EVERYTHING, LEAST, PASSES, READS, area_of, named

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Grant:
    """What holds in an account, and what in every account below it."""

    account: Account
    here: frozenset[str]
    below: frozenset[str]


class Rights:
    """The decisions. A test takes one of the rules away to see that the oracle notices it."""

    def __init__(self, world: World) -> None:
        self.world = world

    def permissions(self, subject: Asker | None, account: Account) -> frozenset[str]:
        """What may be done there now; nothing: the account is not there for the subject."""
        held = self.held(subject, account)
        return held & self.left_by_status(account) if "ACCOUNT_READ" in held else NOTHING

    def reaches(self, subject: Asker | None, account: Account) -> bool:
        """Whether the account is there for the subject."""
        return "ACCOUNT_READ" in self.permissions(subject, account)

    def held(self, subject: Asker | None, account: Account) -> frozenset[str]:
        """What the subject's secret gives there now, whatever the account's status."""
        return NOTHING if self.bars(subject, account) else self.granted(subject, account)

    def bars(self, subject: Asker | None, account: Account) -> bool:
        """Whether the account, or one above it, requires a second factor that the session has not proved. A
        token has proved what its session has; keys are not concerned."""
        root = subject.root if isinstance(subject, Token) else subject
        required = any(place.requires_factor for place in account.path)
        return required and isinstance(root, Person) and not root.proved

    def unreached(self, subject: Asker | None, account: Account) -> str:
        """Why nothing can be changed there by somebody whom it is not there for."""
        kept_out = self.bars(subject, account) and "ACCOUNT_READ" in self.granted(subject, account)
        return "SECOND_FACTOR_REQUIRED" if kept_out else "NOT_FOUND"

    def granted(self, subject: Asker | None, account: Account) -> frozenset[str]:
        """What is held there now, by whoever has proved what the account requires."""
        return self._in([*self._kept(subject), *self._opened(subject)], account)

    def lasting(
        self, subject: Asker | None, account: Account, *, until_tomorrow: bool = False
    ) -> frozenset[str]:
        """What of it may be passed on: what roles and keys give, not shares nor broken glass.
        `until_tomorrow`: to what ends then at the latest, which who ends then himself may pass on too."""
        return self._in(list(self._lasting(subject, until_tomorrow)), account)

    def lasting_below(
        self, subject: Asker | None, account: Account, *, until_tomorrow: bool = False
    ) -> frozenset[str]:
        """The same in all that is or will be below the account."""
        return self._below(list(self._lasting(subject, until_tomorrow)), account)

    def by_shares(self, subject: Asker | None, account: Account, permission: str) -> bool:
        """Whether nothing but shares gives the permission."""
        others = [*self._direct(subject), *self._opened(subject)]
        return permission in self.held(subject, account) - self._in(others, account)

    def speaks_for_link(self, subject: Asker | None, account: Account) -> bool:
        """Whether it speaks for a side of the account's link: by SETTINGS_WRITE in the parent and below it,
        or by a role or key in the account itself."""
        own = any(
            grant.account is account and "SETTINGS_WRITE" in grant.here for grant in self._lasting(subject)
        )
        return own or self.speaks_for_parent(subject, account)

    def speaks_for_parent(self, subject: Asker | None, account: Account) -> bool:
        """Whether it speaks for the side above: by SETTINGS_WRITE in the parent and below it."""
        for grant in self._lasting(subject):
            if grant.account in account.above:
                below = self._below([grant], account.above[-1])
                if "SETTINGS_WRITE" in below & self._in([grant], account.above[-1]):
                    return True
        return False

    def from_master(self, subject: Asker | None, account: Account, permission: str) -> bool:
        """Whether the permission is held in the account from its master account."""
        for grant in self._lasting(subject):
            if grant.account is account.master:
                given = grant.here if account is account.master else grant.below
                if permission in given:
                    return True
        return False

    def let_in(self, person: Person, account: Account) -> list[Account]:
        """Where above the account the person holds something that its broken glass lets in, nearest last."""
        assert account.parent is not None
        found = [
            member.account
            for member in self.world.members
            if member.person is person
            and not member.ended
            and member.account in account.above
            and self.gives_below(member) & self.passed(member.account, account.parent) - LEAST
        ]
        return sorted(found, key=lambda place: len(place.path))

    def acting_from(self, subject: Subject, account: Account, permission: str) -> Account:
        """The nearest account whose role, key or share gives the permission (R54); of broken glass: where
        the membership is."""
        for place in reversed(account.path):
            grants = [grant for grant in self._kept(subject) if grant.account is place]
            if permission in self._in(grants, account):
                return place
        mine = [m for m in self.world.members if m.person is subject and not m.ended]
        above = [m.account for m in mine if m.account in account.above and permission in self.gives_below(m)]
        return max(above, key=lambda place: len(place.path))

    def gives_below(self, member: Member | Key) -> frozenset[str]:
        """What a role gives below the account that it is held in (R45, R66, R73)."""
        gives = member.role.gives
        given = gives.inherited if member.account.passes_all_roles else gives.below
        return given & member.scopes if isinstance(member, Key) else given

    def shared(self, share: Share) -> frozenset[str]:
        """What a share gives in each of its accounts (R21, R24, R34, R38)."""
        if share.role is not None:
            return frozenset(name for name in share.role.gives.here if not self.hides(share, area_of(name)))
        administrator = BUILT_IN["ADMINISTRATOR"].here
        return frozenset(n for n in administrator if area_of(n) in share.areas) | named("ACCOUNT_READ")

    def hides(self, share: Share, area: str) -> bool:
        """Whether a page is hidden from the guest."""
        return area in share.hidden

    def passes(self, account: Account) -> frozenset[str]:
        """What of the rights held above the account passes its link (N3)."""
        return PASSES[account.parent_access]

    def left_by_status(self, account: Account) -> frozenset[str]:
        """What is left of an account's status and of those above it (T7)."""
        if account.own_status == "CLOSED" or any(above.own_status != "ACTIVE" for above in account.above):
            return READS
        if account.own_status == "SUSPENDED":
            return READS | named("ACCOUNT_SUSPEND ACCOUNT_CLOSE")
        return EVERYTHING

    def invitation_status(self, invitation: Invitation) -> str:
        """What has become of it: open, it has lapsed where nobody can accept it (T14), also for a promise
        (N13)."""
        account, giver, gives = invitation.account, invitation.inviter, invitation.role.gives
        below = gives.inherited if account.passes_all_roles else gives.below
        stands = self._offers(giver, account, gives.here, self.lasting(giver, account))
        stands = stands and below <= self.lasting_below(giver, account)
        offered = Grant(account, gives.here, below)
        stands = stands and not self.breaks_promise(
            account, offered, invitation.role, self._of(invitation.email)
        )
        return "LAPSED" if invitation.status == "PENDING" and not stands else invitation.status

    def share_status(self, share: Share) -> str:
        """The same of a share."""
        given, guest = self.shared(share), self._of(share.email)
        stands = all(
            self._offers(share.giver, account, given, self.lasting(share.giver, account))
            and not self.breaks_promise(account, Grant(account, given, NOTHING), share.role, guest)
            for account in share.accounts
        )
        return "LAPSED" if share.status == "PENDING" and not stands else share.status

    def _of(self, email: str) -> Person | None:
        return next((person for person in self.world.people if person.email == email), None)

    def _offers(self, giver: Subject, account: Account, gives: frozenset[str], held: frozenset[str]) -> bool:
        return self.works(giver) and account.status == "ACTIVE" and gives | named("MEMBERS_WRITE") <= held

    def ghost(self, key: Key) -> str | None:
        """Why the key's creator could not create it any more (N18), or would not be able to until it ends."""
        if key.revoked or key.expired:
            return None
        creator = key.creator
        if isinstance(creator, Key) and (creator.revoked or creator.expired or self.stopped(creator)):
            return "MAKER_ENDED"
        outlives = not self._could_make(key, list(self._lasting(creator)))
        return self._lost(key) or ("MAKER_RIGHT_ENDS" if outlives else None)

    def stopped(self, key: Key) -> bool:
        """Whether it was made to stop, and its creator could not create it any more (T6)."""
        creator = key.creator
        ended = isinstance(creator, Key) and (creator.revoked or creator.expired or self.stopped(creator))
        return key.stops and (ended or self._lost(key) is not None)

    def works(self, asker: Asker) -> bool:
        """Whether its secret is accepted, from where it may be used. A token ends with all that it hangs
        on."""
        match asker:
            case Person():
                return True
            case Key():
                return not (asker.revoked or asker.expired or self.stopped(asker))
            case Token():
                return not asker.revoked and self.works(asker.parent)

    def kept(self, subject: Asker | None, account: Account) -> frozenset[str]:
        """What is held there by roles, keys and shares, without broken glass."""
        return self._in(list(self._kept(subject)), account)

    def narrows(self, token: Token, account: Account) -> frozenset[str]:
        """What a token leaves of its parent's rights in one of its accounts."""
        return self.kept(token.parent, account) & token.permissions

    def may_revoke(self, asker: Asker | None, token: Token) -> bool:
        """Whether it is the asker's own: it itself, what it acts for, or a token that it was narrowed
        from."""
        return asker is not None and asker in (token, token.root, *token.above)

    def passed(self, upper: Account, lower: Account) -> frozenset[str]:
        """What every link from the one down to the other lets pass."""
        links = [account for account in lower.path if upper in account.above]
        found = EVERYTHING
        for account in links:
            found &= self.passes(account)
        return found

    def beside(self, account: Account, permission: str, roles: Sequence[Role]) -> list[Subject]:
        """Who has the permission there by something else than these roles, whatever the status and without
        broken glass: whom a promise is broken by."""
        found = list[Subject]()
        for subject in self.world.subjects:
            grants = [grant for grant, role in self._by_role(subject) if role not in roles]
            if permission in self._in(grants, account):
                found.append(subject)
        return found

    def roles_giving(self, subject: Subject, account: Account, permission: str) -> set[Role]:
        """The roles by which the subject has the permission there, in the account or from above."""
        grants = self._by_role(subject)
        return {role for grant, role in grants if role and permission in self._in([grant], account)}

    def breaks_promise(
        self, account: Account, gives: Grant, role: Role | None, subject: Subject | None = None
    ) -> bool:
        """Whether the subject, or somebody new, who is given this in the account would break a promise made
        there or below."""
        for promise in self.world.promises:
            concerned = not promise.ended and role not in promise.roles and subject not in promise.exceptions
            if concerned and promise.permission in self._in([gives], promise.account):
                return True
        return False

    def _by_role(self, subject: Subject) -> "Iterator[tuple[Grant, Role | None]]":
        if isinstance(subject, Key) and self.works(subject):
            here = subject.role.gives.here & subject.scopes
            yield Grant(subject.account, here, self.gives_below(subject)), subject.role
        for member in self.world.members:
            if member.person is subject and not member.ended:
                yield Grant(member.account, member.role.gives.here, self.gives_below(member)), member.role
        for share in self.world.shares:
            if share.guest is subject and share.status == "ACTIVE":
                for account in share.accounts:
                    yield Grant(account, self.shared(share), NOTHING), share.role

    def _lost(self, key: Key) -> str | None:
        kept = list(self._kept(key.creator))
        if isinstance(key.creator, Person) and "ACCOUNT_READ" not in self._in(kept, key.account):
            return "MAKER_LEFT"
        return None if self._could_make(key, kept) else "MAKER_LOST_RIGHT"

    def _could_make(self, key: Key, grants: list[Grant]) -> bool:
        needed = (key.role.gives.here & key.scopes) | named("API_KEYS_WRITE")
        below = self._below(grants, key.account)
        return needed <= self._in(grants, key.account) and self.gives_below(key) <= below

    def _direct(self, subject: Asker | None) -> Iterator[Grant]:
        return self._lasting(subject, until_tomorrow=True)

    def _lasting(self, subject: Asker | None, until_tomorrow: bool = False) -> Iterator[Grant]:
        if isinstance(subject, Key):
            yield Grant(subject.account, subject.role.gives.here & subject.scopes, self.gives_below(subject))
        for member in self.world.members:
            if member.person is subject and not member.ended and (until_tomorrow or not member.ends):
                yield Grant(member.account, member.role.gives.here, self.gives_below(member))

    def _kept(self, subject: Asker | None) -> Iterator[Grant]:
        yield from self._direct(subject)
        if isinstance(subject, Token):
            yield from (Grant(found, self.narrows(subject, found), NOTHING) for found in subject.accounts)
        for share in self.world.shares:
            if share.guest is subject and subject is not None and share.status == "ACTIVE":
                yield from (Grant(account, self.shared(share), NOTHING) for account in share.accounts)

    def _opened(self, subject: Asker | None) -> Iterator[Grant]:
        for opening in self.world.openings:
            account = opening.account
            if opening.person is not subject or opening.ended or account.parent_access != "BREAK_GLASS":
                continue
            memberships = (
                Grant(member.account, NOTHING, self.gives_below(member))
                for member in self.world.members
                if member.person is subject and not member.ended and member.account in account.above
            )
            assert account.parent is not None
            let_in = self._below(list(memberships), account.parent)
            yield Grant(account, let_in, let_in)

    def _in(self, grants: list[Grant], account: Account) -> frozenset[str]:
        here = [grant.here for grant in grants if grant.account is account]
        above = [grant for grant in grants if grant.account in account.above]
        return NOTHING.union(*here, *(grant.below & self.passed(grant.account, account) for grant in above))

    def _below(self, grants: list[Grant], account: Account) -> frozenset[str]:
        leading = [grant for grant in grants if grant.account in account.path]
        return NOTHING.union(*(grant.below & self.passed(grant.account, account) for grant in leading))
