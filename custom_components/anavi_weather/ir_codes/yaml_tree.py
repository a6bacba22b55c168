"""YAML files as a tree of texts, which are untrusted.

Only the parser's events are used, so that no tag creates an object, no alias multiplies, and no depth exhausts the stack.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from .command import CodeError
from .text import excerpt

MAX_DEPTH = 64
MAX_NODES = 1_000_000

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Node:
    """A scalar, a list, or a mapping, whose children are keys and values in turn."""

    tag: str = ""
    value: str = ""  # of a scalar
    is_mapping: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def entries(self) -> Iterator[tuple[str, Node]]:
        """The keys and values of a mapping."""
        if self.is_mapping:
            for key, value in zip(self.children[::2], self.children[1::2], strict=True):
                yield key.value, value

    def get(self, key: str) -> Node | None:
        """Return the value of a mapping's key, or None if there is none."""
        return next((value for name, value in self.entries if name == key), None)


def load_yaml(text: str) -> Node:
    """Return the first document of a file. Aliases are empty nodes.

    Raises:
        CodeError: if the file is not YAML, or too large.
    """
    try:
        return _tree(text)
    except yaml.MarkedYAMLError as err:
        line = err.problem_mark.line + 1 if err.problem_mark else 1
        raise CodeError("yaml_invalid", line=line, reason=excerpt(str(err.problem))) from err
    except yaml.YAMLError as err:  # an unprintable character
        raise CodeError("yaml_invalid", line=1, reason=excerpt(str(err))) from err


def _tree(text: str) -> Node:
    document = Node()
    open_nodes = [document]
    nodes_left = MAX_NODES
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentEndEvent):
            break
        if isinstance(event, yaml.CollectionEndEvent):
            open_nodes.pop()
        elif isinstance(event, yaml.NodeEvent):
            nodes_left -= 1
            if nodes_left < 0 or len(open_nodes) > MAX_DEPTH:
                raise CodeError("yaml_too_large")
            node = Node(getattr(event, "tag", None) or "", getattr(event, "value", ""))
            open_nodes[-1].children.append(node)
            if isinstance(event, yaml.CollectionStartEvent):
                node.is_mapping = isinstance(event, yaml.MappingStartEvent)
                open_nodes.append(node)
    return document.children[0] if document.children else document
