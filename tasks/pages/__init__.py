"""The page: what a lake knows, as a static site that opens from disk and can be forwarded."""

from tasks.pages.site import build_site

__all__ = ["build_site"]
