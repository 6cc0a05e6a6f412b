"""What workers are let see and enter, as functions of the database.

A worker is in no tree, so the second wall shows it nothing. These functions run as their owner: they tell in
which accounts a top-up is due or waits for its answer, and let a transaction into such a tree and no other.
"""

import uuid

from sqlalchemy import Integer, Select, Uuid, column, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.identifiers import MasterId

_DUE_RULES = """
BEGIN
  RETURN QUERY
    SELECT rule.master_id, rule.account_id FROM top_up_rules AS rule
    WHERE rule.due_at <= now() AND NOT EXISTS (
      SELECT FROM top_ups AS open_one
      WHERE open_one.master_id = rule.master_id AND open_one.account_id = rule.account_id
        AND open_one.automatic AND open_one.status = 'PENDING'
    )
    ORDER BY rule.due_at LIMIT most;
END"""

# A request asks for its own top-up first; the provider is given up sooner than that (resolvers/payments.py).
_WAITING_TOP_UPS = """
BEGIN
  RETURN QUERY
    SELECT top_up.master_id, top_up.id FROM top_ups AS top_up
    WHERE top_up.status = 'PENDING' AND top_up.id > after
      AND (top_up.automatic OR top_up.created_at < now() - interval '30 seconds')
    ORDER BY top_up.id LIMIT most;
END"""

_ENTER = """
BEGIN
  IF NOT EXISTS (SELECT FROM top_up_rules WHERE master_id = tree AND due_at <= now())
    AND NOT EXISTS (SELECT FROM top_ups WHERE master_id = tree AND status = 'PENDING') THEN
    RETURN false;
  END IF;
  PERFORM set_config('mandant.trees', '{' || tree || '}', true);
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

FUNCTIONS = {
    "mandant_due_top_up_rules(most integer) RETURNS TABLE (tree uuid, account uuid) STABLE": _DUE_RULES,
    "mandant_waiting_top_ups(after uuid, most integer) RETURNS TABLE (tree uuid, top_up uuid) STABLE": (
        _WAITING_TOP_UPS
    ),
    "mandant_enter_as_worker(tree uuid) RETURNS boolean": _ENTER,
    "mandant_delete_ended_lists() RETURNS boolean": _DELETE_ENDED_LISTS,
}
"""By their heads; `authz.row_security` brings them into the database."""


def due_rules(most: int) -> Select[tuple[uuid.UUID, uuid.UUID]]:
    """Trees and accounts whose top-up rule is due, the longest due first."""
    function = func.mandant_due_top_up_rules(literal(most, Integer))
    found = function.table_valued(column("tree", Uuid()), column("account", Uuid()))
    return select(found.c.tree, found.c.account)


def waiting_top_ups(after: uuid.UUID, most: int) -> Select[tuple[uuid.UUID, uuid.UUID]]:
    """Trees and top-ups of which the payment provider's answer is not known, in the order of their ids."""
    function = func.mandant_waiting_top_ups(literal(after, Uuid), literal(most, Integer))
    found = function.table_valued(column("tree", Uuid()), column("top_up", Uuid()))
    return select(found.c.tree, found.c.top_up)


async def enter_as_worker(session: AsyncSession, master_id: MasterId) -> bool:
    """Show the rest of the transaction the tree; false, and nothing is shown, where no top-up needs it."""
    entering = select(func.mandant_enter_as_worker(literal(master_id, Uuid)))
    return bool((await session.execute(entering)).scalar_one())
