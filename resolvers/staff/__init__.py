"""Platform staff: what support sees and sets in customers' accounts, and the requests it answers."""
