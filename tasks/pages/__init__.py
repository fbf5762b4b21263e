"""The page: what a lake knows, as a static site that opens from disk and can be forwarded."""

from tasks.pages.single_file import write_single_file
from tasks.pages.site import SiteOptions, build_site

__all__ = ["SiteOptions", "build_site", "write_single_file"]
