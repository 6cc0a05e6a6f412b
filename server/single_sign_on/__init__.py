"""The addresses of single sign-on, which browsers and issuers open."""
