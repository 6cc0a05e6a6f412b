"""Sessions: what people see of their own, how they end them, and how long they last."""
