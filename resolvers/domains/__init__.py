"""Domains: added, checked in DNS, verified for one tree, and removed."""
