"""order: from an order to its delivery.

  validate -> reserve every item -> charge -> ship and invoice -> wait
           -> the customer confirms (callback) -> notify (another function)

Input   {"order": "A-17", "items": [{"sku": "tea", "count": 2, "price": 450,
         "flaky": false}, ...]}
Result  {"order", "total", "reserved", "receipt", "tracking", "invoice",
         "confirmed", "notified"}

  durable run order.py --with notify.py --input @order.json --name order-1
  durable callback succeed --of order-1 confirm --result '"yes"'

Everything is recorded as plain JSON, as the same order in C and in Lua records it;
without ``plain_json`` it would be in the tagged form of the official SDK.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ledger
from durable_core import DurableContext, StepContext, durable_execution
from durable_core.config import (
    Duration,
    JitterStrategy,
    MapConfig,
    ParallelBranch,
    StepConfig,
    StepSemantics,
    WaitForCallbackConfig,
)
from durable_core.retries import RetryStrategyConfig, create_retry_strategy
from durable_core.serdes import JsonSerDes
from durable_core.types import WaitForCallbackContext

Item = dict[str, Any]

WAIT, CONFIRM_WITHIN, MAX_ITEMS = Duration(2), Duration.from_days(1), 32

# After a second, up to five attempts; a step's body runs once or more for each.
SOON = create_retry_strategy(
    RetryStrategyConfig(
        max_attempts=5,
        initial_delay=Duration(1),
        backoff_rate=1,
        jitter_strategy=JitterStrategy.NONE,
    )
)
AGAIN = StepConfig(retry_strategy=SOON)


class InvalidOrder(Exception):
    """A name of one's own: retry strategies and callers see it."""


class WarehouseBusy(Exception):
    pass


# ---- bodies: what is done to the world; their results are on record


class Bodies:
    def __init__(self, context: DurableContext, order: str) -> None:
        self.context = context
        self.order = order

    def begin(self, step: StepContext, body: str, ms: int) -> None:
        ledger.begin(self.context, step, body, ms)

    def validate(self, step: StepContext, items: Sequence[Item]) -> int:
        self.begin(step, "validate", 10)
        if not self.order or not 1 <= len(items) <= MAX_ITEMS:
            raise InvalidOrder(f"an order has an id and 1 to {MAX_ITEMS} items")
        return sum(item.get("count", 1) * item.get("price", 0) for item in items)

    def reserve(self, step: StepContext, item: Item) -> str:
        self.begin(step, "reserve", 15)
        if item.get("flaky") and step.attempt == 1:
            raise WarehouseBusy(f"no answer about {item['sku']}")
        return str(item["sku"])

    def charge(self, step: StepContext, total: int) -> dict[str, Any]:
        """Runs at most once for each attempt; the operation's id lets the bank see
        two attempts as one."""
        self.begin(step, "charge", 30)
        return {"order": self.order, "paid": total}

    def ship(self, step: StepContext) -> str:
        self.begin(step, "ship", 40)
        return f"TRACK-{self.order}"

    def invoice(self, step: StepContext) -> str:
        self.begin(step, "invoice", 20)
        return f"INV-{self.order}"

    def ask(self, callback_id: str, step: WaitForCallbackContext) -> None:
        # Here the callback's id would go out by mail.
        ledger.begin(self.context, step, "ask", 10)


# ---- the workflow: between its operations it does the same on every run


@durable_execution(plain_json=True)
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    bodies = Bodies(context, event.get("order", ""))
    items = event.get("items", [])
    out: dict[str, Any] = {"order": bodies.order}

    out["total"] = context.step(lambda s: bodies.validate(s, items), "validate")

    # Two at a time; throw_if_error, since a map ends well also when items failed.
    reserved = context.map(
        items,
        lambda c, item, *_: c.step(lambda s: bodies.reserve(s, item), "reserve", AGAIN),
        "reserve-items",
        MapConfig(max_concurrency=2),
    )
    reserved.throw_if_error()
    out["reserved"] = reserved.get_results()

    out["receipt"] = context.step(
        lambda s: bodies.charge(s, out["total"]),
        "charge",
        replace(AGAIN, step_semantics=StepSemantics.AT_MOST_ONCE_PER_RETRY),
    )

    sent = context.parallel(
        [
            ParallelBranch(lambda c: c.step(bodies.ship, "ship", AGAIN), "ship"),
            ParallelBranch(lambda c: c.step(bodies.invoice, "invoice", AGAIN), "invoice"),
        ],
        "send-out",
    )
    sent.throw_if_error()
    out["tracking"], out["invoice"] = sent.get_results()

    # Nothing of this runs meanwhile: the invocation ends, and another goes on here.
    context.wait(WAIT, "delivery")

    out["confirmed"] = context.wait_for_callback(
        bodies.ask,
        "confirm",
        WaitForCallbackConfig(timeout=CONFIRM_WITHIN, serdes=JsonSerDes(), retry_strategy=SOON),
    )

    out["notified"] = context.invoke("notify", {"order": bodies.order}, "notify")
    return out
