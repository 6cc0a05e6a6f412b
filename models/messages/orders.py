"""Orders that messages brought, as clients report them (R61). A table of the data plane."""

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text

from models.base.columns import Column, moment
from models.base.planes import data_table, unique_in_account

LONGEST_ORDER_KEY = 200

order_keys = data_table(
    "order_keys",
    Column("key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="Of all that the order was told to be."),
    moment("happened_at", nullable=False),
    unique_in_account("key"),
    CheckConstraint(f"char_length(key) BETWEEN 1 AND {LONGEST_ORDER_KEY}", name="key_length"),
    Index("ix_order_keys_happened_at", "happened_at"),
    comment="A client's own ids of orders, until orders of their moment are too old to be reported.",
)
