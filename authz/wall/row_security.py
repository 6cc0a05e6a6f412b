"""The second wall: PostgreSQL's row level security, tree by tree.

Reach decides what a principal sees; should it ever be wrong, no row of a foreign tree leaves the database all
the same. Each transaction, and each compiled statement, begins by telling the database who asks
(`mandant_enter`); the database itself finds the trees that the principal is in, and every table of a tree
shows rows of these alone. Without that nothing is shown.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    func,
    literal,
    select,
    text,
)

from authz.callers.principals import DIGEST_NAME, KIND_NAME, LINK_NAME, Credentials
from authz.callers.tokens import Digest
from engine.writes.fixed_statements import FixedRow, FixedStatement
from engine.writes.sessions import WriteSession
from models.base.columns import APPLICATION_ROLE, metadata
from models.base.ids import MasterId
from models.base.stored_functions import Rights, StoredFunction

_NOT_OF_A_TREE = {
    "ownerships": "an e-mail address owns one account, whatever its tree",
    "roles": "a reference table: what a role gives is read by each statement",
}

_ENTER = """
DECLARE
  person uuid;
  trees text;
  shared_or_opened boolean;
  further_grants text;
BEGIN
  IF kind IS DISTINCT FROM 'API_KEY' THEN
    SELECT user_id INTO person FROM sessions WHERE digest = principal AND expires_at > now();
  END IF;
  IF person IS NOT NULL THEN
    SELECT string_agg(master_id::text, ','),
        bool_or(shared) OR EXISTS (SELECT FROM break_glass_openings WHERE user_id = person)
      INTO trees, shared_or_opened FROM (
        SELECT master_id, false AS shared FROM memberships WHERE user_id = person
        UNION SELECT master_id, true FROM shares WHERE user_id = person
      ) AS grants;
    further_grants := CASE WHEN shared_or_opened OR link IS NOT NULL THEN '' ELSE 'none' END;
    -- Assigned, because to PERFORM it would be one more statement, which takes longer.
    further_grants := set_config('mandant.further_grants', further_grants, true);
  ELSIF kind IS DISTINCT FROM 'PERSON' THEN
    SELECT master_id INTO trees FROM api_keys WHERE digest = principal;
    IF NOT FOUND THEN
      SELECT master_id INTO trees FROM api_keys WHERE previous_digest = principal;
    END IF;
  END IF;
  IF link IS NOT NULL THEN
    SELECT concat_ws(',', trees, string_agg(master_id::text, ',')) INTO trees FROM (
      SELECT master_id FROM invitations WHERE digest = link
      UNION SELECT master_id FROM shares WHERE digest = link
    ) AS offers;
  END IF;
  trees := set_config('mandant.trees', coalesce(trees, ''), true);
  RETURN true;
END"""

_FOUND = """
BEGIN
  IF EXISTS (SELECT FROM accounts WHERE master_id = tree) THEN
    RAISE EXCEPTION 'the tree exists' USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END"""

_NOTE_USES = """
BEGIN
  WITH used AS (
    SELECT master_id, id FROM api_keys
    WHERE (digest = ANY (secrets) OR previous_digest = ANY (secrets))
      AND (last_used_at IS NULL OR last_used_at < date_trunc('minute', now()))
    ORDER BY id FOR UPDATE
  )
  UPDATE api_keys SET last_used_at = date_trunc('minute', now()) FROM used
  WHERE api_keys.master_id = used.master_id AND api_keys.id = used.id;
