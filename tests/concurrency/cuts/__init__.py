"""Connections that are cut at every trip of every kind of write."""
