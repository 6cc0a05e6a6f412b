"""The data plane: its keys, its role, its wall and its parts."""
