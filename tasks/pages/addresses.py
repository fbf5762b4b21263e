"""Addresses within the site: stable, so that links in messages and bookmarks keep leading somewhere."""

from datetime import date

from contracts.period import format_month


def name_month_page(chain: str, month: date) -> str:
    """The page of a chain's month, seen from the site's root: `sodium_ion/2026-01.html`."""
    return f"{chain}/{format_month(month)}.html"
