"""Starting the server and the worker."""
