"""The rules of the house about rights, held by machine: one definition of reach, a rule for every field."""

from pathlib import Path

import pytest
import strawberry
from sqlalchemy import Uuid

import schema.root
from authz.policy.permissions import Permission
from engine.base.marks import Public, Requires
from engine.declare.declarations import entity
from schema.root import UnmarkedFieldsError, build_schema, unmarked_fields
from tests.authz.rules.reach_lint import MEMBERSHIPS, SHARES, Use, uses

ROOT = Path(__file__).parents[3]
FOLDERS = ("resolvers", "schema", "server")
"""Everything above `authz/`. `engine/` cannot import it, `models/` lies below."""

_BY_PERSON = f"{MEMBERSHIPS} by user_id"
_SHARES_BY_PERSON = f"{SHARES} by user_id"
_PRINCIPAL = "authz.reach.reach.PRINCIPAL"
_MEMBERSHIPS = "authz.reach.grants.active_memberships"

ALLOWED = {
    Use("server.graphql.compiled_reads", _PRINCIPAL): "finds out who asks, and decides nothing",
    Use("server.fairness.callers", _PRINCIPAL): "which tree a key is counted with, and decides nothing",
    Use("server.http.authentication", _PRINCIPAL): "finds out who asks, and decides nothing",
    Use("server.demo.access._principal", _PRINCIPAL): "whether a token that was kept still works",
    Use(
        "resolvers.accounts.reads.of_viewer", "authz.reach.reach.GRANTS"
    ): "in which trees to look; reach decides",
    Use("resolvers.people.viewer.current", _PRINCIPAL): "who asks is what the field tells",
    Use("resolvers.staff.reads.current", _PRINCIPAL): "whether who asks is staff, which gives no reach",
    Use(
        "resolvers.access.matrix.of_account", "authz.reach.everybody.access_with_tokens_in"
    ): "shows them, and decides nothing",
    Use("resolvers.people.reads.by_id", _PRINCIPAL): "the viewer's own person",
    Use("resolvers.reputation.reads._is_of_viewer", _PRINCIPAL): "which key would send, and decides nothing",
    Use("resolvers.reputation.tell.mail_moved", "authz.reach.everybody.access_in"): "whom to tell",
    Use("resolvers.webhooks.tell._mail", "authz.reach.everybody.access_in"): "whom to tell",
    Use("resolvers.rows.shown.is_viewer", _PRINCIPAL): "a person always knows itself",
    Use("resolvers.audit.filters._made_by", _PRINCIPAL): "a key always knows what it did itself",
    Use("resolvers.audit.reads.key_of", _PRINCIPAL): "a key always knows what it did itself",
    Use("resolvers.audit.seals._may_see", _PRINCIPAL): "a key always knows what it did itself",
    Use("resolvers.live.watched.marks", _PRINCIPAL): "whether a token still works, which shows nothing",
    Use(
        "resolvers.rows.subtrees.accounts_below", "authz.reach.reach.REACH"
    ): "reach itself, cut to a subtree",
    Use(
        "resolvers.shares.persons_access._memberships", "models.members.tables.memberships by user_id"
    ): "what is to end, of a person who is not the caller",
    Use(
        "resolvers.shares.persons_access._shares", "models.shares.tables.shares by user_id"
    ): "what is to end, of a person who is not the caller",
    Use(
        "resolvers.shares.reads.of_account", "models.shares.tables.shares by user_id"
    ): "a filter of what the account's managers see",
    Use("resolvers.api_keys.reads.by_id", _PRINCIPAL): "a key can always see itself",
    Use("resolvers.narrowed_tokens.reads._may_see", _PRINCIPAL): "whoever it was made of sees it",
    Use("resolvers.narrowed_tokens.reads.user_of", _PRINCIPAL): "a person always knows itself",
    Use("resolvers.narrowed_tokens.reads.key_of", _PRINCIPAL): "a key can always see itself",
    Use("resolvers.shares.reads._may_see", _PRINCIPAL): "whoever was given a share sees it",
    Use("resolvers.shares.reads.giver_of", _PRINCIPAL): "a person always knows itself",
    Use("resolvers.shares.reads.of_viewer", _SHARES_BY_PERSON): "what was given to whom, not what it gives",
    Use("resolvers.shares.accept.leave_share", _SHARES_BY_PERSON): "the own share is what is given back",
    Use("resolvers.shares.store.withdraw_waiting", _SHARES_BY_PERSON): "whether it waits",
    Use("resolvers.shares.store.refuse_shared", _SHARES_BY_PERSON): "whether it was accepted",
    Use(
        "resolvers.members.reads._is_viewer", _PRINCIPAL
    ): "a new member sees the own membership in the payload",
    Use("resolvers.members.reads._member_rows", _MEMBERSHIPS): "what members are, not who may",
    Use("resolvers.members.reads._own_member_rows", _MEMBERSHIPS): "what members are, not who may",
    Use("resolvers.members.change._membership", _BY_PERSON): "the membership to be changed",
    Use("resolvers.members.change.leave_account", _BY_PERSON): "the own membership is what is left",
    Use(
        "resolvers.members.transfer_ownership._old_owner", _BY_PERSON
    ): "the own ownership is what is handed over",
    Use("resolvers.members.ownership_offers.of_viewer", _BY_PERSON): "what is offered to whom",
    Use("resolvers.members.ownership_offers._member", _PRINCIPAL): "a person always sees its own membership",
    Use("resolvers.members.transfer_ownership._holder", _BY_PERSON): "the member that is named",
    Use("resolvers.members.ownership.give_up_ownership", _BY_PERSON): "whether another owner stays",
    Use("resolvers.members.ending.keep_ended", _BY_PERSON): "whether a group gives what somebody holds",
    Use("resolvers.invitations.accept._add_membership", _BY_PERSON): "whether the address is a member's",
    Use("resolvers.staff.user_rights.person_of", _BY_PERSON): "the member that staff name",
    Use("resolvers.staff.user_rights.limit_below", _BY_PERSON): "the membership that carries the limit",
    Use("resolvers.parent_access.openings._may_see", _PRINCIPAL): "whoever broke the glass sees that",
    Use("resolvers.members.owners.owners_of", _BY_PERSON): "whom to tell",
    Use("resolvers.access_review.candidates._members", _BY_PERSON): "the members that are asked about",
    Use(
        "resolvers.access_review.candidates._members", "authz.reach.grants.active_memberships"
    ): "who holds a role above is not from outside",
    Use("resolvers.access_review.candidates._shares", _SHARES_BY_PERSON): "the guests that are asked about",
    Use("resolvers.access_review.ending._end_members", _BY_PERSON): "whom the log names",
    Use("resolvers.access_review.mail.tell_owners", "authz.reach.grants.active_memberships"): "whom to tell",
    Use(
        "resolvers.block_list.reads.seen_path", "authz.reach.reach.mask_of_account"
    ): "the accounts above, which reach leaves out, beside what is allowed in each",
    Use(
        "resolvers.statistics.reads._below", "authz.reach.reach.mask_of_account"
    ): "where in a tree the permission for statistics begins and ends",
    Use(
        "resolvers.block_list.paths._named", "authz.reach.reach.mask_of_account"
    ): "whose block it is, told as far as the caller reaches",
    Use("resolvers.accounts.delete_person._trees", _BY_PERSON): "in which trees the person that goes is",
    Use("resolvers.accounts.delete_person._trees", _SHARES_BY_PERSON): "in which trees it is a guest",
    Use("resolvers.accounts.delete_person._memberships", _BY_PERSON): "the own memberships are left",
    Use("resolvers.accounts.delete_person.delete_person", _SHARES_BY_PERSON): "the own shares are given back",
    Use("resolvers.accounts.staff_status._tell_owners", _BY_PERSON): "who owns the account, to be told",
    Use("resolvers.sessions.reads.by_id", _PRINCIPAL): "the viewer's own session",
    Use("resolvers.second_factor.reads.passkey_by_id", _PRINCIPAL): "the viewer's own passkey",
    Use(
        "resolvers.second_factor.reads.missing_in", "authz.reach.reach.GRANTS"
    ): "what reach leaves out for want of a factor; `authz` decides",
    Use("resolvers.second_factor.resets.approve_reset", _BY_PERSON): "the member that is named",
    Use("resolvers.single_sign_on.change._owners", _BY_PERSON): "the members that are named",
    Use("resolvers.single_sign_on.people._give_role", _BY_PERSON): "the membership to be changed",
    Use("resolvers.single_sign_on.people._join", _BY_PERSON): "a membership that has ended",
    Use("resolvers.single_sign_on.people._reaches_tree", _BY_PERSON): "whether a sign-in would lead anywhere",
    Use(
        "resolvers.single_sign_on.people._reaches_tree", _SHARES_BY_PERSON
    ): "whether a sign-in would lead anywhere",
    Use("resolvers.invitations.invite.refuse_members", _BY_PERSON): "whether the invited is a member",
}
"""The uses that decide nothing about rights, and why. Another one is a second definition of reach: ask
`authz.reach.reach.readable_account`, `readable_accounts`, `account_where` or
`authz.guards.exclusive.authorize` instead."""


