"""How long samples of contacts are kept once their review is over."""

from resolvers.effects.retention import DAY, Retention

RETENTIONS = (
    Retention(
        "review_samples",
        "review_samples",
        ("master_id", "review_id", "ordinal"),
        "ended_at",
        30 * DAY,
        only="ended_at IS NOT NULL",
    ),
)
