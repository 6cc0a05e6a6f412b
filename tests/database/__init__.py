"""The databases of the tests, and looking into them."""
