"""A peer: what one would write with Strawberry, SQLAlchemy and casbin, as their documentation teaches."""
