"""Passwords: how they are hashed, judged, proved, changed and reset."""
