"""Settings: what an account has set itself, and what it has locked for the accounts below it (N15, R83, R87).

A row holds what one account has stored. What is in force there follows from the rows on its path (see
`resolvers.settings.effective`), so that nothing has to be written below when something changes above.
"""

import enum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.accounts.tables import one_of
from models.base.columns import Column, account_columns, account_reference, moment
from models.base.planes import control_table


class SettingName(enum.Enum):
    """The name of a setting."""

    TIME_ZONE = "TIME_ZONE"
    DEFAULT_COUNTRY = "DEFAULT_COUNTRY"
    LANGUAGE = "LANGUAGE"
    SENDER_NAME = "SENDER_NAME"
    SENDER_ADDRESS = "SENDER_ADDRESS"
    UNSUBSCRIBE_PAGE = "UNSUBSCRIBE_PAGE"
    CAMPAIGN_APPROVAL = "CAMPAIGN_APPROVAL"
    BOUNCE_LIMITS = "BOUNCE_LIMITS"
    QUIET_HOURS = "QUIET_HOURS"
    FIELD_FUNCTIONS = "FIELD_FUNCTIONS"


LONGEST_FUNCTION_NAME = 50
LONGEST_FUNCTION_TEXT = 2_000
MOST_FIELD_FUNCTIONS = 100
"""That one account has of its own."""


def _copied() -> tuple[Column[object], Column[object], ForeignKeyConstraint, CheckConstraint]:
    """From which account a value was copied, and when."""
    return (
        Column("copied_from_id", Uuid, comment="The account that the value was copied from."),
        moment("copied_at"),
        ForeignKeyConstraint(["master_id", "copied_from_id"], ["accounts.master_id", "accounts.id"]),
        CheckConstraint("(copied_from_id IS NULL) = (copied_at IS NULL)", name="copied"),
    )


_COPIED = text("copied_from_id IS NOT NULL")

settings = control_table(
    "settings",
    *account_columns(),
    Column("setting", Text, nullable=False),
    Column("value", JSONB(none_as_null=True), comment="Null: the account has none, and only locks it."),
    Column("locked", Boolean, nullable=False, comment="Accounts below cannot have a value of their own."),
    *_copied(),
    PrimaryKeyConstraint("master_id", "account_id", "setting"),
    account_reference(),
    one_of("setting", SettingName),
    CheckConstraint("value IS NOT NULL OR locked", name="content"),
    CheckConstraint("copied_from_id IS NULL OR value IS NOT NULL", name="copied_value"),
    CheckConstraint(
        f"setting <> '{SettingName.FIELD_FUNCTIONS.value}' OR value IS NULL", name="functions_elsewhere"
    ),
    Index("ix_settings_copied_from_id", "copied_from_id", postgresql_where=_COPIED),
    # Whoever reads a setting asks each account above for a lock, and few have one.
    Index("ix_settings_locked", "master_id", "account_id", "setting", postgresql_where=text("locked")),
    comment="What accounts have set or locked themselves. Accounts below inherit it.",
)

field_functions = control_table(
    "field_functions",
    *account_columns(),
    Column("name", Text(collation="C"), nullable=False),
    Column("text", Text, nullable=False),
    *_copied(),
    PrimaryKeyConstraint("master_id", "account_id", "name"),
    account_reference(),
    CheckConstraint(f"name ~ '^[a-z][a-z0-9_]{{0,{LONGEST_FUNCTION_NAME - 1}}}$'", name="name"),
    CheckConstraint(f"char_length(text) BETWEEN 1 AND {LONGEST_FUNCTION_TEXT}", name="text_length"),
    Index("ix_field_functions_copied_from_id", "copied_from_id", postgresql_where=_COPIED),
    comment="The values of the setting FIELD_FUNCTIONS: named texts, inherited and replaced name by name.",
)
