"""The channels: one file each, which registers itself. See docs/extend.md for adding one."""
