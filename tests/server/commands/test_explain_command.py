"""`mandant policy explain`: for operators, without a session."""

import asyncio
import datetime
from dataclasses import dataclass

import pytest
from sqlalchemy import delete

from authz.policy.builtin_roles import BuiltinRole
from authz.policy.permissions import Permission
from models.base.ids import Kind, new_id, present
from models.narrowed_tokens.tables import narrowed_tokens
from server.database.connections import connect_as_owner
from server.embedded_postgres import DatabaseAddresses
from tests.areas.access.past import now
from tests.areas.narrowed_tokens.giving import give_token
from tests.authz.cases.moments import revoke_key
from tests.by_day import by_night_alone
from tests.server.commands.test_cli import Run, assert_one_sentence, empty, run
from tests.world.world import Account, ApiKey, Member, World

pytestmark = by_night_alone

__all__ = ["empty", "run"]


@dataclass(frozen=True)
class Office:
    """A database with an account, somebody in it and a key, and how it is reached."""

    addresses: DatabaseAddresses
    account: Account
    analyst: Member
    key: ApiKey

    @property
    def settings(self) -> dict[str, str]:
        """As an operator has them."""
        owner, application = self.addresses.owner, self.addresses.application
        return {"DATABASE_URL": application, "MANDANT_MIGRATION_DATABASE_URL": owner}

    def question(self, subject: str, permission: str = "CREDIT_READ") -> list[str]:
        """The command's words."""
        asked = ["--account", self.account.id, "--permission", permission, "--subject", subject]
        return ["policy", "explain", *asked]


async def _furnish(addresses: DatabaseAddresses) -> Office:
    database = connect_as_owner(addresses.owner)
    world = World(database)
    main = await world.account(name="Main")
    account = await world.account(main, "Branch")
    analyst = await world.member(account, BuiltinRole.ANALYST, await world.person("Ana\x1b[31m"))
    await world.member(main, BuiltinRole.OWNER, await world.person("Olga"))
    key = await world.api_key(main)
    await database.dispose()
    return Office(addresses, account, analyst, key)


@pytest.fixture
def office(empty: DatabaseAddresses, run: Run) -> Office:
    """Migrated and furnished."""
    assert run("migrate", MANDANT_MIGRATION_DATABASE_URL=empty.owner).code == 0
    return asyncio.run(_furnish(empty))


def test_a_denial_is_explained_with_a_way_out(run: Run, office: Office) -> None:
    finished = run(*office.question(office.analyst.person.email.upper()), **office.settings)
    assert (finished.code, finished.errors) == (0, "")
    lines = [" ".join(line.split()) for line in finished.output.splitlines()]
    name = "Ana\N{REPLACEMENT CHARACTER}[31m"
    assert lines[0] == f"DENIED: {name} may not do CREDIT_READ in Branch."
    assert f"MEMBERSHIP ALLOWS {name} is a member of Branch." in lines
    assert "POLICY_LINE DENIES The role ANALYST does not allow CREDIT_READ there." in lines
    assert "ROLE yes The role FINANCE in Branch would allow it." in lines
    assert lines[-1] == "Who could change that: Olga."


def test_what_is_allowed_is_explained_with_its_line(run: Run, office: Office) -> None:
    finished = run(*office.question(office.key.id), **office.settings)
    lines = [" ".join(line.split()) for line in finished.output.splitlines()]
    assert (finished.code, lines[0].split(":")[0]) == (0, "ALLOWED")
    sentence = "The role ADMINISTRATOR allows CREDIT_READ below."
    assert f"POLICY_LINE ALLOWS {sentence} p, ADMINISTRATOR, ancestor, *, *, allow" in lines
    assert "Who could change that" not in finished.output


def test_who_has_nothing_there_is_explained_too(run: Run, office: Office) -> None:
    """An operator may ask about everybody."""

    async def stranger() -> str:
        database = connect_as_owner(office.addresses.owner)
        person = await World(database).person("Nora")
        await database.dispose()
        return person.email

    finished = run(*office.question(asyncio.run(stranger())), **office.settings)
    assert "Nothing gives ACCOUNT_READ here" in finished.output
    assert "The role FINANCE in Branch would allow it." in finished.output


