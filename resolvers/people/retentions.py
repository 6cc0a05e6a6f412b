"""How long sessions, devices and mailed links are kept after they expired."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention("sessions", "sessions", ("id",), "expires_at", DAY),
    Retention("devices", "devices", ("id",), "expires_at", DAY),
    Retention("mailbox_links", "mailbox_links", ("id",), "expires_at", DAY),
)
