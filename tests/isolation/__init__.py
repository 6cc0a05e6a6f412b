"""The isolation oracle: what the API answers, held to a model of the rules that is written from the
documentation (README.md, schema.graphql, R1-R104) and imports nothing of the product.

`rules` and `model` are the model, `planting` and `limiting` build random trees through the API, `reading`
and `writing` compare, `tally` counts.
"""
