"""Messages: one neutral message, and how each channel shows it."""
