"""The area `suppressions`."""
