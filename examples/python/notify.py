"""notify: tell the customer.  A durable function that others invoke.

Input   {"order": "A-17"}
Result  {"order", "sent": true}
"""

from typing import Any

import ledger
from durable_core import DurableContext, StepContext, durable_execution


@durable_execution(plain_json=True)
def handler(event: dict[str, Any], context: DurableContext) -> dict[str, Any]:
    def send(step: StepContext) -> dict[str, Any]:
        ledger.begin(context, step, "notify", 20)
        return {"order": event["order"], "sent": True}

    return context.step(send, "send")
