"""How much an operation may ask for."""
