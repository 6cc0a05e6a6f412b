"""Single sign-on, with a real OpenID provider on loopback."""
