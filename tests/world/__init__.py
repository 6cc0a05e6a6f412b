"""The world that tests act in: accounts, people, callers, and what they are given."""
