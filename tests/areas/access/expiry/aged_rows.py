"""Rows as a year leaves them behind, in each table whose rows are deleted by their age."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, DateTime, Uuid, bindparam, column, func, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.sending.tables import ReservationStatus
from models.statistics.tables import NUMBERS
from resolvers.effects.retention import Retention
from tests.world.sends import give_reservation
from tests.world.world import Account, Person, World

_DAY = datetime.timedelta(days=1)

_AGES = "FROM unnest(CAST(:moments AS timestamptz[])) WITH ORDINALITY AS ages (moment, n)"
_OF_A_PERSON = f"gen_random_uuid(), :person, sha256(CAST(gen_random_uuid() AS text)::bytea), moment {_AGES}"
_DIGESTS = f"SELECT sha256(CAST(gen_random_uuid() AS text)::bytea) AS digest, moment {_AGES}"
_RESERVATION = """INSERT INTO send_reservations (master_id, account_id, id, cycle_id, stream, status,
  recipients, new_contacts, price, payer_id, expires_at, settled_at, created_at)
  SELECT master_id, account_id, gen_random_uuid(), cycle_id, stream, {status}, 1, 0, 0, payer_id, moment,
    {settled_at}, moment
  FROM (SELECT * FROM send_reservations WHERE account_id = :account LIMIT 1) AS one,
    unnest(CAST(:moments AS timestamptz[])) AS ages (moment)"""

_NUMBERS = ", ".join(NUMBERS)
_ZEROS = ", ".join("0" for _ in NUMBERS)
_SUMS = (
    "(master_id, account_id, period, starts_at, channel, stream, api_key_id, campaign_id, label, "
    f"{_NUMBERS}) SELECT :master, :account, 'HOUR', moment, 'EMAIL', 'MARKETING', gen_random_uuid(), "
    f"gen_random_uuid(), '', {_ZEROS} {_AGES}"
)

INSERTS = {
    "attempts": f"INSERT INTO attempts (subject, window_start, count) SELECT 'try ' || n, moment, 1 {_AGES}",
    "cost_budgets": "INSERT INTO cost_budgets (subject, level, most, rate, settled_at) "
    f"SELECT CAST(gen_random_uuid() AS text), 1, 1, 1, moment {_AGES}",
    "sessions": f"INSERT INTO sessions (id, user_id, digest, expires_at) SELECT {_OF_A_PERSON}",
    "narrowed_tokens": "INSERT INTO narrowed_tokens (root_digest, ancestor_ids, account_ids, scopes, "
    "audience, id, user_id, digest, expires_at) SELECT '', '{}', ARRAY[CAST(:account AS uuid)], 1, 'Widget', "
    f"{_OF_A_PERSON}",
    "factor_challenges": "INSERT INTO factor_challenges (purpose, password_digest, nonce, id, user_id, "
    f"digest, expires_at) SELECT 'SIGN_IN', '', '', {_OF_A_PERSON}",
    "factor_resets": "WITH lost AS (INSERT INTO users (id, name, sort_key, search_key, initials, email, "
    "email_canonical) "
    f"SELECT gen_random_uuid(), 'Ann', '', '', '', CAST(n AS text), CAST(n AS text) {_AGES} "
    "RETURNING id, email) INSERT INTO factor_resets (user_id, expires_at) "
    f"SELECT id, moment {_AGES} JOIN lost ON lost.email = CAST(n AS text)",
    "single_sign_on_attempts": "INSERT INTO single_sign_on_attempts (challenge, digest, expires_at) "
    f"SELECT '', digest, moment FROM ({_DIGESTS}) AS made",
    "single_sign_on_codes": "INSERT INTO single_sign_on_codes (sign_on_master_id, sign_on_subject, user_id, "
    "challenge, digest, expires_at) SELECT :master, 'ann', :person, '', digest, moment "
    f"FROM ({_DIGESTS}) AS made",
    "single_sign_on_tokens": f"INSERT INTO single_sign_on_tokens (digest, expires_at) {_DIGESTS}",
    "devices": f"INSERT INTO devices (id, user_id, digest, expires_at) SELECT {_OF_A_PERSON}",
    "mailbox_links": f"INSERT INTO mailbox_links (kind, id, user_id, digest, expires_at) "
    f"SELECT 'PASSWORD_RESET', {_OF_A_PERSON}",
    "mail": "INSERT INTO outbox_messages (id, recipient, subject, sent_at, created_at) SELECT "
    f"gen_random_uuid(), 'ann@example.com', 'Hello', CASE WHEN n % 2 = 0 THEN moment END, moment {_AGES}",
    "idempotency_records": "INSERT INTO idempotency_records (master_id, account_id, principal_id, key, "
    "operation, request_digest, result, created_at) "
    f"SELECT :master, :account, :person, n, 'creditTransfer', '', '{{}}', moment {_AGES}",
    "reservations": _RESERVATION.format(status="'EXPIRED'", settled_at="moment"),
    "expiry_notices": "INSERT INTO expiry_notices (master_id, account_id, grant_id, expires_at, stage) "
    f"SELECT :master, :account, gen_random_uuid(), moment, 'ENDED' {_AGES}",
    "import_errors": "INSERT INTO contact_import_errors (master_id, account_id, id, job_id, line, reason, "
    "created_at) SELECT :master, :account, gen_random_uuid(), gen_random_uuid(), n, 'It is no address.', "
    f"moment {_AGES}",
    "message_keys": "INSERT INTO message_keys (master_id, account_id, id, key, digest, created_at) SELECT "
    f":master, :account, gen_random_uuid(), CAST(n AS text), '', moment {_AGES}",
    "order_keys": "INSERT INTO order_keys (master_id, account_id, id, key, digest, happened_at) SELECT "
    f":master, :account, gen_random_uuid(), CAST(n AS text), '', moment {_AGES}",
    "attachments": "INSERT INTO attachments (master_id, account_id, id, name, type, size, digest, content, "
    "expires_at, needed_until) SELECT :master, :account, gen_random_uuid(), 'a', 'text/plain', 1, "
    f"CAST(CAST(n AS text) AS bytea), 'a', moment, moment {_AGES}",
    "statistics_hours": f"INSERT INTO statistics {_SUMS}",
    "subtree_statistics_hours": f"INSERT INTO subtree_statistics {_SUMS}",
    "review_samples": "WITH review AS (INSERT INTO reviews (master_id, account_id, id, status, contacts, "
    "decided_at) VALUES (:master, :account, gen_random_uuid(), 'WITHDRAWN', 1, now()) RETURNING id) "
    "INSERT INTO review_samples (master_id, review_id, ordinal, attributes, source, added_at, ended_at) "
    f"SELECT :master, (SELECT id FROM review), n, '{{}}', 'a test', moment, moment {_AGES}",
    "webhook_deliveries": "INSERT INTO webhook_deliveries (master_id, account_id, id, webhook_id, status, "
    "finished_at, created_at) SELECT :master, :account, gen_random_uuid(), gen_random_uuid(), 'DELIVERED', "
    f"moment, moment {_AGES}",
    "webhook_tries": "INSERT INTO webhook_tries (master_id, account_id, delivery_id, id, status_code, "
    "milliseconds, tried_at) SELECT :master, :account, gen_random_uuid(), gen_random_uuid(), 204, 10, "
    f"moment {_AGES}",
    "job_log": "INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint, created) "
    f"SELECT n, 'successful', 0, 'cycle_close', moment {_AGES}",
}
"""By the retention's name: a row for each of `moments`, which is what its age is counted from."""

