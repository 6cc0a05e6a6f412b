"""Messages on their way: claimed, rendered, handed over and settled."""
