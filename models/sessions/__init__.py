"""Sessions: how long they last in a tree, and when each ends."""
