"""What README.md and docs/ say is true: every example is run, every name is looked up."""
