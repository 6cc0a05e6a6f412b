"""Why an open offer cannot be accepted now."""
