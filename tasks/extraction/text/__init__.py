"""From bytes to passages: formats, encodings, characters, wrapped lines, layout."""
