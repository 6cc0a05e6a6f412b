"""How long challenges and resets are kept after they expired."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention("factor_challenges", "factor_challenges", ("id",), "expires_at", DAY),
    Retention("factor_resets", "factor_resets", ("user_id",), "expires_at", DAY),
)
