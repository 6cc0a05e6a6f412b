"""Messages: taken in, shown, canceled and handed over."""
