"""credit that is given up, addresses without a postcode, and what closed accounts still hold"""

from alembic import op

revision = "0027"
down_revision = "0026"

KINDS = ("TRANSFER", "TOP_UP", "SETTLEMENT", "SEND", "FORFEITURE")

END_WHAT_WAITS = (
    """DELETE FROM top_up_rules AS held USING accounts AS closed
      WHERE closed.master_id = held.master_id AND closed.id = held.account_id AND closed.status = 'CLOSED'""",
    """DELETE FROM budgets AS held USING accounts AS closed
      WHERE closed.master_id = held.master_id AND closed.id = held.account_id AND closed.status = 'CLOSED'""",
    """UPDATE payment_methods AS held SET removed_at = now() FROM accounts AS closed
      WHERE closed.master_id = held.master_id AND closed.id = held.account_id AND closed.status = 'CLOSED'
        AND held.removed_at IS NULL""",
    """UPDATE plan_choices AS held SET withdrawn_at = now() FROM accounts AS closed
      WHERE closed.master_id = held.master_id AND closed.id = held.account_id AND closed.status = 'CLOSED'
        AND held.withdrawn_at IS NULL AND held.holds_from > now()""",
    """UPDATE invitations AS held SET revoked_at = now() FROM accounts AS closed
      WHERE closed.master_id = held.master_id AND closed.id = held.account_id AND closed.status = 'CLOSED'
        AND held.accepted_at IS NULL AND held.revoked_at IS NULL""",
)

SETTLE = """
DO $$
DECLARE
  held record;
BEGIN
  FOR held IN
    SELECT balance.master_id AS tree, balance.account_id AS account, balance.amount, pool.id AS pool
    FROM ledger_balances AS balance
    JOIN accounts AS closed ON closed.master_id = balance.master_id AND closed.id = balance.account_id
    CROSS JOIN LATERAL (
      SELECT above.id
      FROM account_closure AS path
      JOIN accounts AS above ON above.master_id = path.master_id AND above.id = path.ancestor_id
      WHERE path.master_id = closed.master_id AND path.descendant_id = closed.id AND path.depth > 0
        AND above.status <> 'CLOSED' AND (above.parent_id IS NULL OR above.credit_mode = 'OWN_BALANCE')
      ORDER BY path.depth LIMIT 1
    ) AS pool
    WHERE closed.status = 'CLOSED' AND balance.kind = 'CREDIT' AND balance.amount > 0
  LOOP
    PERFORM set_config('mandant.trees', held.tree::text, true);
    PERFORM FROM ledger_post(held.tree, gen_random_uuid(), 'SETTLEMENT', NULL, NULL, NULL,
      ARRAY[held.account, held.pool], ARRAY['CREDIT', 'CREDIT'], ARRAY[-held.amount, held.amount],
      ARRAY[]::uuid[]);
  END LOOP;
END $$"""
"""Credit goes to the pool above, as it does now when an account is closed. A closed master account's stays."""


def upgrade() -> None:
    allowed = ", ".join(f"'{kind}'" for kind in KINDS)
    name = op.f("ck_ledger_transactions_kind")
    op.drop_constraint(name, "ledger_transactions", type_="check")
    op.create_check_constraint(name, "ledger_transactions", f"kind IN ({allowed})")
    op.alter_column("billing_details", "postcode", nullable=True)
    # After the rules: none may become due because an account's credit goes.
    for statement in (*END_WHAT_WAITS, SETTLE):
        op.execute(statement)
