"""What the rest of the engine builds on: marks, values of clients, JSON text."""
