"""Reputation: what comes back decides whether more may be sent."""
