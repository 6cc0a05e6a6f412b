"""Webhooks: addresses of accounts to which the events of their logs are delivered."""
