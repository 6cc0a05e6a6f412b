"""What the embedded PostgreSQL reports when it cannot serve."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot start, answer or stop; the message says why and what helps."""


class ServerBusyError(EmbeddedPostgresError):
    """The server runs, but is still starting or already stopping: ask again."""


class ServerRefusedError(EmbeddedPostgresError):
    """Nobody listens on the socket, or whoever listens does not take our password."""
