"""YAML files of plain values: texts, numbers, true and false, lists and mappings, and nothing else.

Read by the core schema of YAML 1.2, which has none of the surprises of 1.1: `no` and `on` are texts, `20:30`
is no number, `1e3` is one, a date stays as it is written. Nothing in a file is executed or constructed: the
parsed nodes are turned into Python values one by one. Aliases, tags, repeated keys and deep nesting are
refused.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from simlib.params import ParamError

MAX_BYTES = 200_000
MAX_DEPTH = 20

_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
                    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_NULL = re.compile(r"~|null|Null|NULL|")


class _Refused(Exception):
    """Something a scenario file may not hold: `what` is wrong in line `line`, and the `cure`."""

    def __init__(self, mark, what: str, cure: str):
        super().__init__(what)
        self.line, self.what, self.cure = mark.line + 1, what, cure


class _Nodes(yaml.SafeLoader):
    """Parses into nodes, with the 1.2 rules for what a bare word is."""

    yaml_implicit_resolvers: dict = {}
    depth = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(event.start_mark, f"there is the alias *{event.anchor}", "write its values out")
        if self.depth >= MAX_DEPTH:
            raise _Refused(event.start_mark, f"the values are nested more than {MAX_DEPTH} deep",
                           "check the brackets and the indentation")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _kind, _pattern, _first in (("null", _NULL, ["~", "n", "N", ""]), ("bool", _BOOL, "tTfF"),
                                ("int", _INT, "-+0123456789"), ("float", _FLOAT, "-+.0123456789")):
    _Nodes.add_implicit_resolver(_TAG + _kind, re.compile(f"(?:{_pattern.pattern})$"), list(_first))


def _number(text: str) -> int | float:
    """A whole number of ordinary size as int, anything else as float (infinite when too large)."""
    if _INT.fullmatch(text) and len(text) <= 18:
        return int(text)
    return float(re.sub(r"\.(inf|nan)", r"\1", text.lower()))


def _scalar(node):
    kind, text = node.tag.removeprefix(_TAG), node.value
    if kind == "str":
        return text
    if kind == "null" and _NULL.fullmatch(text):
        return None
    if kind == "bool" and _BOOL.fullmatch(text):
        return text.lower() == "true"
    if kind in ("int", "float") and _FLOAT.fullmatch(text):
        return _number(text)
    raise _tagged(node)


def _tagged(node) -> _Refused:
    tag = node.tag.replace(_TAG, "!!")
    return _Refused(node.start_mark, f"there is the tag {tag}",
                    "remove it; a scenario file holds plain texts, numbers and lists only, and runs no code")


def _plain(node):
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        if node.tag != _TAG + "seq":
            raise _tagged(node)
        return [_plain(entry) for entry in node.value]
    if node.tag != _TAG + "map":
        raise _tagged(node)
    values, lines = {}, {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            raise _Refused(key.start_mark, "the name of a field is missing or is a list",
                           "write it as one word before the colon")
        if key.value in values:
            raise _Refused(key.start_mark, f"{key.value!r} is there twice, first in line {lines[key.value]}",
                           "keep one of the two")
        values[key.value], lines[key.value] = _plain(value), key.start_mark.line + 1
    return values


def parse(text: str, where: str):
    """The values in a YAML text: dicts with text keys, lists, str, int, float, bool, None.

    `where` names the file in errors. Raises ParamError, one sentence with file, line and cure.
    """
    loader = None
    try:
        loader = _Nodes(text)
        node = loader.get_single_node()
        return None if node is None else _plain(node)
    except _Refused as refused:
        raise ParamError(f"{where}, line {refused.line}: {refused.what}; {refused.cure}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ParamError(f"{where}, line {line}: there is an unprintable character (number "
                         f"{error.character:d}); save the file as plain UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = " ".join(str(error.problem or error.context).split())
        raise ParamError(f"{where}, line {mark.line + 1}: this is not YAML ({problem}); check colons, "
                         "brackets, quotes and the indentation, which needs spaces.") from None
    finally:
        if loader:
            loader.dispose()


def read(path: Path):
    """The values in a YAML file (see `parse`); FileNotFoundError when there is none, else ParamError."""
    if path.is_dir():
        raise ParamError(f"{path} is a folder, not a scenario; name the YAML file in it.")
    if path.exists() and not path.is_file():
        raise ParamError(f"{path} is not a file; give a YAML file saved as UTF-8.")
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise ParamError(f"{path} cannot be read ({problem}); check the path and who may read it.") from None
    if len(content) > MAX_BYTES:
        raise ParamError(f"{path} is larger than {MAX_BYTES:,} bytes, too large for a scenario; give a "
                         "scenario file, and keep a trace in a CSV file of its own.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ParamError(f"{path}, line {line}: this is not UTF-8 text; save the file as UTF-8.") from None
    return parse(text, str(path))
