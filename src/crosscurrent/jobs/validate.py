"""Check raw tables against the structs of `schema`, with messages that name the key's path and the nearest valid key.

The structs are the only description of a job: this walks their types, so a new key needs no line here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from crosscurrent.jobs.quantities import describe, nearest, parse_quantity
from crosscurrent.units import InputError

T = TypeVar("T")

#: Keys of [model] that say which kind of model it is, each the tag of its table.
NAMING_KEYS = ("material", "metal", "local_mode", "effective_hamiltonian", "phonopy")


def convert(raw: object, target: type[T], source: str = "") -> T:
    """Raw tables, lists and scalars -> struct; texts with units become numbers.

    source: name of the file, put before the key in messages. Raises InputError.
    """

    def locate(path: str) -> str:
        return f"{source}: {path}" if source and path else source or path

    clean = _walk(inspect.type_info(target), raw, "", locate)
    try:
        return msgspec.convert(clean, target)
    except msgspec.ValidationError as error:  # the walk has said it better, if the two agree on the types
        raise InputError(str(error), where=source) from error


Locate = Callable[[str], str]


def _walk(node: inspect.Type, raw: object, path: str, locate: Locate) -> Any:
    if isinstance(node, inspect.Metadata):
        extra = node.extra or {}
        if "quantity" in extra:
            value = parse_quantity(raw, extra["quantity"], locate(path), extra.get("unit"))
            _bounds(node.type, value, raw, path, locate)
            return value
        return _walk(node.type, _with_tag(node.type, extra.get("tag"), raw), path, locate)
    if isinstance(node, inspect.StructType):
        return _struct(node, raw, path, locate)
    if isinstance(node, inspect.UnionType):
        return _union(node, raw, path, locate)
    if isinstance(node, (inspect.VarTupleType, inspect.TupleType)):
        return _items(node, raw, path, locate)
    if isinstance(node, inspect.DictType):
        if not isinstance(raw, dict):
            raise InputError(f"expected a table, got {describe(raw)}", where=locate(path))
        return {k: _walk(node.value_type, v, _join(path, str(k)), locate) for k, v in raw.items()}
    if isinstance(node, inspect.LiteralType):
        return _literal(node, raw, path, locate)
    if isinstance(node, inspect.AnyType):
        return raw
    return _scalar(node, raw, path, locate)


def _struct(node: inspect.StructType, raw: object, path: str, locate: Locate) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise InputError(f"expected a table, got {describe(raw)}", where=locate(path))
    fields = {f.encode_name: f for f in node.fields}
    names = [node.tag_field, *fields] if node.tag_field else list(fields)
    for key in raw:
        if key not in names:
            raise InputError(
                f"unknown key{nearest(str(key), names)}",
                where=locate(_join(path, str(key))),
                fix="valid keys here: " + ", ".join(names),
            )
    for key, field in fields.items():
        if field.required and key not in raw:
            raise InputError("this key is required", where=locate(_join(path, key)), fix=_example(field, key))
    clean = {k: _walk(fields[k].type, v, _join(path, k), locate) for k, v in raw.items() if k in fields}
    return {node.tag_field: node.tag, **clean} if node.tag_field else clean


def _union(node: inspect.UnionType, raw: object, path: str, locate: Locate) -> Any:
    options = [t for t in node.types if not isinstance(t, inspect.NoneType)]
    if raw is None and len(options) < len(node.types):
        return None
    structs = [t for t in options if isinstance(t, inspect.StructType)]
    if structs and isinstance(raw, dict):
        return _walk(_tagged(structs, raw, path, locate), raw, path, locate)
    if structs and len(structs) == len(options):
        raise InputError(f"expected a table, got {describe(raw)}", where=locate(path))
    lists = [t for t in options if isinstance(t, (inspect.VarTupleType, inspect.TupleType))]
    if lists and isinstance(raw, (list, tuple)):
        return _walk(lists[0], raw, path, locate)
    tables = [t for t in options if isinstance(t, inspect.DictType)]
    if tables and isinstance(raw, dict):
        return _walk(tables[0], raw, path, locate)
    scalars = [t for t in options if t not in structs and t not in lists and t not in tables]
    if isinstance(raw, str):
        scalars.sort(key=lambda t: not isinstance(t, inspect.StrType))
    return _walk((scalars or options)[0], raw, path, locate)


def _with_tag(node: inspect.Type, default: object, raw: object) -> object:
    """A table that may go without its tag: one of its keys is the name of a tag, or else it is the default."""
    if default is None or not isinstance(raw, dict) or not isinstance(node, inspect.UnionType):
        return raw
    structs = [t for t in node.types if isinstance(t, inspect.StructType)]
    field = next(t.tag_field for t in structs)
    if field is None or field in raw:
        return raw
    return {field: next((t.tag for t in structs if t.tag in raw), default), **raw}


def _tagged(structs: list[inspect.StructType], raw: dict[str, Any], path: str, locate: Locate) -> inspect.StructType:
    """The struct that the table's tag names; [model] needs none when one of its keys is the name of a tag."""
    field = structs[0].tag_field
    if field is None:
        return structs[0]
    tags = {str(s.tag): s for s in structs}
    named = next((tag for tag in NAMING_KEYS if tag in raw and tag in tags), None)
    if field not in raw and named is not None:
        return tags[named]
    if field not in raw:
        everywhere = [field, *dict.fromkeys(f.encode_name for s in structs for f in s.fields)]
        for key in raw:
            if key not in everywhere:
                raise InputError(f"unknown key{nearest(str(key), everywhere)}", where=locate(_join(path, str(key))))
        raise InputError(
            "this key is required", where=locate(_join(path, field)), fix="choose one of " + ", ".join(tags)
        )
    tag = raw[field]
    if not isinstance(tag, str) or tag not in tags:
        hint = nearest(tag, tags) if isinstance(tag, str) else ""
        raise InputError(
            f"{describe(tag)} is not known{hint}",
            where=locate(_join(path, field)),
            fix="choose one of " + ", ".join(tags),
        )
    return tags[tag]


