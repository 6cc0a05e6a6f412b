"""casbin's policy: permissions, roles and the masks that are compiled from them."""
