"""The pages of the site that are made of the product: nothing of them is committed."""
