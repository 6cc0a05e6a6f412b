"""Platform staff: what support sees, sets and answers in customers' accounts."""
