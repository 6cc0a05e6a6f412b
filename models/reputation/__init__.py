"""What comes back decides whether more may be sent: reputation for each sending source."""
