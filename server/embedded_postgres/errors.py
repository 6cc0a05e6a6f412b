"""The errors of the embedded PostgreSQL."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot start, answer or stop. The message says why, and what to do."""


class ServerBusyError(EmbeddedPostgresError):
    """The server is still starting or already stopping: try again."""


class ServerRefusedError(EmbeddedPostgresError):
    """No server listens on the socket, or the one that does refuses the password."""