def _items(node: inspect.VarTupleType | inspect.TupleType, raw: object, path: str, locate: Locate) -> tuple[Any, ...]:
    if not isinstance(raw, (list, tuple)):
        raise InputError(f"expected a list, got {describe(raw)}", where=locate(path))
    if not raw:
        raise InputError("this list is empty", where=locate(path), fix="give at least one entry, or drop the key")
    if isinstance(node, inspect.TupleType):
        if len(raw) != len(node.item_types):
            raise InputError(f"expected {len(node.item_types)} entries, got {len(raw)}", where=locate(path))
        types = list(node.item_types)
    else:
        types = [node.item_type] * len(raw)
    return tuple(_walk(t, v, f"{path}[{i}]", locate) for i, (t, v) in enumerate(zip(types, raw, strict=True)))


def _literal(node: inspect.LiteralType, raw: object, path: str, locate: Locate) -> Any:
    if raw in node.values and not isinstance(raw, bool):
        return raw
    words = [str(v) for v in node.values]
    hint = nearest(raw, words) if isinstance(raw, str) else ""
    raise InputError(f"{describe(raw)} is not known{hint}", where=locate(path), fix="choose one of " + ", ".join(words))


def _scalar(node: inspect.Type, raw: object, path: str, locate: Locate) -> Any:
    if isinstance(node, inspect.BoolType):
        good, word = isinstance(raw, bool), "true or false"
    elif isinstance(node, inspect.StrType):
        good, word = isinstance(raw, str), "a text"
    elif isinstance(node, inspect.IntType):
        good, word = isinstance(raw, int) and not isinstance(raw, bool), "a whole number"
    else:
        good, word = isinstance(raw, (int, float)) and not isinstance(raw, bool), "a number"
    if not good:
        raise InputError(f"expected {word}, got {describe(raw)}", where=locate(path))
    if isinstance(raw, float) and not math.isfinite(raw):
        raise InputError(f"{raw} is not a finite number", where=locate(path))
    _bounds(node, raw, raw, path, locate)
    return float(raw) if isinstance(node, inspect.FloatType) and isinstance(raw, int) else raw


def _bounds(node: inspect.Type, value: object, raw: object, path: str, locate: Locate) -> None:
    if not isinstance(node, (inspect.IntType, inspect.FloatType)) or not isinstance(value, (int, float)):
        return
    if node.ge is not None and value < node.ge:
        raise InputError(f"must be {node.ge} or more, got {describe(raw)}", where=locate(path))
    if node.gt is not None and value <= node.gt:
        raise InputError(f"must be above {node.gt}, got {describe(raw)}", where=locate(path))
    if node.le is not None and value > node.le:
        raise InputError(f"must be {node.le} or less, got {describe(raw)}", where=locate(path))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _example(field: inspect.Field, key: str) -> str:
    if isinstance(field.type, inspect.LiteralType):
        return f"add {key} = one of " + ", ".join(f'"{v}"' for v in field.type.values)
    structs = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
    table = isinstance(structs[0], inspect.StructType)
    return f"add a table [{key}]" if table else f"add {key} = <value>"