SENT = _RESERVATION.format(status="'COMMITTED'", settled_at="moment")
"""Reservations that nobody gave back."""


@dataclass(frozen=True)
class Place:
    """What the rows belong to."""

    account: Account
    person: Person

    @classmethod
    async def of(cls, world: World) -> "Place":
        """An account with one reservation, and a person."""
        account = await world.account()
        await give_reservation(world, account, ReservationStatus.COMMITTED)
        return cls(account, await world.person())

    async def fill(
        self, connection: AsyncConnection, insert: str, moments: Sequence[datetime.datetime]
    ) -> None:
        """Write a row for each of the moments."""
        named = {"person": self.person.key, "master": self.account.master, "account": self.account.key}
        known = {name: value for name, value in named.items() if f":{name}" in insert}
        typed = [bindparam(name, type_=Uuid) for name in known]
        statement = text(insert).bindparams(
            bindparam("moments", type_=ARRAY(DateTime(timezone=True))), *typed
        )
        await connection.execute(statement, {"moments": list(moments), **known})


async def days_back(connection: AsyncConnection, days: range) -> list[datetime.datetime]:
    """The moments so many days ago, and an hour more."""
    now: datetime.datetime = (await connection.execute(select(func.now()))).scalar_one()
    return [now - day * _DAY - datetime.timedelta(hours=1) for day in days]


async def left(
    connection: AsyncConnection, retention: Retention, moments: Sequence[datetime.datetime]
) -> set[datetime.datetime]:
    """Those of the moments that there are still rows of."""
    since = column(retention.since, DateTime(timezone=True))
    schema, _, name = retention.table.rpartition(".")
    rows = select(since).select_from(table(name, since, schema=schema or None)).where(since.in_(moments))
    if retention.only != "true":
        rows = rows.where(text(retention.only))
    return set((await connection.execute(rows)).scalars())
