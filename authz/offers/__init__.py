"""Why something that was offered cannot be accepted as things are."""
