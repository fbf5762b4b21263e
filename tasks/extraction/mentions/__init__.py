"""The words of a language and the names of a chain, found in a sentence."""
