"""Access: who may do what in an account, what blocks a change, and which grants end soon."""
