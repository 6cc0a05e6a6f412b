"""What became of messages, in numbers."""
