"""What accounts have sent or are about to: campaigns, messages, what came back, statistics, sources."""
