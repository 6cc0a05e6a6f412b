"""Explains to operators, who see everything, why somebody may or may not do something."""

import datetime
from dataclasses import dataclass
from typing import Any

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import Select, false, select, true

from authz.explain.explanation import explain, explain_past, read_known_facts, read_past_facts
from authz.explain.facts import AskedAccount, Subject, Viewpoint
from authz.explain.granters import Granters, read_granters
from authz.explain.steps import AccessDecision, Explanation
from authz.policy.permissions import Permission
from authz.policy.refusals import Refusal
from engine.base.moments import in_utc
from engine.base.preamble import Gates
from engine.database.snapshot import Reader
from models.accounts.tables import accounts
from models.api_keys.tables import api_keys
from models.base.ids import ApiKeyId, Kind, UserId, parse
from models.people.holders import holder_of
from models.people.users import users
from resolvers.explain.tokens import NamedToken, token_named
from resolvers.inputs.emails import email_address
from server.commands.tables import new_table, printable
from server.database.current import owners_database
from server.failures.command_failed import CommandFailed


@dataclass(frozen=True)
class OperatorQuestion:
    """What an operator asks. `account`: a global id; `subject`: an e-mail address, or the id of an API key or
    a narrowed token; `at`: a moment of the past; None: now."""

    account: str
    permission: Permission
    subject: str
    at: datetime.datetime | None = None


@dataclass(frozen=True)
class OperatorAnswer:
    """The explanation and the names in it. For a denial of now also who could change it."""

    account_name: str
    subject_name: str
    explanation: Explanation
    granters: Granters | None
    is_past: bool


@dataclass(frozen=True)
class _Named:
    subject: Subject
    token: NamedToken | None = None

    @property
    def label(self) -> str:
        """What the decision calls it."""
        name = self.subject.name
        return name if self.token is None else f"the token {self.token.asked.audience} of {name}"


def permission_named(name: str) -> Permission:
    """The permission that an option names. Raises typer.BadParameter for any other text."""
    if name not in Permission.__members__:
        raise typer.BadParameter(f"{printable(name)} is not one of {', '.join(Permission.__members__)}.")
    return Permission[name]


def moment_named(text: str) -> datetime.datetime:
    """The moment that an option names, in ISO 8601; without an offset in UTC. Raises typer.BadParameter."""
    try:
        return in_utc(datetime.datetime.fromisoformat(text))
    except ValueError as error:
        message = f"{printable(text)} is no moment such as 2026-03-03T12:00:00Z."
        raise typer.BadParameter(message) from error


async def explain_to_operator(owner_url: str, question: OperatorQuestion) -> OperatorAnswer:
    """Answer an operator's question. Raises CommandFailed if the account or the subject does not exist, and
    for a moment that nothing is known of."""
    async with owners_database(owner_url) as database:
        reader = Reader(database, Gates(true(), false()), {})
        try:
            return await _answer(reader, question)
        finally:
            await reader.close()


async def _answer(reader: Reader, question: OperatorQuestion) -> OperatorAnswer:
    account_id = parse(Kind.ACCOUNT, question.account)
    rows = await reader.rows(
        select(accounts.c.master_id, accounts.c.id, accounts.c.name).where(accounts.c.id == account_id)
    )
    if not rows:
        raise CommandFailed(f"There is no account {printable(question.account)}.")
    account = AskedAccount(rows[0]["master_id"], rows[0]["id"])
    named = await _subject(reader, question)
    subject = named.subject
    if question.at is not None:
        past = await _past(reader, account, named, question.permission, question.at)
        return OperatorAnswer(rows[0]["name"], named.label, past, None, is_past=True)
    facts = await read_known_facts(reader, account, subject, Viewpoint.OPERATOR)
    explanation = explain(facts, question.permission)
    granters = None
    if explanation.decision is AccessDecision.DENIED:
        granters = await read_granters(reader, account, facts, question.permission)
    return OperatorAnswer(rows[0]["name"], named.label, explanation, granters, is_past=False)


async def _past(
    reader: Reader, account: AskedAccount, named: _Named, permission: Permission, at: datetime.datetime
) -> Explanation:
    try:
        facts = await read_past_facts(reader, account, named.subject, Viewpoint.OPERATOR, at)
        if named.token is not None:
            named.token.check_was_made()
    except Refusal as refusal:
        raise CommandFailed(str(refusal)) from refusal
    return explain_past(facts, permission)


async def _subject(reader: Reader, question: OperatorQuestion) -> _Named:
    text = question.subject
    token_id, api_key_id = parse(Kind.NARROWED_TOKEN, text), parse(Kind.API_KEY, text)
    if token_id is not None:
        token = await token_named(reader, token_id, question.at)
        if token is None:
            raise CommandFailed(f"There is no narrowed token {printable(text)}.")
        user_id, api_key_id = token.row["user_id"], token.row["api_key_id"]
        of_person = select(users.c.id, users.c.name).where(users.c.id == user_id)
        (row,) = await reader.rows(of_person if api_key_id is None else _key(api_key_id))
        return _Named(Subject(user_id, api_key_id, row["name"], is_asker=False, token=token.asked), token)
    rows = await reader.rows(_person(text) if api_key_id is None else _key(ApiKeyId(api_key_id)))
    if not rows:
        raise CommandFailed(f"There is no person and no API key {printable(text)}.")
    found, name = rows[0]["id"], rows[0]["name"]
    if api_key_id is not None:
        return _Named(Subject(None, ApiKeyId(found), name, is_asker=False))
    return _Named(Subject(UserId(found), None, name, is_asker=False))


def _key(api_key_id: ApiKeyId) -> Select[Any]:
    return select(api_keys.c.id, api_keys.c.name).where(api_keys.c.id == api_key_id)


def _person(text: str) -> Select[Any]:
    try:
        address = email_address(text)
    except Refusal as refusal:
        raise CommandFailed(
            f"Neither an e-mail address nor the id of an API key or a narrowed token: {printable(text)}."
        ) from refusal
    return select(users.c.id, users.c.name).where(users.c.id == holder_of(address.canonical))


def decision_text(answer: OperatorAnswer) -> str:
    """The decision as a sentence."""
    verb = "could" if answer.is_past else "may"
    if answer.explanation.decision is AccessDecision.DENIED:
        verb += " not"
    doing = f"{verb} do {answer.explanation.permission.name} in {answer.account_name}"
    return printable(f"{answer.explanation.decision.value}: {answer.subject_name} {doing}.")


def steps_table(answer: OperatorAnswer) -> Table:
    """A line for each step."""
    table = new_table("Rule", "Says", "Why", "Line of the policy")
    for step in answer.explanation.steps:
        _add(table, step.kind.value, step.effect.value, step.sentence, step.policy_line or "")
    return table


def misses_table(answer: OperatorAnswer) -> Table:
    """A line for each thing that keeps the subject out."""
    table = new_table("Rule", "Enough", "What keeps it out, or would let it in")
    for miss in answer.explanation.nearest_misses:
        _add(table, miss.kind.value, "yes" if miss.enough else "no", miss.sentence)
    return table


def granters_text(granters: Granters) -> str:
    """Who could change it."""
    if not granters.total_count:
        return "Nobody who manages there could change that."
    more = granters.total_count - len(granters.names)
    names = ", ".join(granters.names) + (f" and {more} more" if more else "")
    return printable(f"Who could change that: {names}.")


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(printable(cell)) for cell in cells))
