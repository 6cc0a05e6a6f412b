"""How messages are known again: by signed links in them, and by the address that they are returned to."""
