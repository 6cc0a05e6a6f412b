"""Input that clients send: checked and normalised."""
