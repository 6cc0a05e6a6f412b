"""What the commands of `mandant` do, beside serving. A module with a `GROUP` adds a group of commands."""
