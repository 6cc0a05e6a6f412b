"""Explaining why a subject may or may not do something in an account: who may ask, and about whom (N1,
R21)."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, Uuid, bindparam, literal, select

from authz.callers.principals import Principal
from authz.explain.explanation import explain, explain_past, read_known_facts, read_past_facts
from authz.explain.facts import AskedAccount, Facts, HeldMembership, Subject, Viewpoint
from authz.explain.granters import read_granters
from authz.explain.steps import AccessDecision, Explanation
from authz.policy.permissions import Permission
from authz.policy.refusals import NotFound
from authz.reach.reach import readable_account
from engine.base.moments import in_utc
from engine.database.snapshot import Reader
from models.access.histories import HISTORIES
from models.api_keys.tables import api_keys
from models.base.ids import ApiKeyId, Kind, UserId, new_id, parse
from models.members.tables import memberships
from models.people.users import users
from resolvers.explain.tokens import NamedToken, token_named
from resolvers.inputs.global_ids import parse_member, required
from resolvers.members.reads import person_by_id

Row = Mapping[str, Any]

(_MEMBERSHIPS,) = (history.versions for history in HISTORIES if history.table is memberships)


@dataclass(frozen=True)
class AccessQuestion:
    """A client's question, with global ids. `subject`: a person, a member, an API key or a narrowed token;
    None: the caller. `at`: the moment that it is about; None: now."""

    account_id: str
    permission: Permission
    subject: str | None
    at: datetime.datetime | None = None


@dataclass(frozen=True)
class KnownGranters:
    """The people who could grant what is missing: the first by name as rows of users, and how many there
    are."""

    people: tuple[Row, ...]
    total_count: int


@dataclass(frozen=True)
class ExplainedAccess:
    """The answer, with the rows of the account and of the person, key or narrowed token that it is about. For
    a token `person` and `api_key` are whom it acts for."""

    explanation: Explanation
    account: Row
    person: Row | None
    api_key: Row | None
    token: Row | None
    granters: KnownGranters | None


@dataclass(frozen=True)
class _Named:
    """`membership_id`: by which the person was named, of whom only the past knows it."""

    user_id: UserId | None
    api_key_id: ApiKeyId | None
    token: NamedToken | None = None
    membership_id: UUID | None = None

    @property
    def token_row(self) -> Row | None:
        return None if self.token is None else self.token.row


async def explain_access(reader: Reader, principal: Principal, question: AccessQuestion) -> ExplainedAccess:
    """Answer from one snapshot.

    Raises NotFound for an account outside reach, and for a subject that the caller may not know of there;
    both look like something that does not exist (N20). Raises Refusal for a moment that nothing is known of.
    """
    account_row = await _account_row(reader, question.account_id)
    account = AskedAccount(account_row["master_id"], account_row["id"])
    moment = None if question.at is None else in_utc(question.at)
    named = await _named(reader, principal, account, question.subject, moment)
    person = await _row(reader, select(users).where(users.c.id == bindparam("id")), named.user_id)
    key = await _row(reader, _key_of_tree(account), named.api_key_id)
    subject = Subject(
        named.user_id,
        named.api_key_id,
        name=str((person or key or {}).get("name", "")),
        is_asker=_is_asker(principal, named),
        token=None if named.token is None else named.token.asked,
    )
    if moment is not None:
        facts = await read_past_facts(reader, account, subject, Viewpoint.ASKER, moment)
        if named.membership_id is not None and named.membership_id not in _memberships(facts):
            raise NotFound("subject")
        if named.token is not None:
            named.token.check_was_made()
        explanation = explain_past(facts, question.permission)
        return ExplainedAccess(explanation, account_row, person, key, named.token_row, None)
    facts = await read_known_facts(reader, account, subject, Viewpoint.ASKER)
    explanation = explain(facts, question.permission)
    granters = None
    if explanation.decision is AccessDecision.DENIED:
        found = await read_granters(reader, account, facts, question.permission)
        if found is not None:
            granters = KnownGranters(await _people(reader, found.user_ids), found.total_count)
    return ExplainedAccess(explanation, account_row, person, key, named.token_row, granters)


async def _account_row(reader: Reader, account_id: str) -> Row:
    account, statement = readable_account()
    wanted = required(Kind.ACCOUNT, account_id, "accountId")
    rows = await reader.rows(statement.where(account.c.id == bindparam("id", type_=Uuid())), {"id": wanted})
    if not rows:
        raise NotFound("accountId")
    return rows[0]


async def _named(
    reader: Reader,
    principal: Principal,
    account: AskedAccount,
    subject: str | None,
    moment: datetime.datetime | None,
) -> _Named:
    if subject is None and principal.token_id is None:
        return _Named(principal.user_id, principal.api_key_id)
    token_id = principal.token_id if subject is None else parse(Kind.NARROWED_TOKEN, subject)
    if token_id is not None:
        token = await token_named(reader, token_id, moment)
        if token is None:
            raise NotFound("subject")
        return _Named(token.row["user_id"], token.row["api_key_id"], token)
    user_id, api_key_id = parse(Kind.USER, subject), parse(Kind.API_KEY, subject)
    member = parse_member(subject)
    if member is not None:
        rows = await reader.rows(person_by_id(literal(member, Text)))
        user_id = rows[0]["user_id"] if rows else None
        if user_id is None and moment is not None:
            return await _left(reader, account, UUID(member.partition("_")[0]))
    if user_id is None and api_key_id is None:
        raise NotFound("subject")
    return _Named(
        None if user_id is None else UserId(user_id), None if api_key_id is None else ApiKeyId(api_key_id)
    )


async def _left(reader: Reader, account: AskedAccount, membership_id: UUID) -> _Named:
    """Whose membership it was. An id that never was one stands for nobody, so that it takes the same
    statements as one that the asker may not know of."""
    rows = await reader.rows(_former_holder(account), {"id": membership_id})
    user_id = rows[0]["user_id"] if rows else new_id()
    return _Named(UserId(user_id), None, membership_id=membership_id)


def _former_holder(account: AskedAccount) -> Select[Any]:
    versions = _MEMBERSHIPS.c
    of_tree = versions.master_id == account.master_id
    return select(versions.user_id).where(of_tree, versions.id == bindparam("id", type_=Uuid())).limit(1)


def _memberships(facts: Facts) -> set[UUID]:
    """Those that the asker may know of."""
    return {way.id for way in facts.ways if isinstance(way, HeldMembership)}


def _is_asker(principal: Principal, named: _Named) -> bool:
    """Whether the caller asks about itself, or about a token that was made of it."""
    if principal.token_id is not None:
        row = named.token_row
        return row is not None and principal.token_id in (row["id"], *row["ancestor_ids"])
    return (named.user_id, named.api_key_id) == (principal.user_id, principal.api_key_id)


async def _row(reader: Reader, statement: Select[Any], id: UUID | None) -> Row | None:
    rows = await reader.rows(statement, {"id": id})
    return rows[0] if rows else None


def _key_of_tree(account: AskedAccount) -> Select[Any]:
    in_tree = api_keys.c.master_id == account.master_id
    return select(api_keys).where(in_tree, api_keys.c.id == bindparam("id"))


async def _people(reader: Reader, user_ids: tuple[UserId, ...]) -> tuple[Row, ...]:
    wanted = users.c.id == literal(list(user_ids), ARRAY(Uuid)).any_()
    rows = await reader.rows(select(users).where(wanted).order_by(users.c.sort_key, users.c.id))
    return tuple(rows)
