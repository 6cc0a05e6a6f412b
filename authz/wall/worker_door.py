"""What workers are let see and enter, as functions of the database.

A worker is in no tree, so the second wall shows it nothing. These functions run as their owner: one puts a
job for whatever is due into the queue, in all trees, and tells no more than how many; one lets a transaction
into a tree in which something is due, and into no other.
"""

from string import Template

from sqlalchemy import Boolean, Integer, Uuid, func, literal, select

from engine.writes.sessions import WriteSession
from models.base.ids import MasterId
from models.base.stored_functions import Rights, StoredFunction, Volatility
from models.effects.jobs import PRIORITY, JobKind
from models.payments.tables import LEFT_TO_ITS_REQUEST
from models.sending.tables import LAST_REQUESTS

_CYCLE_HEAD = "mandant_cycle_is_over(tree uuid, cycle uuid) RETURNS boolean"
_CYCLE_IS_OVER = Template("""
BEGIN
  RETURN EXISTS (
    SELECT FROM send_cycles
    WHERE send_cycles.master_id = tree AND send_cycles.id = cycle
      AND mandant_now() >= send_cycles.ends_at + interval '$last_requests seconds'
  ) AND NOT EXISTS (
    SELECT FROM send_reservations
    WHERE master_id = tree AND cycle_id = cycle AND status = 'RESERVED'
  );
END""").substitute(last_requests=LAST_REQUESTS.seconds)

# What is in the queue already is left to its job, unless that is for a later moment: it is ready, at work,
# about to be tried again, or held after too many failures.
_ENQUEUE_DUE = Template("""
DECLARE
  number integer;
BEGIN
  -- Nothing may be due, or thousands: a plan that was made for the one would not end for the other.
  PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
  WITH due AS (
    SELECT '$reservation_expiry' AS kind, master_id AS tree, cycle_id AS subject
      FROM send_reservations WHERE status = 'RESERVED' AND expires_at <= mandant_now()
    UNION ALL
    SELECT '$cycle_close', master_id, id FROM send_cycles
      WHERE closed_at IS NULL AND ends_at <= mandant_now()
        AND mandant_cycle_is_over(master_id, id)
    UNION ALL
    SELECT '$top_up', master_id, account_id FROM (
      SELECT rule.master_id, rule.account_id FROM top_up_rules AS rule
        WHERE rule.due_at <= now() AND NOT EXISTS (
          SELECT FROM top_ups AS open_one
          WHERE open_one.master_id = rule.master_id AND open_one.account_id = rule.account_id
            AND open_one.automatic AND open_one.status = 'PENDING'
        )
      UNION
      SELECT master_id, account_id FROM top_ups
        WHERE status = 'PENDING'
          AND (automatic OR created_at < now() - interval '$left_to_its_request seconds')
    ) AS wanting
    UNION ALL
    SELECT '$cycle_charge', master_id, account_id FROM mandant_cycles_to_charge()
    UNION ALL
    SELECT '$invoice_issue', master_id, account_id FROM mandant_invoices_to_issue() WHERE issuing
  ), missing AS (
    SELECT kind, convert_to(concat_ws(' ', tree, subject), 'UTF8') AS about FROM due
    EXCEPT
    SELECT entrypoint, payload FROM pgq.pgqueuer
      WHERE status <> 'queued' OR attempts > 0 OR execute_after <= now()
  ), fresh AS (
    INSERT INTO pgq.pgqueuer (priority, entrypoint, payload, dedupe_key, status)
    SELECT $priority, kind, about, concat_ws(' ', kind, convert_from(about, 'UTF8')), 'queued'
    FROM missing
    ORDER BY $priority DESC LIMIT most
    ON CONFLICT DO NOTHING RETURNING id, priority, entrypoint, status
  ), logged AS (
    INSERT INTO pgq.pgqueuer_log (job_id, status, priority, entrypoint)
    SELECT id, status, priority, entrypoint FROM fresh
  )
  SELECT count(*) INTO number FROM fresh;
  RETURN number;
END""").substitute(
    {kind.name.lower(): kind.value for kind in JobKind},
    left_to_its_request=LEFT_TO_ITS_REQUEST.seconds,
    priority=PRIORITY,
)

_ENTER = """
BEGIN
  IF NOT EXISTS (SELECT FROM top_up_rules WHERE master_id = tree AND due_at <= now())
    AND NOT EXISTS (SELECT FROM top_ups WHERE master_id = tree AND status = 'PENDING')
    AND NOT EXISTS (
      SELECT FROM send_reservations
      WHERE master_id = tree AND status = 'RESERVED' AND expires_at <= mandant_now()
    )
    AND NOT EXISTS (
      SELECT FROM send_cycles
      WHERE master_id = tree AND closed_at IS NULL AND mandant_cycle_is_over(tree, id)
    ) THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', tree::text, true);
  RETURN true;
END"""

# Whoever began to send to them while they were open is done, or was cancelled, an hour later.
_DELETE_ENDED_LISTS = """
DECLARE
  most CONSTANT integer := 20;
  gone integer;
BEGIN
  WITH ended AS (
    SELECT master_id, id FROM recipient_lists WHERE expires_at < mandant_now() - interval '1 hour'
    ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED
  ), emptied AS (
    DELETE FROM recipient_list_parts AS part USING ended
    WHERE part.master_id = ended.master_id AND part.list_id = ended.id
  )
  DELETE FROM recipient_lists AS list USING ended
  WHERE list.master_id = ended.master_id AND list.id = ended.id;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone = most;
END"""

FUNCTIONS = (
    StoredFunction(_CYCLE_HEAD, _CYCLE_IS_OVER, Volatility.STABLE, Rights.OWNER),
    StoredFunction(
        "mandant_enqueue_due(most integer, issuing boolean) RETURNS integer",
        _ENQUEUE_DUE,
        rights=Rights.OWNER,
    ),
    StoredFunction("mandant_enter_as_worker(tree uuid) RETURNS boolean", _ENTER, rights=Rights.OWNER),
    StoredFunction("mandant_delete_ended_lists() RETURNS boolean", _DELETE_ENDED_LISTS, rights=Rights.OWNER),
)


async def enqueue_due(session: WriteSession, most: int, *, issuing: bool) -> int:
    """Put a job for what is due into the queue, as far as none is there. How many, at most so many.

    `issuing`: also for invoices, which without an issuer would be due for ever.
    """
    enqueuing = func.mandant_enqueue_due(literal(most, Integer), literal(issuing, Boolean))
    return int((await session.execute(select(enqueuing))).scalar_one())


async def enter_as_worker(session: WriteSession, master_id: MasterId) -> bool:
    """Show the rest of the transaction the tree; false, and nothing is shown, where nothing in it is due."""
    entering = select(func.mandant_enter_as_worker(literal(master_id, Uuid)))
    return bool((await session.execute(entering)).scalar_one())
