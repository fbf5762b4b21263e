"""The alert rules, one file each; docs/extend.md says how one is added."""
