"""Writes that a viewer tries, each with what the model says becomes of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.isolation.model import Account, Asker, Invitation, Key, Member, Person, Role, Share
from tests.isolation.rights import Grant, Rights
from tests.isolation.rules import AREAS, EVERYTHING, READS, Gives, named
from tests.isolation.sight import Json
from tests.isolation.site import Site
from tests.isolation.state import State

DONE = frozenset({""})
GIVES_ACCESS = named(
    "ACCOUNT_TRANSFER SUBACCOUNTS_WRITE MEMBERS_WRITE ROLES_WRITE API_KEYS_WRITE SETTINGS_WRITE "
    "WEBHOOKS_WRITE"
)
"""By these nothing is given or taken that would outlive the right."""
Thing = Member | Key | Invitation | Share


@dataclass(frozen=True)
class Attempt:
    """A mutation with its input. `expected`: the codes of which one refuses it, with the permission that is
    missing; an empty one: it is done. `accounts`: where it would change something."""

    mutation: str
    values: Json
    accounts: tuple[Account, ...]
    expected: frozenset[str]


@dataclass(frozen=True)
class Attempts:
    """What one subject tries."""

    site: Site
    rights: Rights
    subject: Asker | None
    state: State

    def on_account(self, account: Account) -> Iterator[Attempt]:
        """Changes of an account, and new things in it."""
        chance, role = self.site.chance, self.site.chance.choice(self.site.world.roles)
        version, here = self.state[account.id]["version"], {"accountId": account.id}
        permission, area = (
            chance.choice(sorted(EVERYTHING - named("ACCOUNT_SUSPEND"))),
            chance.choice(sorted(AREAS)),
        )
        new = {"email": self.site.email(), "idempotencyKey": self.site.once("key")}
        role_values = {"name": self.site.once("Role"), "permissions": [permission]}
        share = Share("", "", [account], None, frozenset({area}), frozenset(), self.site.world.people[0])
        sharing = self._repeatable(account, "MEMBERS_WRITE") or self._giving(share, account)
        shared = Gives(self.rights.shared(share), frozenset(), frozenset())
        sharing = sharing or self._promised(account, shared, None)
        tried: list[tuple[str, Json, str]] = [
            (
                "accountUpdate",
                {**here, "name": "Another", "expectedVersion": version},
                self._gate(account, "ACCOUNT_WRITE"),
            ),
            ("accountSuspend", here, self._suspending(account)),
            ("memberInvite", {**here, **new, "roleId": role.id}, self._inviting(account, role)),
            ("apiKeyCreate", {**here, "name": "Another", "roleId": role.id}, self._making_key(account, role)),
            ("roleCreate", {**here, **role_values}, self._making_role(account, permission)),
            ("shareCreate", {**new, "accountIds": [account.id], "areas": [area]}, sharing),
        ]
        for mutation, values, code in tried:
            yield Attempt(mutation, values, (account,), frozenset({code}))

    def on_link(self, account: Account) -> Iterator[Attempt]:
        """Changes of what passes down, as far as they are refused: what is done would stay."""
        reasoned: Json = {"accountId": account.id, "reason": "Because"}
        code = self._linking(account)
        if code:
            version = self.state[account.id]["version"]
            changed: Json = {"parentAccess": "NONE", "expectedVersion": version}
            yield Attempt("parentAccessUpdate", {**reasoned, **changed}, (account,), frozenset({code}))
        code = self._opening(account)
        if code:
            yield Attempt("breakGlassOpen", {**reasoned, "hours": 1}, (account,), frozenset({code}))

    def on_things(self) -> Iterator[Attempt]:
        """Ends of what there is."""
        world, chance = self.site.world, self.site.chance
        member, key = chance.choice(world.members), chance.choice(world.keys)
        yield self._of("memberRemove", "memberId", member, self._removing(member))
        yield from self._on_roles(chance.choice(world.members))
        yield self._of("apiKeyRevoke", "apiKeyId", key, self._taking(key.account, "API_KEYS_WRITE", key))
        yield self._of("apiKeyRotate", "apiKeyId", key, self._rotating(key))
        invitation = chance.choice(world.invitations)
        used = "INVITATION_USED" if invitation.status == "ACCEPTED" else ""
        code = self._taking(invitation.account, "MEMBERS_WRITE", invitation) or used
        yield self._of("invitationRevoke", "invitationId", invitation, code)
        for share in self.site.some(world.shares, 1):
            expected = self._revoking(share)
            yield Attempt("shareRevoke", {"shareId": share.id}, tuple(share.accounts), expected)
        role = chance.choice([found for found in world.roles if found.account is not None])
        assert role.account is not None
        code = self._taking(role.account, "ROLES_WRITE")
        if code:
            yield Attempt("roleDelete", {"roleId": role.id}, (role.account,), frozenset({code}))

    def _on_roles(self, member: Member) -> Iterator[Attempt]:
        """A lower role, and the highest."""
        account, analyst = member.account, self.site.world.role("ANALYST")
        listed = {found["id"]: found["version"] for found in self.state[account.id]["members"]["nodes"]}
        lower: Json = {
            "memberId": member.id,
            "expectedVersion": listed.get(member.id, 1),
            "roleId": analyst.id,
        }
        yield Attempt("memberUpdate", lower, (account,), frozenset({self._lowering(member, analyst)}))
        owners = [found.id for found in self._owners() if found.account is account]
        handed: Json = {
            "accountId": account.id,
            "toMemberId": member.id,
            "fromMemberId": next(iter(owners), None),
        }
        yield Attempt("ownershipTransfer", handed, (account,), frozenset({self._handing_over(member)}))

    def _owners(self) -> list[Member]:
        owner = self.site.world.role("OWNER")
        return [member for member in self.site.world.members if member.role is owner and not member.ended]

    @staticmethod
    def _of(mutation: str, field: str, thing: Member | Key | Invitation, code: str) -> Attempt:
        return Attempt(mutation, {field: thing.id}, (thing.account,), frozenset({code}))

    def _right(self, account: Account, permission: str) -> str:
        """Why nothing that needs the permission can be done there, whatever the status."""
        if not self.rights.reaches(self.subject, account):
            return self.rights.unreached(self.subject, account)
        if permission not in self.rights.held(self.subject, account):
            return f"FORBIDDEN {permission}"
        return ""

    def _suspending(self, account: Account) -> str:
        closed = "ACCOUNT_CLOSED" if account.own_status == "CLOSED" else ""
        return self._right(account, "ACCOUNT_SUSPEND") or closed

    def _taking(self, account: Account, permission: str, thing: Thing | None = None) -> str:
        """Why nothing that needs the permission can be taken away there: no status forbids it."""
        return self._right(account, permission) or self._ending(account, permission, thing)

    def _gate(self, account: Account, permission: str, thing: Thing | None = None) -> str:
        """Why nothing that needs the permission can be changed there."""
        code = self._right(account, permission)
        if code:
            return code
        left = self.rights.left_by_status(account)
        writes = left if account.status == "ACTIVE" else left - READS
        allowed = permission in writes
        return self._ending(account, permission, thing) if allowed else f"ACCOUNT_{account.status}"

    def _repeatable(self, account: Account, permission: str) -> str:
        """Why nothing new can be done there by what is answered again under its key in any status."""
        return self._taking(account, permission) or self._gate(account, permission)

    def _ending(self, account: Account, permission: str, thing: Thing | None = None) -> str:
        """Why nothing is given or taken by it, or not that thing: it is shared, or held until the glass is
        whole again or the membership ends."""
        if permission not in GIVES_ACCESS or permission in self._lasting(account, thing):
            return ""
        shared = self.rights.by_shares(self.subject, account, permission)
        return "REACHED_BY_SHARE" if shared else "RIGHT_ENDS"

    def _lasting(self, account: Account, thing: Thing | None = None) -> frozenset[str]:
        return self.rights.lasting(self.subject, account, until_tomorrow=_ends(thing))

    def _holding(self, account: Account, gives: Gives, thing: Thing | None = None) -> str:
        """Why somebody may not give or take that much (N19)."""
        below = gives.inherited if account.passes_all_roles else gives.below
        wide = gives.here - self._lasting(account, thing)
        wide |= below - self.rights.lasting_below(self.subject, account, until_tomorrow=_ends(thing))
        return "ROLE_TOO_WIDE" if wide else ""

    def _role(self, account: Account, role: Role) -> str:
        return self._holding(account, role.gives) if role.usable_in(account) else "NOT_FOUND"

    def _promised(
        self, account: Account, gives: Gives, role: Role | None, subject: Person | None = None
    ) -> str:
        """Why nobody new, or not the subject, is given that much there: an account has promised otherwise."""
        below = gives.inherited if account.passes_all_roles else gives.below
        broken = self.rights.breaks_promise(account, Grant(account, gives.here, below), role, subject)
        return "PROMISE_BROKEN" if broken else ""

    def _inviting(self, account: Account, role: Role) -> str:
        code = self._repeatable(account, "MEMBERS_WRITE") or self._role(account, role)
        return code or self._promised(account, role.gives, role)

    def _making_key(self, account: Account, role: Role) -> str:
        code = self._gate(account, "API_KEYS_WRITE")
        if code:
            return code
        if account.master.keys_by_master_only and not self.rights.from_master(
            self.subject, account, "API_KEYS_WRITE"
        ):
            return "MASTER_ACCOUNT_REQUIRED"
        code = self._role(account, role) or ("BAD_USER_INPUT" if role.name == "OWNER" else "")
        return code or self._promised(account, role.gives, role)

    def _making_role(self, account: Account, permission: str) -> str:
        here = named("ACCOUNT_READ") | {permission}
        gives = Gives(here, frozenset(), here)
        return self._gate(account, "ROLES_WRITE") or self._holding(account, gives)

    def _giving(self, share: Share, account: Account) -> str:
        """Why the subject may not share that much there, or take it back."""
        return "" if self.rights.shared(share) <= self._lasting(account, share) else "ROLE_TOO_WIDE"

    def _linking(self, account: Account) -> str:
        """Of NONE, by which the parent alone loses: it gives that up in any status, but is not asked to."""
        code = self._right(account, "ACCOUNT_READ")
        if code or account.parent is None:
            return code or "FAILED_PRECONDITION"
        if not self.rights.speaks_for_link(self.subject, account):
            return self._taking(account, "SETTINGS_WRITE") or "FORBIDDEN SETTINGS_WRITE"
        gives_up = account.parent_access == "NONE" or self.rights.speaks_for_parent(self.subject, account)
        return "" if gives_up or account.status == "ACTIVE" else f"ACCOUNT_{account.status}"

    def _gate_reading(self, account: Account) -> str:
        return self._gate(account, "ACCOUNT_READ")

    def _opening(self, account: Account) -> str:
        if not isinstance(self.subject, Person):
            return "PERSON_REQUIRED"
        code = self._gate_reading(account)
        if code:
            return code
        opens = account.parent_access == "BREAK_GLASS" and self.rights.let_in(self.subject, account)
        return "" if opens else "FAILED_PRECONDITION"

    def _managing(self, member: Member) -> str:
        """Why the member's role cannot be taken."""
        if member.removed:
            return "NOT_FOUND"
        code = self._taking(member.account, "MEMBERS_WRITE", member)
        code = code or ("NOT_FOUND" if member.ended else "")
        return code or self._holding(member.account, member.role.gives, member)

    def _removing(self, member: Member) -> str:
        last = member.role.name == "OWNER" and member.account.status != "CLOSED"
        return self._managing(member) or ("LAST_OWNER" if last else "")

    def _lowering(self, member: Member, role: Role) -> str:
        """No status forbids it, as far as the new role gives nothing that the old one does not."""
        account, old, new = member.account, member.role.gives, role.gives
        below = new.inherited <= old.inherited if account.passes_all_roles else new.below <= old.below
        lower = new.here <= old.here and below
        code = self._managing(member) or self._holding(account, new, member)
        code = code or ("" if lower or account.status == "ACTIVE" else f"ACCOUNT_{account.status}")
        last = member.role.name == "OWNER" and account.status != "CLOSED"
        code = code or ("LAST_OWNER" if last else "")
        return code or self._promised(account, new, role, member.person)

    def _handing_over(self, member: Member) -> str:
        """Why the ownership is not offered to the member (R46)."""
        owner = self.site.world.role("OWNER")
        code = self._gate(member.account, "ACCOUNT_TRANSFER") or self._holding(member.account, owner.gives)
        code = code or ("NOT_FOUND" if member.ended else "")
        code = code or ("FAILED_PRECONDITION" if member.role is owner else "")
        owning = {found.person.id for found in self._owners() if found.account.own_status != "CLOSED"}
        return code or ("ALREADY_OWNS_ACCOUNT" if member.person.id in owning else "")

    def _rotating(self, key: Key) -> str:
        code = self._gate(key.account, "API_KEYS_WRITE", key)
        code = code or self._holding(key.account, key.role.gives, key)
        return code or ("" if self.rights.works(key) else "FAILED_PRECONDITION")

    def _revoking(self, share: Share) -> frozenset[str]:
        """Any account's refusal may come first."""
        refused = {self._right(account, "MEMBERS_WRITE") for account in share.accounts} - {""}
        ending = {self._ending(account, "MEMBERS_WRITE", share) for account in share.accounts} - {""}
        wide = {self._giving(share, account) for account in share.accounts} - {""}
        return frozenset(refused or ending or wide) or DONE


def _ends(thing: Thing | None) -> bool:
    """Whether it ends tomorrow at the latest; what is made here never does."""
    match thing:
        case Member():
            return thing.ended or thing.ends
        case Key():
            return thing.expired
        case Share():
            return thing.status == "EXPIRED"
        case _:
            return False
