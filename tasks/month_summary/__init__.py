"""The month of a chain for a reader: tables of what is known, and the sentences made from them."""
