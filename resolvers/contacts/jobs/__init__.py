"""Jobs about contacts: imports of files, and the removal of deleted lists' members."""
