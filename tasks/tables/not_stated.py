"""Words that stand in a cell for nothing."""

NOT_STATED = ("-", "–", "—", "--", "/", "…", "...", "n/a", "na", "n.a.", "nil")
