"""Jobs about contacts: imports of files, and the removal of what lists, attributes and closed accounts leave
behind."""
