"""message events by the months of their messages"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"

ROLE = "mandant_data"
BY_MONTH = "RANGE (message_id)"

# The months that messages have.
_MONTHS = """
DO $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT replace(relname, 'messages_', 'message_events_') AS name, pg_get_expr(relpartbound, oid) AS bounds
    FROM pg_class
    WHERE relispartition AND relnamespace = 'months'::regnamespace AND relname ~ '^messages_[0-9]{4}_[0-9]{2}$'
  LOOP
    EXECUTE format('CREATE TABLE months.%I PARTITION OF message_events %s', part.name, part.bounds);
  END LOOP;
END
$$
"""

# Of messages whose months are gone, events go as well.
_KEPT = """
INSERT INTO message_events (master_id, account_id, id, message_id, reservation_id, kind, happened_at, is_first, url,
  status, diagnostic, created_at)
SELECT master_id, account_id, id, message_id, reservation_id, kind, happened_at, is_first, url, status, diagnostic,
  created_at
FROM events_before
WHERE to_regclass(format('months.message_events_%s', to_char(
  to_timestamp(('x' || left(replace(message_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) AT TIME ZONE 'UTC',
  'YYYY_MM'))) IS NOT NULL
"""


def upgrade() -> None:
    op.execute("CREATE TEMP TABLE events_before ON COMMIT DROP AS SELECT * FROM message_events")
    op.drop_table("message_events")
    # Keys are in the rows of their events now.
    op.drop_table("message_event_keys")
    op.create_table(
        "message_events",
        *[sa.Column(name, sa.Uuid(), nullable=False) for name in ("master_id", "account_id", "id")],
        sa.Column(
            "message_id",
            sa.Uuid(),
            nullable=False,
            comment="Of a partner's engine: made of the reservation and the recipient.",
        ),
        sa.Column("reservation_id", sa.Uuid(), comment="By which a partner's engine sent."),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_first", sa.Boolean(), nullable=False, comment="The first of its kind that was told."),
        sa.Column("key", sa.Text(), comment="A partner's own id of the event."),
        sa.Column("url", sa.Text(), comment="That was clicked."),
        sa.Column("status", sa.Text(), comment="Of a bounce (RFC 3463)."),
        sa.Column("diagnostic", sa.Text(), comment="What the recipient's server said."),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('DELIVERED', 'HARD_BOUNCE', 'SOFT_BOUNCE', 'COMPLAINT', 'OPEN', 'CLICK', 'UNSUBSCRIBE')",
            name=op.f("ck_message_events_kind"),
        ),
        sa.CheckConstraint("char_length(key) BETWEEN 1 AND 200", name=op.f("ck_message_events_key_length")),
        sa.CheckConstraint("char_length(url) <= 4000", name=op.f("ck_message_events_url_length")),
        sa.CheckConstraint("char_length(status) <= 20", name=op.f("ck_message_events_status_length")),
        sa.CheckConstraint(
            "char_length(diagnostic) <= 1000", name=op.f("ck_message_events_diagnostic_length")
        ),
        sa.PrimaryKeyConstraint(
            "master_id", "account_id", "message_id", "id", name=op.f("pk_message_events")
        ),
        postgresql_partition_by=BY_MONTH,
        comment="In the order in which they were told, which is not that in which they happened. They are "
        "dropped with the month of their message.",
    )
    of_message = ["master_id", "account_id", "message_id"]
    for name, column, condition in (("first", "kind", "is_first"), ("key", "key", "key IS NOT NULL")):
        op.create_index(
            f"uq_message_events_{name}",
            "message_events",
            [*of_message, column],
            unique=True,
            postgresql_where=sa.text(condition),
        )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON message_events TO {ROLE}")
    # An account is of one tree, as in 0033.
    op.execute(
        "CREATE STATISTICS st_message_events_account (dependencies) ON master_id, account_id FROM message_events"
    )
    op.execute(_MONTHS)
    # It takes a table now.
    op.execute("DROP FUNCTION IF EXISTS mandant_drop_months(integer)")
    op.execute(_KEPT)
