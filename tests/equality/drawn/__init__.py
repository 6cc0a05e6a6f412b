"""Worlds and operations that are drawn at random."""
