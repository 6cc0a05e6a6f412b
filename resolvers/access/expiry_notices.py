"""Telling of what is about to end, and of what has ended (N9).

A grant is told of seven days before its end and one day before, if it was given for longer than that, and
once it has ended: an event in the log of each account that it holds in, and before the end an e-mail to the
person who is about to lose it, one for all that is told at once. What was told is kept in `expiry_notices`,
so that each thing is told once; a moved end is another end.

The grants are of all trees, so that a function of the database's tells of them, as its owner. It answers no
more than whether it stopped for now. It writes and counts its mails itself, as `resolvers.effects.outbox`
does.
"""

from string import Template

from sqlalchemy import ARRAY, Uuid, func, literal, select

from engine.compiled.sql_text import prepared
from engine.writes.sessions import WriteSession
from models.access.expiry_notices import ExpiryStage
from models.base.ids import new_id
from models.base.stored_functions import Rights, StoredFunction
from resolvers.access.expiring_grants import all_grants
from resolvers.effects.event_kinds import EventKind
from resolvers.effects.mail_limits import EXPIRY_NOTICES, MailKind, budget_subject
from resolvers.effects.mail_texts import shown_in_sql

(_BUDGET,) = EXPIRY_NOTICES.budgets

BATCH = 1000
"""The most events of one transaction."""

_TELLING = 6304
"""The lock of whoever tells: others have nothing to do meanwhile."""

_MAIL = """Hello,

your access ends soon:

%s

If you still need it, ask whoever gave it to you to prolong it. Otherwise you need not do anything.

After $most such messages in a day, only the logs of the accounts tell of more.
"""

# What ended more than 30 days before a worker looks is not told any more.
_BODY = Template("""
DECLARE
  told integer;
BEGIN
  IF NOT pg_try_advisory_xact_lock($telling) THEN
    RETURN false;
  END IF;
  WITH grants AS (
    $grants
  ), near AS (
    SELECT *, CASE
      WHEN ends_at <= now() THEN '$ended'
      WHEN ends_at <= now() + interval '1 day' THEN
        CASE WHEN ends_at > since + interval '1 day' THEN '$day' END
      WHEN ends_at > since + interval '7 days' THEN '$week'
    END AS stage
    FROM grants
    WHERE ends_at > now() - interval '30 days' AND ends_at <= now() + interval '7 days'
  ), due AS (
    SELECT *, row_number() OVER (ORDER BY ends_at, grant_id, account_id) AS number
    FROM near
    WHERE stage IS NOT NULL AND NOT EXISTS (
      SELECT FROM expiry_notices AS notice
      WHERE notice.master_id = near.master_id AND notice.account_id = near.account_id
        AND notice.grant_id = near.grant_id AND notice.expires_at = near.ends_at
        AND notice.stage = near.stage
    )
    ORDER BY number LIMIT cardinality(ids)
  ), noted AS (
    INSERT INTO expiry_notices (master_id, account_id, grant_id, expires_at, stage)
    SELECT master_id, account_id, grant_id, ends_at, stage FROM due
  ), logged AS (
    INSERT INTO events (master_id, account_id, id, kind, subject_id, after)
    SELECT master_id, account_id, ids[number],
      CASE stage WHEN '$ended' THEN '$expired' ELSE '$expiring' END, subject_id,
      jsonb_build_object(
        'expiresAt', to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
      )
    FROM due
  ), warned AS (
    SELECT person, min(number) AS number, string_agg(
      format('  %s until %s UTC', $shown, to_char(ends_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')),
      E'\n' ORDER BY number
    ) AS ends
    FROM due JOIN accounts ON accounts.master_id = due.master_id AND accounts.id = due.account_id
    WHERE person IS NOT NULL AND stage <> '$ended'
    GROUP BY person
  ), counted AS (
    INSERT INTO attempts (subject, window_start, count)
    SELECT '$counted' || person, to_timestamp(floor(extract(epoch FROM now()) / $window) * $window), 1
    FROM warned ORDER BY person
    ON CONFLICT (subject, window_start) DO UPDATE SET count = attempts.count + 1
    RETURNING subject, count
  ), mailed AS (
    INSERT INTO outbox_messages (id, recipient, subject, body)
    SELECT ids[number], email, '$subject', format('$mail', ends)
    FROM warned JOIN users ON users.id = person JOIN counted ON counted.subject = '$counted' || person
    WHERE counted.count <= $most
  )
  SELECT count(*) INTO told FROM due;
  RETURN told = cardinality(ids);
END""")


async def tell_batch(session: WriteSession) -> bool:
    """Tell of up to BATCH ends, in the session's transaction. Whether it stopped at that many.

    Safe to run twice and at once: while another transaction tells, this one does nothing.
    """
    ids = [new_id() for _ in range(BATCH)]
    told = select(func.mandant_tell_expiries(literal(ids, ARRAY(Uuid))))
    return bool((await session.execute(told)).scalar_one())


def functions() -> tuple[StoredFunction, ...]:
    """The function that tells."""
    body = _BODY.substitute(
        telling=_TELLING,
        grants=prepared(all_grants()).sql,
        week=ExpiryStage.WEEK.value,
        day=ExpiryStage.DAY.value,
        ended=ExpiryStage.ENDED.value,
        expiring=EventKind.ACCESS_EXPIRING.value,
        expired=EventKind.ACCESS_EXPIRED.value,
        mail=Template(_MAIL).substitute(most=_BUDGET.most),
        shown=shown_in_sql("name"),
        subject=MailKind.ACCESS_EXPIRING.subject,
        counted=budget_subject(EXPIRY_NOTICES, _BUDGET, ""),
        window=int(_BUDGET.window.total_seconds()),
        most=_BUDGET.most,
    )
    return (StoredFunction("mandant_tell_expiries(ids uuid[]) RETURNS boolean", body, rights=Rights.OWNER),)
