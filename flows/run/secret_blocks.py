"""Secrets of receivers from Prefect blocks; from the environment without loading Prefect."""

from typing import Any

from contracts.errors import UsageError
from contracts.secret import Secret
from tasks.delivery.secrets import SecretName, resolve_environment

# Where a block keeps its secret, when the receiver does not name the field; the first that it has.
_FIELDS = ("value", "url", "token", "password")


def resolve_secret(name: SecretName) -> Secret:
    """The secret of an environment variable or a Prefect block `type/name`.

    Without a `field` the block's value, url, token or password is taken (Secret, SlackWebhook, SlackCredentials,
    EmailServerCredentials …). Raises `UsageError`, naming block and field and never a value, where there is none.
    """
    if name.env:
        return resolve_environment(name)
    block = _load_block(name)
    for field in (name.field,) if name.field else _FIELDS:
        value: Any = getattr(block, field, None)
        text = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        if isinstance(text, str) and text:
            return Secret(text)
    raise UsageError(
        f"the {name} has no {name.field or 'secret'}",
        found=f"a block of type {type(block).__name__}",
        next='name the field: { block = "type/name", field = "password" }',
    )


def _load_block(name: SecretName) -> Any:
    from prefect.blocks.core import Block  # noqa: PLC0415 - over a second, and only for receivers that use a block
    from prefect.exceptions import PrefectException  # noqa: PLC0415

    try:
        return Block.load(name.block)
    except (ValueError, RuntimeError, PrefectException) as error:
        raise UsageError(
            f"the {name} cannot be loaded",
            found=type(error).__name__,
            next="create it in the Prefect server that this command talks to, or use { env = … }",
        ) from None
