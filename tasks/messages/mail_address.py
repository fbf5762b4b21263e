"""E-mail addresses as people write them: with a name, in any script, at an international domain."""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses

import idna


@dataclass(frozen=True)
class MailAddress:
    """One mailbox: the name shown, and the address with its domain in ASCII (`xn--…`), as servers take it."""

    name: str
    local: str
    domain: str

    @property
    def spec(self) -> str:
        """`local@domain`."""
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether every server can take it; else it needs SMTPUTF8."""
        return self.local.isascii()

    @property
    def header(self) -> Address:
        """For From and To; the name is encoded as it needs."""
        return Address(display_name=self.name, username=self.local, domain=self.domain)


def read_address(text: str) -> MailAddress | None:
    """The mailbox that `name@example.com` or `Name <name@example.com>` names; None where it names none or several."""
    if set(text) & set("\r\n\x00"):
        return None
    found = getaddresses([text])
    if len(found) != 1:
        return None
    name, spec = found[0]
    local, at, domain = spec.rpartition("@")
    if not at or not local or not domain or any(c.isspace() for c in spec):
        return None
    try:
        ascii_domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
        Address(display_name=name, username=local, domain=ascii_domain)
        if local.isascii():
            Address(addr_spec=f"{local}@{ascii_domain}")
    except (HeaderParseError, ValueError, IndexError):
        return None
    return MailAddress(name, local, ascii_domain)
