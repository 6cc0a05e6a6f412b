"""Files that are made of what the API answers."""
