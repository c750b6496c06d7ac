"""What the bodies of the examples did to the outside world.

With ORDER_LEDGER in the environment, every run of a body appends a line to that
file: its name, the operation's id, the attempt, the process and the execution.  The
file knows nothing of the execution's record, so that the two can be compared.
"""

import os
import time

from durable_core import DurableContext
from durable_core.types import OperationContext


def begin(
    context: DurableContext, step: OperationContext, body: str, ms: int
) -> None:
    """Begin a body: it is in the ledger before it does anything; ``ms`` stands for
    the time that another system takes."""
    path = os.environ.get("ORDER_LEDGER")
    if path:
        attempt = getattr(step, "attempt", 1)  # a submitter is not told
        arn = context.execution_context.durable_execution_arn
        line = f"{body} {step.operation_id} {attempt} {os.getpid()} {arn}\n"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    time.sleep(ms / 1000)
