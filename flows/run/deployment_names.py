"""Names under which the Prefect server knows our deployments; they name no flow, so that anything may import them."""

ARRIVAL, DEADLINE, BY_HAND = "arrival", "deadline", "by-hand"
