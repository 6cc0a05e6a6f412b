"""sources that are stopped say since when"""

from alembic import op

revision = "0079"
down_revision = "0078"


def upgrade() -> None:
    for key in ("customer", "platform"):
        stopped = f"{key}_state <> 'ACTIVE' AND {key}_since IS NULL"
        op.execute(f"UPDATE sending_sources SET {key}_since = now() WHERE {stopped}")  # noqa: S608 - constants
        op.create_check_constraint(
            op.f(f"ck_sending_sources_{key}_since"),
            "sending_sources",
            f"{key}_state = 'ACTIVE' OR {key}_since IS NOT NULL",
        )
