"""What clients send, checked and brought into one form."""
