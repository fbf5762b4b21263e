"""A secret: a text that nothing can print, log, format or pickle by accident."""

from typing import NoReturn

HIDDEN = "(hidden)"


class Secret:
    """A secret text. Printed, formatted or logged it is `(hidden)`; only `reveal` gives it away.

    It is no `str`, cannot be iterated or joined into one, and refuses to be pickled, so that it reaches no file,
    worker or trace by accident. Empty secrets are false.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself, for the client library that needs it."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN if self._text else "''"

    __str__ = __repr__

    def __format__(self, _: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("secret", self._text))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, _: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
