"""Checking a chain's definition: every mistake with its place and the right word beside it.

One check for `trona chain check`, for `trona doctor` and for loading; it reads text and looks up nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.chain_faults import ChainFault, Path, find_line, find_lines, name_place, show, suggest
from contracts.chain_keys import KEYS
from contracts.chain_values import CHECKS, Rules, check_segment_thresholds, check_thresholds
from contracts.text import fold_name
from contracts.toml_text import TomlBroken, parse_toml

_LISTS = {"segments": "segment", "products": "product", "links": "link"}
Faults = Iterator[ChainFault]


def check_chain(text: str, rules: Rules | None = None) -> list[ChainFault]:
    """Every mistake of a definition, in the order of the file.

    `rules` gives the names of the thresholds by rule; without it, names of rules and thresholds are not checked, only
    their values. What is out of date and stops nothing is a note (`is_note`).
    """
    try:
        data = parse_toml(text)
    except TomlBroken as error:
        return [ChainFault((), "the file is not TOML", str(error), "mend that line: see docs/chains.md")]
    faults = [*_check_table(data, (), "", rules), *_check_segments(data), *_check_links(data)]
    lines = find_lines(text)
    placed = [replace(f, place=name_place(f.path, data), line=find_line(f.path, lines)) for f in faults]
    return sorted(placed, key=lambda f: f.line)


def _check_table(data: Mapping[str, Any], path: Path, table: str, rules: Rules | None) -> Faults:
    known = {key.name: key for key in KEYS[table]}
    for key in known.values():
        if key.is_required and key.name not in data:
            what = f"{path[-2] if path and isinstance(path[-1], int) else table or 'the chain'} has no {key.name}"
            yield ChainFault(path, what, f"keys: {', '.join(data) or 'none'}", f"write {key.name}: see docs/chains.md")
    for name, value in data.items():
        if name not in known:
            yield ChainFault(
                (*path, name), f"unknown key {show(name)}", f"{name} = {show(value)}", suggest(name, known)
            )
        else:
            yield from _check_value(known[name].holds, value, (*path, name), rules)


def _check_value(holds: str, value: object, path: Path, rules: Rules | None) -> Faults:
    if holds == "thresholds":
        yield from check_thresholds(value, path, rules)
    elif holds == "segment_thresholds":
        yield from check_segment_thresholds(value, path, rules)
    elif holds == "calendar":
        if isinstance(value, dict):
            yield from _check_table(value, path, "calendar", rules)
        else:
            yield ChainFault(path, "calendar must be a table", show(value), "write [calendar] and its keys under it")
    elif holds in _LISTS:
        yield from _check_list(value, path, _LISTS[holds], rules)
    else:
        yield from CHECKS[holds](value, path)


def _check_list(value: object, path: Path, table: str, rules: Rules | None) -> Faults:
    if not isinstance(value, list) or not all(isinstance(part, dict) for part in value):
        header = ".".join(str(step) for step in path if isinstance(step, str))
        yield ChainFault(path, f"{table} must be a list of tables", show(value), f"write [[{header}]] over each")
        return
    if not value and table == "segment":
        yield ChainFault(path, "the chain has no segment", show(value), "write [[segment]]: see docs/chains.md")
    for place, part in enumerate(value):
        yield from _check_table(part, (*path, place), table, rules)


def _check_segments(data: Mapping[str, Any]) -> Faults:
    """Names that two segments or two products share, and products that are named and do not exist."""
    segments = _list_tables(data.get("segment"))
    yield from _check_shared(segments, ("segment",), "segments")
    for place, segment in segments:
        path: Path = ("segment", place)
        products = _list_tables(segment.get("product"))
        yield from _check_shared(products, (*path, "product"), "products")
        yield from _check_own_names(segment, products, path)
        yield from _check_parents(products, path)
        default = segment.get("default_product")
        known = _names_of(products)
        if isinstance(default, str) and default and default not in known:
            what = f"default_product {show(default)} is no product of the segment"
            yield ChainFault((*path, "default_product"), what, show(default), _suggest_product(default, known))


def _check_shared(tables: list[tuple[int, Mapping[str, Any]]], path: Path, what: str) -> Faults:
    names: dict[str, int] = {}
    spelled: dict[str, tuple[int, str]] = {}
    for place, table in tables:
        name = table.get("name")
        if isinstance(name, str) and names.setdefault(name, place) != place:
            yield ChainFault(
                (*path, place, "name"),
                f"two {what} have the name {show(name)}",
                f"the first is number {names[name] + 1}, this is number {place + 1}",
                "give each its own name",
            )
            continue
        for word in sorted(_spell(table)):
            first, first_name = spelled.setdefault(word, (place, str(name)))
            if first != place:
                yield ChainFault(
                    (*path, place, "names"),
                    f"two {what} are spelled {show(word)}",
                    f"{first_name} and {name}",
                    "leave it to one of them",
                )


def _check_own_names(segment: Mapping[str, Any], products: list[tuple[int, Mapping[str, Any]]], path: Path) -> Faults:
    """A product that is spelled as its segment is: a figure said of one could be either's."""
    own = _spell(segment)
    for place, product in products:
        for word in sorted(own & _spell(product)):
            yield ChainFault(
                (*path, "product", place, "names"),
                f"a product is spelled {show(word)}, as its segment is",
                f"segment {segment.get('name')}, product {product.get('name')}",
                "leave it to one of them; default_product files figures of the segment under a product",
            )


