"""How far rights held above an account reach into it, and break-glass."""
