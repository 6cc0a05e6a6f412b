"""A client's own ids of orders: one that is reported again is not counted again."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, DateTime, LargeBinary, Text, Uuid, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from authz.policy.refusals import Refusal, RefusalCode
from engine.writes.fixed_statements import FixedStatement
from engine.writes.sessions import WriteSession
from models.accounts.trees import Place, columns_of, in_account
from models.base.ids import new_ids
from models.messages.orders import order_keys
from resolvers.messages.orders.given import ReadOrder


async def claim_keys(
    session: WriteSession, account: Place, orders: Sequence[ReadOrder]
) -> list[bool | Refusal]:
    """Whether each order is new. Refused is one under a key of another order. Of two requests at once with
    the same key the second waits for the end of the first. The caller is in the data plane."""
    firsts: dict[str, ReadOrder] = {}
    for order in orders:
        firsts.setdefault(order.key, order)
    # In one order, so that two requests with the same keys wait for each other without deadlock.
    wanted = [firsts[key] for key in sorted(firsts)]
    values: dict[str, Any] = {
        "id": new_ids(len(wanted)),
        "key": [each.key for each in wanted],
        "digest": [each.digest for each in wanted],
        "happened_at": [each.happened_at for each in wanted],
    }
    free = {row["key"] for row in await _CLAIM.rows(session, values | columns_of(account))}
    digests = {key: each.digest for key, each in firsts.items() if key in free}
    taken = [key for key in firsts if key not in free]
    if taken:
        known = order_keys.c
        statement = select(known.key, known.digest).where(
            in_account(order_keys, account), known.key == any_(literal(taken, ARRAY(Text)))
        )
        digests |= {row.key: row.digest for row in await session.execute(statement)}
    return [
        Refusal(RefusalCode.IDEMPOTENCY_MISMATCH, field="key")
        if digests.get(order.key) != order.digest
        else order.key in free and firsts[order.key] is order
        for order in orders
    ]


def _claiming() -> FixedStatement:
    types: dict[str, Any] = {"id": Uuid(), "key": Text(), "digest": LargeBinary()}
    types["happened_at"] = DateTime(timezone=True)
    arrays = [bindparam(name, type_=ARRAY(type_)) for name, type_ in types.items()]
    given = func.unnest(*arrays).table_valued(*types).render_derived("given").c
    place = {name: bindparam(name, type_=Uuid()) for name in ("master_id", "account_id")}
    values: dict[str, Any] = {**place, **{name: given[name] for name in types}}
    rows = upsert(order_keys).from_select(list(values), select(*values.values()))
    return FixedStatement(rows.on_conflict_do_nothing().returning(order_keys.c.key))


_CLAIM = _claiming()