def test_a_moment_of_the_past_is_explained(run: Run, office: Office) -> None:
    """By what held then, without a way out; today's answer is another one."""
    before = asyncio.run(_revoked(office))
    key = office.question(office.key.id)
    now = run(*key, **office.settings)
    assert now.output.startswith("DENIED: ")
    for moment in (before.isoformat(), before.replace(tzinfo=None).isoformat()):
        past = run(*key, "--at", moment, **office.settings)
        assert (past.code, past.errors) == (0, "")
        lines = [" ".join(line.split()) for line in past.output.splitlines()]
        assert lines[0].startswith("ALLOWED: ")
        assert lines[0].endswith(" could do CREDIT_READ in Branch.")
    after = run(*key, "--at", datetime.datetime.now(datetime.UTC).isoformat(), **office.settings)
    lines = [" ".join(line.split()) for line in after.output.splitlines()]
    assert lines[0].endswith(" could not do CREDIT_READ in Branch.")
    assert "would let it in" not in after.output
    assert "Who could change that" not in after.output


def test_a_narrowed_token_is_explained(run: Run, office: Office) -> None:
    """Also once it is gone."""
    token, made = asyncio.run(_narrowed(office))
    question = office.question(token, "STATISTICS_READ")
    for asked, decision in (
        (question, "ALLOWED: the token Widget of Ana\N{REPLACEMENT CHARACTER}[31m may do"),
        ([*question, "--at", made.isoformat()], "ALLOWED: the token Widget of"),
        (office.question(token), "DENIED: the token Widget of"),
    ):
        assert run(*asked, **office.settings).output.startswith(decision)
    early = (made - datetime.timedelta(minutes=1)).isoformat()
    asyncio.run(_forgotten(office))
    assert "no narrowed token" in assert_one_sentence(run(*question, **office.settings))
    past = run(*question, "--at", made.isoformat(), **office.settings)
    lines = [" ".join(line.split()) for line in past.output.splitlines()]
    assert "TOKEN_STATE ALLOWS The token Widget works." in lines
    assert lines[0].endswith(" could do STATISTICS_READ in Branch.")
    sentence = assert_one_sentence(run(*question, "--at", early, **office.settings))
    assert "before the past began to be kept" in sentence


async def _narrowed(office: Office) -> tuple[str, datetime.datetime]:
    """A token of the analyst's, and a moment at which it worked."""
    database = connect_as_owner(office.addresses.owner)
    token = await give_token(
        World(database), office.analyst.person, office.account, Permission.STATISTICS_READ
    )
    made = await now(database)
    await database.dispose()
    return token.id, made


async def _forgotten(office: Office) -> None:
    """A worker has deleted it."""
    database = connect_as_owner(office.addresses.owner)
    async with database.begin() as connection:
        await connection.execute(delete(narrowed_tokens))
    await database.dispose()


async def _revoked(office: Office) -> datetime.datetime:
    """Revoke the key. A moment at which it worked."""
    database = connect_as_owner(office.addresses.owner)
    before = await now(database)
    await revoke_key(database, office.key)
    await database.dispose()
    return before


def test_a_moment_that_nothing_is_known_of_is_told_in_a_sentence(run: Run, office: Office) -> None:
    question = office.question(office.key.id)
    for moment in ("2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z"):
        sentence = assert_one_sentence(run(*question, "--at", moment, **office.settings))
        assert "before the past began to be kept" in sentence
    finished = run(*question, "--at", "yesterday", **office.settings)
    assert (finished.code, finished.output) == (2, "")
    assert "yesterday is no moment" in " ".join(finished.errors.split())
    assert "Traceback" not in finished.errors


def test_what_is_not_there_is_told_in_a_sentence(run: Run, office: Office) -> None:
    nobody = ("nobody@example.com", present(Kind.API_KEY, new_id()))
    for subject in nobody:
        sentence = assert_one_sentence(run(*office.question(subject), **office.settings))
        assert f"no person and no API key {subject}" in sentence
    assert "Neither an e-mail address" in assert_one_sentence(run(*office.question("x"), **office.settings))
    question = office.question(office.key.id)
    for account in (present(Kind.ACCOUNT, new_id()), "acct_x"):
        question[3] = account
        assert f"no account {account}" in assert_one_sentence(run(*question, **office.settings))


def test_a_permission_that_is_none_is_told_without_a_traceback(run: Run, office: Office) -> None:
    finished = run(*office.question(office.key.id, "EVERYTHING"), **office.settings)
    assert (finished.code, finished.output) == (2, "")
    assert "EVERYTHING" in finished.errors
    assert "Traceback" not in finished.errors


def test_a_database_that_is_not_current_is_told(run: Run, empty: DatabaseAddresses) -> None:
    asked = ["--account", "acct_x", "--permission", "CREDIT_READ", "--subject", "a@example.com"]
    finished = run("policy", "explain", *asked, DATABASE_URL=empty.owner)
    assert "run `mandant migrate`" in assert_one_sentence(finished)