def _modules() -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    )


def test_reach_is_written_once() -> None:
    """No module but those of `authz/` works with what reach is made of; an entry without its use is stale."""
    found: set[Use] = set()
    for path in _modules():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found |= uses(module, path.read_text("utf-8"))
    assert found == set(ALLOWED)


GOOD = '''
from authz.policy.permissions import Permission
from authz.reach.reach import account_where, readable_account
from models.members.tables import memberships

def count(table):
    """Rows FROM somewhere; a membership is written, not asked about."""
    account, statement = readable_account()
    return statement.where(account_where(table, Permission.MEMBERS_READ))

def add(user_id):
    return memberships.insert().values(user_id=user_id)
'''

BAD = {
    "the principal's row": (
        """
from authz.reach.reach import PRINCIPAL as who

def mine(): return select(who.c.user_id)
""",
        Use("module.mine", "authz.reach.reach.PRINCIPAL"),
    ),
    "grants by the module": (
        """
from authz.reach import reach

def mine(): return select(reach.GRANTS.c.account_id)
""",
        Use("module.mine", "authz.reach.reach.GRANTS"),
    ),
    "reach by the package": (
        """
import authz.reach.reach

QUERY = select(authz.reach.reach.REACH)
""",
        Use("module", "authz.reach.reach.REACH"),
    ),
    "masks": (
        """
from authz.reach.reach import mask_of_account

async def may(account): return mask_of_account(account)
""",
        Use("module.may", "authz.reach.reach.mask_of_account"),
    ),
    "memberships of a person": (
        """
from models.members.tables import memberships

async def mine(principal):
    return select(memberships.c.account_id).where(memberships.c.user_id == principal.user_id)
""",
        Use("module.mine", _BY_PERSON),
    ),
    "memberships of a person, by another name": (
        """
from models.members import tables as members

class Query:
    def mine(self, person):
        member = members.memberships.alias()
        def inner(): return member.c["user_id"] == person
        return inner
""",
        Use("module.mine", _BY_PERSON),
    ),
    "shares of a person": (
        """
from models.shares.tables import shares

def mine(principal): return select(shares.c.id).where(shares.c.user_id == principal.user_id)
""",
        Use("module.mine", _SHARES_BY_PERSON),
    ),
    "memberships in SQL": (
        """
def mine(): return text("SELECT account_id FROM memberships WHERE role_id = :role")
""",
        Use("module.mine", "memberships, shares or the tree in SQL as text"),
    ),
}


