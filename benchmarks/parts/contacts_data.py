"""Lets PostgreSQL make an account's contacts, so that millions of them take minutes.

Whatever their number, as many contacts have what is rare: those are spread evenly over all of them.
"""

import asyncpg

from models.base.ids import AccountId, Kind, MasterId, new_id, present_in_account
from models.contacts.tables import VALUE_DIGEST_BYTES

RARE = 240
"""So many contacts are in the small list, and so many others have the rare attribute."""

_PIECE = 500_000

_CONTACTS = """
INSERT INTO contacts (master_id, account_id, id, external_id, email, email_canonical, email_digest,
  attributes, source, version)
SELECT $1, $2, uuidv7(), n::text, email, email, sha256(convert_to(email, 'UTF8')),
  CASE WHEN n % $5 = 0 THEN jsonb '{"country": "SE", "code": "rare"}'
    WHEN n % $5 = 1 THEN jsonb '{"country": "SE"}'
    ELSE jsonb_build_object('country', (ARRAY['SE', 'DE', 'FR', 'PL'])[1 + n * 7919 % 13 % 4]) END,
  'a benchmark', 1
FROM generate_series($3::bigint, $4::bigint) AS n,
  LATERAL (SELECT 'person' || n || '@example.com') AS made(email)
"""
_VALUES = f"""
INSERT INTO contact_values (master_id, account_id, name, contact_id, digest)
SELECT master_id, account_id, name, id,
  substr(sha256(convert_to(name || '=' || value, 'UTF8')), 1, {VALUE_DIGEST_BYTES})
FROM contacts, jsonb_each_text(attributes) AS kept (name, value)
WHERE master_id = $1 AND account_id = $2
ORDER BY id
"""
_LIST = """
INSERT INTO contact_lists (master_id, account_id, id, name, sort_key, search_key, version)
VALUES ($1, $2, $3, 'List', '', '', 1)
"""
_MEMBERS = """
INSERT INTO contact_list_members (master_id, account_id, contact_list_id, contact_id, source)
SELECT master_id, account_id, $3, id, 'a benchmark' FROM contacts
WHERE master_id = $1 AND account_id = $2 AND external_id::bigint % $4 = ANY ($5::bigint[])
ORDER BY id
"""
TABLES = "contacts, contact_values, contact_lists, contact_list_members"


async def give_contacts(
    connection: asyncpg.Connection, master_id: MasterId, account_id: AccountId, count: int
) -> tuple[str, str]:
    """Give the account so many contacts, at least twice RARE, and leave everything as autovacuum would. The
    ids of two lists: one with half of the contacts, and a small one."""
    account = master_id, account_id
    # All that have the rare attribute are in the list with half of the contacts.
    step = count // RARE // 2 * 2
    # The rows refer to each other correctly by construction.
    await connection.execute("SET session_replication_role = replica")
    for first in range(1, count + 1, _PIECE):
        await connection.execute(_CONTACTS, *account, first, min(first + _PIECE - 1, count), step)
    await connection.execute(_VALUES, *account)
    half, small = new_id(), new_id()
    for list_id, of, rest in ((half, 2, [0]), (small, step, [1])):
        await connection.execute(_LIST, *account, list_id)
        await connection.execute(_MEMBERS, *account, list_id, of, rest)
    await connection.execute("SET session_replication_role = origin")
    await connection.execute(f"VACUUM (ANALYZE) {TABLES}")
    await connection.execute("CHECKPOINT")
    shown = (present_in_account(Kind.CONTACT_LIST, account_id, list_id) for list_id in (half, small))
    return next(shown), next(shown)
