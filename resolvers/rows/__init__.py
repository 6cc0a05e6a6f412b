"""How rows of a tree are joined, named and shown, whatever their area."""
