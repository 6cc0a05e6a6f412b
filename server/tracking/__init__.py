"""What recipients of messages reach without a session: pictures, links, unsubscribing, and mail that comes
back."""
