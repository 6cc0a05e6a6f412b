"""Where the database is, how it is reached, and how it is brought up to date."""
