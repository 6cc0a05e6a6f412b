"""What a client is told when something fails, and what the log says of it."""
