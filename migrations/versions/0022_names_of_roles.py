"""names of roles that mean or look the same are one name; labels that mean the same are one label"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

from engine.text.forms import compared, looks, normalised
from models.base.columns import SHORT_TEXT_LENGTH

revision = "0022"
down_revision = "0021"

ROLE = "mandant_application"

FORMS = {
    "users": (sa.Column("sort_key", sa.LargeBinary()),),
    "roles": (
        sa.Column("sort_key", sa.LargeBinary()),
        sa.Column("compared_name", sa.Text()),
        sa.Column("looks", sa.Text()),
    ),
    "send_labels": (sa.Column("sort_key", sa.LargeBinary()), sa.Column("compared_label", sa.Text())),
}


def upgrade() -> None:
    # What stands in them until `mandant migrate` has made the forms, in the same transaction.
    for table, columns in FORMS.items():
        for column in columns:
            op.add_column(table, sa.Column(column.name, column.type, server_default="", nullable=False))
            op.alter_column(table, column.name, server_default=None)
    op.execute("DELETE FROM text_forms")
    op.drop_index("uq_roles_account_id_name", "roles")
    _compare(op.get_bind())
    op.create_index(
        "uq_roles_account_id_compared_name",
        "roles",
        ["account_id", "compared_name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_send_labels_compared_label", "send_labels", ["account_id", "compared_label", "cycle_id"]
    )
    op.execute(f"GRANT UPDATE (sort_key, compared_name, looks) ON roles TO {ROLE}")


def _compare(connection: Connection) -> None:
    """Of roles of an account whose names are one from now on, the later ones get a number."""
    taken: set[tuple[object, str]] = set()
    statement = "SELECT id, account_id, name, deleted_at FROM roles ORDER BY created_at, id"
    rows = connection.exec_driver_sql(statement)
    write = sa.text("UPDATE roles SET name = :name, compared_name = :compared, looks = :looks WHERE id = :id")
    for row in rows.all():
        name, number = normalised(row.name), 1
        while row.deleted_at is None and (row.account_id, compared(name)) in taken:
            number += 1
            ending = f" ({number})"
            name = normalised(row.name)[: SHORT_TEXT_LENGTH - len(ending)] + ending
        if row.deleted_at is None:
            taken.add((row.account_id, compared(name)))
        connection.execute(
            write, {"name": name, "compared": compared(name), "looks": looks(name), "id": row.id}
        )
