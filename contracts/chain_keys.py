"""The keys of a chain's definition: where each stands, what it holds, and whether it must be there.

The check of a definition, the loader and `docs/chains.md` agree on this list; a test holds them to it.
"""

from typing import NamedTuple


class Key(NamedTuple):
    """A key of a definition. `holds` names the check of its value: see `contracts.chain_values`."""

    name: str
    holds: str
    is_required: bool = False


KEYS: dict[str, tuple[Key, ...]] = {
    "": (
        Key("title", "text", True),
        Key("names", "names", True),
        Key("not_ours", "phrases"),
        Key("calendar", "calendar", True),
        Key("tolerance_pct", "tolerances"),
        Key("tolerance_pp", "tolerances"),
        Key("thresholds", "thresholds"),
        Key("forecasters", "sources"),
        Key("segment", "segments", True),
        Key("link", "links"),
    ),
    "calendar": (
        Key("time_zone", "time_zone", True),
        Key("publication_day", "day", True),
        Key("grace_business_days", "count", True),
        Key("days_off", "dates"),
    ),
    "segment": (
        Key("name", "text", True),
        Key("title", "text", True),
        Key("names", "names", True),
        Key("units", "units"),
        Key("product", "products"),
        Key("default_product", "text"),
        Key("role", "role"),
        Key("sums", "phrases"),
        Key("parts", "phrases"),
        Key("thresholds", "segment_thresholds"),
    ),
    "product": (
        Key("name", "text", True),
        Key("title", "text", True),
        Key("names", "names", True),
        Key("parent", "text"),
    ),
    "link": (
        Key("upstream", "text", True),
        Key("downstream", "text", True),
        Key("spread_pp", "number", True),
    ),
}
"""Keys by the table that they stand in; the empty name is the file itself."""
