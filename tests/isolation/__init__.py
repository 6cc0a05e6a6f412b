"""The isolation oracle: what the API answers, held to a model of the rules that is written from the
documentation (docs/, schema.graphql, docs/requirements.md) and imports nothing of the product.

`rules` and `model` are the model, `planting` and `limiting` build random trees through the API, `reading`,
`following` and `writing` compare, `tally` counts.
"""
