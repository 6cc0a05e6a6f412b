"""How long narrowed tokens are kept after they expired."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (Retention("narrowed_tokens", "narrowed_tokens", ("id",), "expires_at", DAY),)
