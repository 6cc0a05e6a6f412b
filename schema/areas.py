"""What all areas add to the schema."""

from models.areas import modules_of_areas
from schema.fields.contribution import Contribution

AREAS: tuple[Contribution, ...] = tuple(area.CONTRIBUTION for area in modules_of_areas("schema.{area}"))
