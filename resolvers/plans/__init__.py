"""Plans, cycles, and how much of a cycle is used."""
