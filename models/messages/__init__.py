"""Messages that Mandant sends itself."""
