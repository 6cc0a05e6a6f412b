"""The page that shows the local outbox, where a developer runs the server."""
