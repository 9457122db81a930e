# Copyright (c) 2026, the azureml.compute authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The functions of ARM's template language that depend on nothing but their arguments.

Source: Microsoft's reference pages "Array / Comparison / Logical / Numeric / Object / String functions for ARM templates";
each function does what its page says, and the pages' examples are the tests. Functions that look at the deployment
(parameters, resourceId, reference, ...) stand in `templates/context.py`.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urljoin

from azureml_simulator import relaxed_json
from azureml_simulator.templates.expression import NotSimulatedError, TemplateError
from azureml_simulator.templates.hashes import guid, unique_string

_FORMAT_ITEM = re.compile(r"\{\{|\}\}|\{(\d+)(?::([^{}]*))?\}")
_DURATION = re.compile(
    r"-?P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
# Of range(), by its reference.
_MOST_ITEMS = 10000
_FORMAT_NUMBER = re.compile(r"([NnDd])(\d*)")


def invalid(function: str, message: str) -> TemplateError:
    return TemplateError(
        f"Unable to evaluate template language function '{function}': {message} "
        "Please see https://aka.ms/arm-template-expressions for usage details."
    )


def to_text(value: Any) -> str:
    """What `string()` and `concat()` make of a value; true and false are spelled as .NET spells them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "True" if value else "False"
    if value is None:
        return ""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values: case matters, and a boolean is not a number."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


def find_key(mapping: dict[str, Any], key: str) -> str | None:
    """The mapping's own spelling of a key: property names ignore case in ARM."""
    if key in mapping:
        return key
    return next((name for name in mapping if name.lower() == key.lower()), None)


def _concat(*values: Any) -> Any:
    if values and all(isinstance(value, list) for value in values):
        return [item for value in values for item in value]
    if any(isinstance(value, (list, dict)) for value in values):
        raise invalid("concat", "all arguments must be of the same type, strings or arrays.")
    return "".join(map(to_text, values))


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _length(value: Any) -> int:
    if not isinstance(value, (str, list, dict)):
        raise invalid("length", "the argument must be an array, an object or a string.")
    return len(value)


def _contains(container: Any, item: Any) -> bool:
    if isinstance(container, dict):
        return find_key(container, to_text(item)) is not None
    if isinstance(container, list):
        return any(same(item, member) for member in container)
    return to_text(item) in container


def _json(text: str) -> Any:
    try:
        return relaxed_json.loads(text)
    except ValueError:
        raise invalid("json", f"the argument '{text}' is not valid JSON.") from None


def to_bool(value: Any) -> bool:
    if isinstance(value, str):
        if value.lower() in ("true", "1"):
            return True
        if value.lower() in ("false", "0"):
            return False
        raise invalid("bool", f"the value '{value}' cannot be converted.")
    return bool(value)


def _int(value: Any) -> int:
    """Of a number or a text of digits; Python's own conversion takes more, as `1_000`."""
    if is_integer(value):
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        return int(value)
    raise invalid("int", f"the value '{to_text(value)}' cannot be converted.")


def is_integer(value: Any) -> bool:
    """Whether a value is an integer; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _of_integers(name: str, calculate: Callable[[int, int], Any]) -> Callable[[Any, Any], Any]:
    def calculated(left: Any, right: Any) -> Any:
        if not (is_integer(left) and is_integer(right)):
            raise invalid(name, "both arguments must be integers.")
        return calculate(left, right)

    return calculated


def _range(start: int, count: int) -> list[int]:
    if not 0 <= count <= _MOST_ITEMS:
        raise invalid("range", f"the count must be between 0 and {_MOST_ITEMS}.")
    return list(range(start, start + count))


def _substring(text: str, start: int, length: int | None = None) -> str:
    end = len(text) if length is None else start + length
    if start < 0 or end < start or end > len(text):
        raise invalid("substring", "the index and length parameters must refer to a location within the string.")
    return text[start:end]


def _split(text: str, delimiters: Any) -> list[str]:
    choices = delimiters if isinstance(delimiters, list) else [delimiters]
    return re.split("|".join(re.escape(choice) for choice in choices), text)


def _edge(index: int) -> Callable[[Any], Any]:
    def edge(value: Any) -> Any:
        if len(value) == 0:
            return "" if isinstance(value, str) else None
        return value[index]

    return edge


def _union(*values: Any) -> Any:
    if all(isinstance(value, dict) for value in values):
        merged: dict[str, Any] = {}
        for value in values:
            _merge(merged, value)
        return merged
    if not all(isinstance(value, list) for value in values):
        raise invalid("union", "all arguments must be arrays or all must be objects.")
    result: list[Any] = []
    for item in (item for value in values for item in value):
        if not any(same(item, known) for known in result):
            result.append(item)
    return result


def _merge(target: dict[str, Any], source: dict[str, Any]) -> None:
    for name, value in source.items():
        key = find_key(target, name) or name
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            inner = dict(target[key])
            _merge(inner, value)
            target[key] = inner
        else:
            target[key] = value


def _intersection(first: Any, *others: Any) -> Any:
    if isinstance(first, dict):
        return {
            key: value
            for key, value in first.items()
            if all(key in other and same(value, other[key]) for other in others)
        }
    return [item for item in first if all(any(same(item, member) for member in other) for other in others)]


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise invalid("div", "the divisor must not be zero.")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _create_object(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise invalid("createObject", "the number of arguments must be even.")
    return dict(zip(pairs[::2], pairs[1::2]))


def _format(pattern: str, *values: Any) -> str:
    def item(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)[0]
        index = int(match.group(1))
        if index >= len(values):
            raise invalid("format", "the index of an argument is outside the list of arguments.")
        return _formatted(values[index], match.group(2))

    return _FORMAT_ITEM.sub(item, pattern)


def _formatted(value: Any, style: str | None) -> str:
    if not style:
        return to_text(value)
    number = _FORMAT_NUMBER.fullmatch(style)
    if number is None or isinstance(value, bool) or not isinstance(value, int):
        raise NotSimulatedError(f"the template function format() with the format string '{style}'")
    if number.group(1).upper() == "N":
        return f"{value:,.{int(number.group(2) or 2)}f}"
    return f"{value:0{int(number.group(2) or 1)}d}"


def _pad_left(value: Any, width: int, filler: str = " ") -> str:
    return to_text(value).rjust(width, filler)


def _items(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted(value)]


def _try_get(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            actual = find_key(value, key)
            value = value[actual] if actual is not None else None
        elif isinstance(value, list) and isinstance(key, int):
            value = value[key] if 0 <= key < len(value) else None
        else:
            return None
    return value


def _compare(name: str, test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if isinstance(left, bool) or type(left) is not type(right) or not isinstance(left, (int, str)):
            raise invalid(name, "both arguments must be integers or both must be strings.")
        return test(_order(left), _order(right))

    return compare


def _order(value: Any) -> Any:
    """Strings order as in .NET's invariant culture: without case first, then small letters before capitals."""
    return (value.lower(), value.swapcase()) if isinstance(value, str) else value


def _spread(values: tuple[Any, ...]) -> list[Any]:
    return values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)


