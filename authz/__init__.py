"""Who may: casbin's policy, the masks compiled from it, and the one SQL definition of reach."""
