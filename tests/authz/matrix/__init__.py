"""Each field and mutation, called by each kind of caller."""
