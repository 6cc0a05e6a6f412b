"""Why somebody may, or may not, do something: one rule after the other."""
