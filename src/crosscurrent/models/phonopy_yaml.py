"""The part of YAML that phonopy writes: maps, lists, numbers and strings, and nothing that could be executed.

A phonopy file is a map of sections. Each section is read on its own, and only when it is asked for, so that sections
of other calculators are not in the way. Anchors, tags, aliases, block text and several documents in a file are
refused: phonopy writes none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from crosscurrent.units import InputError

Value: TypeAlias = "int | float | str | list[Value] | dict[str, Value] | None"

#: Nesting beyond this is no phonopy file but an attempt to exhaust the stack.
_DEEPEST = 12
_SECTION = re.compile(r"(?P<key>[A-Za-z_][\w-]*+)\s*+:(?:\s|$)")
#: Words with blanks between them; written so that a long row of blanks is looked at once.
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w.-]*+(?: ++[\w.-]++)*+)\s*+:(?:\s+|$)")
#: Brackets and commas, and what stands between them.
_TOKEN = re.compile(r"[\[\],]|[^\[\],]+")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_REAL = re.compile(r"[+-]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d{1,3})?")
#: What a plain scalar may not begin with: YAML gives these a meaning that is not read here.
_REFUSED = ("&", "*", "!", "|", ">", "%", "@", "`", "{", "?")


class _Line(NamedTuple):
    indent: int
    text: str
    number: int


def parse_sections(text: str, wanted: Iterable[str], path: str) -> dict[str, Value]:
    """The wanted top-level sections that the file has. Numbers become int or float, all else strings.

    Raises InputError, naming the line, for a section given twice and for what is not this part of YAML.
    """
    return {key: _Parser(lines, path).value() for key, lines in _sections(text, set(wanted), path).items()}


def section_names(text: str, path: str) -> list[str]:
    """The keys at the left margin, in order, without reading what belongs to them."""
    names = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in ("", " ", "-", "#", "\t") or line.rstrip() in ("---", "..."):
            continue
        match = _SECTION.match(line)
        if match is None:
            raise InputError(
                f"'{line[:40]}' is not a section of a phonopy file",
                where=f"{path}, line {number}",
                fix="give phonopy_params.yaml or phonopy.yaml as phonopy writes it",
            )
        names.append(match["key"])
    return names


def _sections(text: str, wanted: set[str], path: str) -> Mapping[str, list[_Line]]:
    """The lines of each wanted section; its first line is what stands after the colon."""
    section_names(text, path)  # refuses what is not a map of sections before anything is read
    found: dict[str, list[_Line]] = {}
    current: list[_Line] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        body = _uncommented(raw)
        if not body.strip() or body in ("---", "..."):
            continue
        if "\t" in body[: len(body) - len(body.lstrip())]:
            raise InputError("is indented with a tab", where=f"{path}, line {number}", fix="indent with spaces")
        match = _SECTION.match(body)
        if match is None:
            if current is not None:
                current.append(_Line(len(body) - len(body.lstrip()), body.strip(), number))
            continue
        key = match["key"]
        if key in found:
            raise InputError(f"section '{key}' stands twice", where=f"{path}, line {number}", fix="keep one of them")
        current = None
        if key in wanted:
            current = found[key] = []
            rest = body[match.end() :].strip()
            if rest:
                current.append(_Line(1, rest, number))
    return found


def _uncommented(line: str) -> str:
    """The line without its comment; a # inside quotes or within a word is none."""
    if "#" not in line:
        return line.rstrip()
    quote = ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char == "#" and (at == 0 or line[at - 1] in " \t"):
            return line[:at].rstrip()
    return line.rstrip()


