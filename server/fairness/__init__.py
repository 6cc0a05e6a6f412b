"""How much of the process one caller may have."""
