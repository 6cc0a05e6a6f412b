"""How long what is short-lived of single sign-on is kept after it expired."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = tuple(
    Retention(table, table, ("digest",), "expires_at", DAY)
    for table in ("single_sign_on_attempts", "single_sign_on_codes", "single_sign_on_tokens")
)
