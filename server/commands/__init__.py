"""What the commands of `mandant` do, beside serving; `server/cli.py` lists them."""
