"""The templates: their texts, and what is declared in them."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from models.errors import UsageError

REMEDY = "The stack was not changed. Mend the template in cloudformation/, or take it from the release again"


def template(name: str) -> str:
    """The text of the template `storage`, `lambda`, `leases` or `vm`."""
    return (files("cloudformation") / f"{name}.yaml").read_text()


@cache
def content(text: str) -> Mapping[str, Any]:
    """What a template says, with the functions of CloudFormation as text: `!Ref X` is `Ref X`.

    One over a list is a list that begins with its name, one over a mapping a mapping from its name.

    Raises:
        UsageError: it is not YAML.
    """
    try:
        read: Mapping[str, Any] = yaml.load(text, _Loader)  # noqa: S506  # made of the safe one
    except yaml.YAMLError as error:
        raise UsageError(f"Template format error: {error}", remedy=REMEDY) from error
    return read


def parameter_names(text: str) -> set[str]:
    """The names of a template's parameters."""
    return set(content(text).get("Parameters", {}))


def parameter_default(text: str, name: str) -> str:
    """What a parameter of a template is if nobody says otherwise."""
    return str(content(text)["Parameters"][name]["Default"])


def output_names(*texts: str) -> set[str]:
    """The names of what templates give out."""
    return {name for text in texts for name in content(text).get("Outputs", {})}


def resource_types(text: str) -> list[tuple[str, str]]:
    """The logical names of a template's resources and their types, by name."""
    return sorted((name, resource["Type"]) for name, resource in content(text)["Resources"].items())


def declared(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """What of all that is known is a parameter of a template."""
    names = parameter_names(text)
    return {name: value for name, value in known.items() if name in names}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's own tags."""


def _function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return f"{name} {node.value}"
    if isinstance(node, yaml.SequenceNode):
        return [name, *loader.construct_sequence(node, deep=True)]
    assert isinstance(node, yaml.MappingNode)  # noqa: S101  # there are no other nodes
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)
