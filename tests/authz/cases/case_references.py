"""References in the YAML cases: tags that stand for ids."""

import enum
from dataclasses import dataclass

import yaml


class Referent(enum.Enum):
    """What a tag in a write's input stands for."""

    ACCOUNT = "!account"
    MEMBER = "!member"
    KEY = "!key"
    ROLE = "!role"
    SHARE = "!share"
    OPENING = "!opening"
    PLAN = "!plan"
    CARD = "!card"
    ONCE = "!once"
    SOON = "!soon"
    REVIEW = "!review"
    ITEM = "!item"


@dataclass(frozen=True)
class Reference:
    """An id that is known only once the case is set up."""

    referent: Referent
    names: tuple[str, ...]


class Loader(yaml.SafeLoader):
    """YAML with the references as tags."""


def _construct(loader: yaml.SafeLoader, node: yaml.Node) -> Reference:
    if isinstance(node, yaml.SequenceNode):
        names = tuple(loader.construct_sequence(node))
    else:
        assert isinstance(node, yaml.ScalarNode)
        names = tuple(filter(None, [loader.construct_scalar(node)]))
    return Reference(Referent(node.tag), names)


for _referent in Referent:
    Loader.add_constructor(_referent.value, _construct)
