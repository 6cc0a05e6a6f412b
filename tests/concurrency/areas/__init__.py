"""Two writes that meet, area by area."""
