"""What accounts write with: contacts, block lists, domains, settings and reviews."""
