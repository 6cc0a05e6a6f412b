"""The area `block_list`."""
