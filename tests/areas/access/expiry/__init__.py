"""What ends by itself, and what is told of it."""
