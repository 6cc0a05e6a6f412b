"""Parts about messages that are sent."""
