"""Orders that messages brought, as clients report them."""