def _flatten(values: list[Any]) -> list[Any]:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _at_end(name: str) -> Callable[[Any, int], Any]:
    """indexFromEnd and tryIndexFromEnd, which count from 1."""

    def at_end(values: list[Any], index: int) -> Any:
        if 1 <= index <= len(values):
            return values[-index]
        if name == "tryIndexFromEnd":
            return None
        raise invalid(name, f"the index '{index}' is out of bounds.")

    return at_end


def _fail(message: str) -> Any:
    raise TemplateError(f"{message}", code="InvalidTemplate")


def _shallow_merge(values: list[dict[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for value in values:
        merged |= value
    return merged


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _date_time_add(base: str, duration: str, style: str | None = None) -> str:
    if style is not None:
        raise NotSimulatedError("the template function dateTimeAdd() with a format")
    match = _DURATION.fullmatch(duration)
    if match is None or duration.lstrip("-") in ("P", "PT"):
        raise invalid("dateTimeAdd", f"the duration '{duration}' is not valid.")
    if match["years"] or match["months"]:
        raise NotSimulatedError("the template function dateTimeAdd() with years or months")
    parts = {name: float(match[name] or 0) for name in ("weeks", "days", "hours", "minutes", "seconds")}
    step = timedelta(**parts)
    moment = _moment(base) + (-step if duration.startswith("-") else step)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _network(function: str, text: str) -> Any:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise invalid(function, f"'{text}' is not a network in CIDR notation.") from error


def _parse_cidr(text: str) -> dict[str, Any]:
    network = _network("parseCidr", text)
    parts = {"network": str(network.network_address), "netmask": str(network.netmask)}
    if network.version == 4:
        parts["broadcast"] = str(network.broadcast_address)
        plain = network.prefixlen >= 31
        parts["firstUsable"] = str(network.network_address if plain else network.network_address + 1)
        parts["lastUsable"] = str(network.broadcast_address if plain else network.broadcast_address - 1)
    else:
        parts |= {"firstUsable": str(network.network_address), "lastUsable": str(network.broadcast_address)}
    return {**parts, "cidr": network.prefixlen}


def _cidr_subnet(text: str, prefix: int, index: int) -> str:
    network = _network("cidrSubnet", text)
    if not network.prefixlen <= prefix <= network.max_prefixlen or not 0 <= index < 2 ** (prefix - network.prefixlen):
        raise invalid("cidrSubnet", "the new prefix or the index does not fit.")
    first = network.network_address + index * 2 ** (network.max_prefixlen - prefix)
    return f"{first}/{prefix}"


def _cidr_host(text: str, index: int) -> str:
    network = _network("cidrHost", text)
    if not 0 <= index < network.num_addresses - 1:
        raise invalid("cidrHost", "the index does not fit.")
    return str(network.network_address + index + 1)


PURE: dict[str, Callable[..., Any]] = {
    "add": _of_integers("add", lambda left, right: left + right),
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64tojson": lambda text: _json(base64.b64decode(text).decode()),
    "base64tostring": lambda text: base64.b64decode(text).decode(),
    "bool": to_bool,
    "cidrhost": _cidr_host,
    "cidrsubnet": _cidr_subnet,
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *values: list(values),
    "createobject": _create_object,
    "datauri": lambda text: f"data:text/plain;charset=utf8;base64,{base64.b64encode(text.encode()).decode()}",
    "datauritostring": lambda text: base64.b64decode(text.partition(",")[2]).decode(),
    "datetimeadd": _date_time_add,
    "datetimefromepoch": lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "datetimetoepoch": lambda text: int(_moment(text).timestamp()),
    "div": _of_integers("div", _divide),
    "empty": _empty,
    "endswith": lambda text, part: text.lower().endswith(part.lower()),
    "equals": same,
    "false": lambda: False,
    "fail": _fail,
    "first": _edge(0),
    "flatten": _flatten,
    "format": _format,
    "greater": _compare("greater", lambda left, right: left > right),
    "greaterorequals": _compare("greaterOrEquals", lambda left, right: left >= right),
    "guid": lambda *values: guid(*map(to_text, values)),
    "indexfromend": _at_end("indexFromEnd"),
    "indexof": lambda value, item: (
        value.lower().find(item.lower())
        if isinstance(value, str)
        else next((index for index, member in enumerate(value) if same(member, item)), -1)
    ),
    "int": _int,
    "intersection": _intersection,
    "items": _items,
    "join": lambda values, delimiter: delimiter.join(map(to_text, values)),
    "json": _json,
    "last": _edge(-1),
    "lastindexof": lambda text, part: text.lower().rfind(part.lower()),
    "length": _length,
    "less": _compare("less", lambda left, right: left < right),
    "lessorequals": _compare("lessOrEquals", lambda left, right: left <= right),
    "max": lambda *values: max(_spread(values)),
    "min": lambda *values: min(_spread(values)),
    "mod": _of_integers("mod", lambda left, right: left - _divide(left, right) * right),
    "mul": _of_integers("mul", lambda left, right: left * right),
    "not": lambda value: not to_bool(value),
    "null": lambda: None,
    "objectkeys": sorted,
    "padleft": _pad_left,
    "parsecidr": _parse_cidr,
    "range": _of_integers("range", _range),
    "replace": lambda text, old, new: text.replace(old, new),
    "shallowmerge": _shallow_merge,
    "skip": lambda value, count: value[max(count, 0) :],
    "split": _split,
    "startswith": lambda text, part: text.lower().startswith(part.lower()),
    "string": to_text,
    "sub": _of_integers("sub", lambda left, right: left - right),
    "substring": _substring,
    "take": lambda value, count: value[: max(count, 0)],
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "tryget": _try_get,
    "tryindexfromend": _at_end("tryIndexFromEnd"),
    "union": _union,
    "uniquestring": lambda *values: unique_string(*map(to_text, values)),
    "uri": urljoin,
    "uricomponent": lambda text: quote(text, safe="-_.!~*'()"),
    "uricomponenttostring": unquote,
}
