"""How long it is kept why rows of a file were refused."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention(
        "import_errors",
        "contact_import_errors",
        ("master_id", "account_id", "id"),
        "created_at",
        30 * DAY,
    ),
)
