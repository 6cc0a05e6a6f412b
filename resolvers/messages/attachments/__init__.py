"""Files that messages bring: uploaded, named by messages, and read when these are handed over."""
