"""The policy and the tokens, by themselves."""
