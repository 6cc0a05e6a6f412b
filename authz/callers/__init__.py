"""Who calls: a person with a session, or an API key."""