def _check_parents(products: list[tuple[int, Mapping[str, Any]]], path: Path) -> Faults:
    known = _names_of(products)
    parents = {str(p.get("name")): str(p.get("parent") or "") for _, p in products}
    told: set[str] = set()
    for place, product in products:
        parent, name = product.get("parent"), product.get("name")
        if not isinstance(parent, str) or not parent or not isinstance(name, str):
            continue
        at = (*path, "product", place, "parent")
        if parent not in known:
            what = f"parent {show(parent)} is no product of the segment"
            yield ChainFault(at, what, show(parent), _suggest_product(parent, known - {name}))
        elif (round_ := _find_round(name, parents)) and name not in told:
            told |= set(round_)
            found = " → ".join([*round_, name])
            yield ChainFault(
                at, "products are each other's parents", found, "leave out the parent of the topmost product"
            )


def _find_round(name: str, parents: Mapping[str, str]) -> list[str]:
    """The products from this one up to itself; empty where its parents end."""
    walked = [name]
    while (above := parents.get(walked[-1], "")) and above not in walked:
        walked.append(above)
    return walked if above == name else []


def _check_links(data: Mapping[str, Any]) -> Faults:
    known = _names_of(_list_tables(data.get("segment")))
    for place, link in _list_tables(data.get("link")):
        ends = [(end, link.get(end)) for end in ("upstream", "downstream")]
        for end, name in ends:
            if isinstance(name, str) and name and name not in known:
                what = f"{end} {show(name)} is no segment of the chain"
                yield ChainFault(("link", place, end), what, show(name), suggest(name, sorted(known)))
        if ends[0][1] == ends[1][1] and ends[0][1] in known:
            found = f"{ends[0][1]} → {ends[1][1]}"
            yield ChainFault(("link", place), "a link joins a segment to itself", found, "name two segments")


def _list_tables(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    return [(n, part) for n, part in enumerate(value) if isinstance(part, dict)] if isinstance(value, list) else []


def _names_of(tables: Iterable[tuple[int, Mapping[str, Any]]]) -> set[str]:
    return {table["name"] for _, table in tables if isinstance(table.get("name"), str)}


def _suggest_product(name: str, known: Iterable[str]) -> str:
    return suggest(name, sorted(known)) or "write a [[segment.product]] of that name, or take the line out"


def _spell(table: Mapping[str, Any]) -> set[str]:
    """Every folded spelling that a segment or product is known by."""
    names = table.get("names")
    groups = names.values() if isinstance(names, dict) else ()
    aliases = [alias for group in groups if isinstance(group, list) for alias in group]
    spelled = [table.get("name"), table.get("title"), *aliases]
    return {fold_name(word) for word in spelled if isinstance(word, str) and word.strip()}
