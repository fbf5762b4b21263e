"""One neutral message, and how each channel shows it."""
