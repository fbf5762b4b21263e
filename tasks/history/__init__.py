"""What was known when: vintages that differ, replay, provenance of a number, the overview."""