def test_the_lint_lets_good_code_pass() -> None:
    """Asking `authz/` is the way; writing a membership decides nothing."""
    assert uses("module", GOOD) == set()


@pytest.mark.parametrize("name", BAD)
def test_the_lint_finds_hand_written_reach(name: str) -> None:
    """Whatever it is imported as."""
    source, expected = BAD[name]
    assert uses("module", source) == {expected}


def test_every_field_has_a_rule() -> None:
    """A permission or the mark of being public, its own or its type's."""
    assert unmarked_fields(build_schema()) == []


@strawberry.type
class Careless:
    """Somebody forgot the mark."""

    secret: str = "everything"


@strawberry.type
class CarelessQuery:
    """A root field without a rule, and one with a rule whose type has none."""

    unmarked: str = "everything"
    careless: Careless | None = strawberry.field(default=None, directives=[Public()])


@strawberry.type
class CarefulQuery:
    """All are marked."""

    marked: str = strawberry.field(default="something", directives=[Requires(permission="ACCOUNT_READ")])


def test_a_schema_with_an_unmarked_field_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server does not start: what nobody thought about is denied."""
    queries = schema.root._QUERIES
    monkeypatch.setattr(schema.root, "_QUERIES", (*queries, CarefulQuery))
    build_schema()
    monkeypatch.setattr(schema.root, "_QUERIES", (*queries, CarelessQuery))
    with pytest.raises(UnmarkedFieldsError) as refusal:
        build_schema()
    assert "Query.unmarked" in str(refusal.value)
    assert "Careless.secret" in str(refusal.value)


def test_an_entity_is_marked_as_a_whole() -> None:
    """Its own permission, or public on purpose."""

    @entity(None, carries={"account_id": Uuid()}, requires=Permission.CREDIT_READ)
    class Balance:
        """A type of the future."""

        amount: int = strawberry.field(default=0)

    @strawberry.type
    class Query:
        """Leads to it."""

        balance: Balance | None = strawberry.field(default=None, directives=[Public()])

    assert unmarked_fields(strawberry.Schema(Query)) == []