class _Parser:
    """Recursive descent over the lines of one section."""

    def __init__(self, lines: list[_Line], path: str) -> None:
        self.lines, self.path, self.at = lines, path, 0

    def value(self) -> Value:
        """The whole section; None where nothing stands below its key."""
        if not self.lines:
            return None
        value = self._block(self.lines[0].indent, 0)
        if self.at < len(self.lines):
            raise self._refusal("is indented out of line", self.lines[self.at])
        return value

    def _refusal(self, what: str, line: _Line) -> InputError:
        return InputError(
            f"'{line.text[:40]}' {what}",
            where=f"{self.path}, line {line.number}",
            fix="give the file as phonopy writes it",
        )

    def _block(self, indent: int, depth: int) -> Value:
        line = self.lines[self.at]
        if depth > _DEEPEST:
            raise self._refusal("is nested too deeply", line)
        if line.text == "-" or line.text.startswith("- "):
            return self._sequence(indent, depth)
        if line.text[0] not in "[\"'" and _KEY.match(line.text):
            return self._mapping(indent, depth)
        self.at += 1
        return self._inline(line)

    def _sequence(self, indent: int, depth: int) -> list[Value]:
        items: list[Value] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.indent != indent or not (line.text == "-" or line.text.startswith("- ")):
                break
            rest = line.text[1:].lstrip()
            if rest:
                # what follows the dash is a block of its own, indented to where it stands
                inner = indent + len(line.text) - len(rest)
                self.lines[self.at] = _Line(inner, rest, line.number)
                items.append(self._block(inner, depth + 1))
            else:
                self.at += 1
                items.append(self._below(indent, depth))
        self._no_deeper(indent)
        return items

    def _mapping(self, indent: int, depth: int) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        while self.at < len(self.lines) and self.lines[self.at].indent == indent:
            line = self.lines[self.at]
            match = _KEY.match(line.text)
            if match is None:
                break
            key = match["key"]
            if key in entries:
                raise self._refusal("names a key that its map already has", line)
            rest = line.text[match.end() :].strip()
            if rest:
                self.lines[self.at] = _Line(indent + 1, rest, line.number)
                self.at += 1
                entries[key] = self._inline(self.lines[self.at - 1])
            else:
                self.at += 1
                entries[key] = self._below(indent, depth, sequence_level=True)
        self._no_deeper(indent)
        return entries

    def _below(self, indent: int, depth: int, *, sequence_level: bool = False) -> Value:
        """The block under a key or a dash. A list may stand at the same level as its key."""
        if self.at >= len(self.lines):
            return None
        line = self.lines[self.at]
        level = sequence_level and line.indent == indent and (line.text == "-" or line.text.startswith("- "))
        if line.indent > indent or level:
            return self._block(line.indent, depth + 1)
        return None

    def _no_deeper(self, indent: int) -> None:
        if self.at < len(self.lines) and self.lines[self.at].indent > indent:
            raise self._refusal("is indented out of line", self.lines[self.at])

    def _inline(self, line: _Line) -> Value:
        """A scalar, or a list in brackets, which may run over several lines."""
        if not line.text.startswith("["):
            return self._scalar(line.text, line)
        parts = [line.text]
        still_open = line.text.count("[") - line.text.count("]")
        while still_open > 0 and self.at < len(self.lines):
            parts.append(self.lines[self.at].text)
            still_open += parts[-1].count("[") - parts[-1].count("]")
            self.at += 1
        return self._brackets(" ".join(parts), line)[0]

    def _brackets(self, text: str, line: _Line) -> list[Value]:
        """The nested lists of a text that begins with a bracket."""
        whole: list[Value] = []
        lists = [whole]  # those that are open, the innermost last; the first holds the result
        complete = False  # whether an item has just ended, so that a comma or a bracket has to follow
        for token in filter(None, (part.strip() for part in _TOKEN.findall(text))):
            if len(lists) == 1 and whole:
                raise self._refusal("goes on after its closing bracket", line)
            if token not in ("]", ",") and complete:
                raise self._refusal("lacks a comma", line)
            if token == "," and not complete:
                raise self._refusal("has a comma without an item before it", line)
            if token == "[":
                if len(lists) > _DEEPEST:
                    raise self._refusal("is nested too deeply", line)
                inner: list[Value] = []
                lists[-1].append(inner)
                lists.append(inner)
            elif token == "]":
                lists.pop()
            elif token != ",":
                lists[-1].append(self._scalar(token, line))
            complete = token not in ("[", ",")
        if len(lists) > 1:
            raise self._refusal("is a list that is not closed", line)
        return whole

    def _scalar(self, text: str, line: _Line) -> Value:
        if _INTEGER.fullmatch(text):
            return int(text)
        if _REAL.fullmatch(text):
            return float(text)
        if text in ("~", "null"):
            return None
        if text[:1] in ("'", '"'):
            if len(text) < 2 or text[-1] != text[0] or text[0] in text[1:-1] or "\\" in text:
                raise self._refusal("is not a plain quoted text", line)
            return text[1:-1]
        if not text or text.startswith(_REFUSED):
            raise self._refusal("is YAML that phonopy does not write", line)
        return text