END"""

FUNCTIONS = (
    StoredFunction(
        "mandant_enter(principal bytea, kind text, link bytea) RETURNS boolean", _ENTER, rights=Rights.OWNER
    ),
    StoredFunction("mandant_found(tree uuid) RETURNS boolean", _FOUND, rights=Rights.OWNER),
    StoredFunction("mandant_note_key_uses(secrets bytea[]) RETURNS void", _NOTE_USES, rights=Rights.OWNER),
)
"""They run as their owner and look into every tree; each tells no more than it has to."""

# IS TRUE keeps it from being a condition of indexes: of somebody in hundreds of trees, each look-up would
# sort all of them first. A list that is split is read in two thirds of the time that an array's text takes.
_OWN_TREES = (
    "(master_id = ANY ("
    "(SELECT string_to_array(current_setting('mandant.trees', true), ',')::uuid[])::uuid[])) IS TRUE"
)


def entering() -> ColumnElement[bool]:
    """Tells the database who asks, for the rest of the transaction. Its parameters are in the credentials."""
    return func.mandant_enter(
        bindparam(DIGEST_NAME, type_=LargeBinary, required=True),
        bindparam(KIND_NAME, type_=Text, required=True),
        bindparam(LINK_NAME, type_=LargeBinary, required=True),
    )


_ENTERING = FixedStatement(select(entering()))

_ENTERED_BY = "entered_by"


async def enter(session: WriteSession, credentials: Credentials) -> None:
    """The same for a session's transaction."""
    await enter_by(session, _ENTERING, credentials.binds)


async def enter_by(
    session: WriteSession, entering: FixedStatement, values: Mapping[str, Any]
) -> list[FixedRow]:
    """The same by a statement that tells who asks in its own way; what it answers."""
    session.notes[_ENTERED_BY] = entering, values
    return await entering.rows(session, values)


async def enter_again(session: WriteSession) -> None:
    """As the transaction was last entered, which was rolled back since."""
    entering, values = session.notes[_ENTERED_BY]
    await entering.rows(session, values)


def entering_by_link(credentials: Credentials, link: Digest | None) -> Select[Any]:
    """The same for who holds the secret of a link besides."""
    kind = credentials.binds[KIND_NAME]
    return select(
        func.mandant_enter(
            literal(credentials.digest, LargeBinary), literal(kind, Text), literal(link, LargeBinary)
        ).label("open")
    )


async def found_tree(session: WriteSession, master_id: MasterId) -> None:
    """Let the transaction write a tree that does not exist yet, and look at no other."""
    await session.execute(select(func.mandant_found(literal(master_id, Uuid))))


def tables_of_trees() -> list[Table]:
    """The tables whose rows belong to a tree."""
    return [
        table
        for table in metadata.sorted_tables
        if "master_id" in table.c and table.name not in _NOT_OF_A_TREE
    ]


def synchronize(connection: Connection) -> None:
    """Write the policies. Part of `mandant migrate`."""
    for table in tables_of_trees():
        for statement in _policies(table.name):
            connection.exec_driver_sql(statement)


def _policies(table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS own_trees ON {table}",
        f"CREATE POLICY own_trees ON {table} TO {APPLICATION_ROLE} USING ({_OWN_TREES})",
        f"DROP POLICY IF EXISTS owner ON {table}",
        f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true)",
    ]


def differs(connection: Connection) -> bool:
    """Whether a table is not as it has to be, or the application's role could pass by."""
    return bool(_open_tables(connection)) or _role_is_too_strong(connection)


def _open_tables(connection: Connection) -> set[str]:
    """The tables of trees whose rows are shown by any other rule."""
    rules = text(
        "SELECT tablename, array_agg(qual) FROM pg_policies "
        "JOIN pg_class ON pg_class.oid = to_regclass(tablename) AND relrowsecurity AND relforcerowsecurity "
        "WHERE schemaname = 'public' AND permissive = 'PERMISSIVE' AND cmd = 'ALL' AND with_check IS NULL "
        "AND :role = ANY (roles) GROUP BY tablename"
    )
    found = {row[0]: row[1] for row in connection.execute(rules, {"role": APPLICATION_ROLE})}
    # PostgreSQL writes a rule down in its own words, so they are compared with each other.
    common = Counter(rule for all_rules in found.values() for rule in all_rules).most_common(1)
    own_trees = [rule for rule, _ in common if "mandant.trees" in rule]
    return {table.name for table in tables_of_trees() if not own_trees or found.get(table.name) != own_trees}


def _role_is_too_strong(connection: Connection) -> bool:
    statement = text(
        "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) "
        "FROM pg_roles WHERE rolname = :role"
    )
    return bool(connection.execute(statement, {"role": APPLICATION_ROLE}).scalar_one())
