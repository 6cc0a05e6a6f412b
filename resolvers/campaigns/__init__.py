"""Campaigns: written, sent, paused and canceled."""
