"""What accounts have promised: nobody outside some roles has a permission there (N13)."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Uuid,
)

from models.base.columns import (
    Column,
    account_columns,
    account_reference,
    created_at,
    moment,
    short_text,
    short_text_check,
)
from models.base.planes import control_table

MOST_ROLES = 20
"""How many roles a promise may let through."""

access_promises = control_table(
    "access_promises",
    *account_columns(),
    Column("id", Uuid, nullable=False),
    Column("permission", BigInteger, nullable=False, comment="A mask of one permission."),
    Column("role_ids", ARRAY(Uuid), nullable=False, comment="Whose holders may have it."),
    Column("maker_user_id", Uuid, ForeignKey("users.id")),
    Column("maker_api_key_id", Uuid),
    created_at(),
    moment("ended_at"),
    PrimaryKeyConstraint("master_id", "id"),
    account_reference(),
    CheckConstraint(f"cardinality(role_ids) <= {MOST_ROLES}", name="roles"),
    Index("ix_access_promises_id", "id"),
    Index("ix_access_promises_account_id_id", "account_id", "id"),
)

access_promise_exceptions = control_table(
    "access_promise_exceptions",
    Column("master_id", Uuid, nullable=False),
    Column("promise_id", Uuid, nullable=False),
    Column("holder_id", Uuid, nullable=False, comment="The person or API key that may have it all the same."),
    short_text("reason"),
    created_at(),
    PrimaryKeyConstraint("master_id", "promise_id", "holder_id"),
    ForeignKeyConstraint(["master_id", "promise_id"], ["access_promises.master_id", "access_promises.id"]),
    short_text_check("reason"),
)
