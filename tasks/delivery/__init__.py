"""Delivery of messages: receivers, the outbox, and the channels."""

from tasks.delivery.deliver import deliver, plan_untold
from tasks.delivery.outbox import plan_deliveries
from tasks.delivery.receivers import DEFAULT_RECEIVERS, Receiver, load_receivers
from tasks.delivery.secrets import SecretName, resolve_environment
from tasks.delivery.sending import DeliveryReport
from tasks.delivery.summary import deliver_summary, look_ahead, send_test

__all__ = [
    "DEFAULT_RECEIVERS",
    "DeliveryReport",
    "Receiver",
    "SecretName",
    "deliver",
    "deliver_summary",
    "load_receivers",
    "look_ahead",
    "plan_deliveries",
    "plan_untold",
    "resolve_environment",
    "send_test",
]
