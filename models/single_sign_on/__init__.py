"""Single sign-on: the people of a company sign in where the company says who they are."""
