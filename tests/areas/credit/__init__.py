"""Credit: balances, transfers and the ledger."""
