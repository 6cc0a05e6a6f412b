"""What subscriptions watch."""
