"""Delivery of messages: receivers, the outbox, and the channels."""

from tasks.delivery.claim import Hands, start_clock
from tasks.delivery.deliver import deliver, plan_untold
from tasks.delivery.outbox import Planning, plan_deliveries
from tasks.delivery.receiver import Receiver
from tasks.delivery.receivers import choose_receivers, load_receivers
from tasks.delivery.secrets import SecretName, resolve_environment
from tasks.delivery.sending import DeliveryReport, OutboxWorker
from tasks.delivery.summary import deliver_summary, look_ahead, send_test

__all__ = [
    "DeliveryReport",
    "Hands",
    "OutboxWorker",
    "Planning",
    "Receiver",
    "SecretName",
    "choose_receivers",
    "deliver",
    "deliver_summary",
    "load_receivers",
    "look_ahead",
    "plan_deliveries",
    "plan_untold",
    "resolve_environment",
    "send_test",
    "start_clock",
]
