"""Durable execution on the C core, with the surface of the official SDK.

::

    from durable_core import DurableContext, StepContext, durable_execution, durable_step
    from durable_core.config import Duration

    @durable_step
    def charge(context: StepContext, total: int) -> str:
        return f"charged {total}"

    @durable_execution
    def handler(event: dict, context: DurableContext) -> str:
        receipt = context.step(charge(event["total"]))
        context.wait(Duration.from_hours(1))
        return receipt
"""

from durable_core import _native

_native.check_abi()

from durable_core.__about__ import __version__  # noqa: E402
from durable_core.concurrency.models import (  # noqa: E402
    BatchCompletionError,
    BatchResult,
)
from durable_core.config import (  # noqa: E402
    BatchItemStatus,
    CompletionDecision,
    CompletionItemStatus,
    CompletionOutcome,
    CompletionStatus,
    ParallelBranch,
    complete_batch,
    continue_batch,
)
from durable_core.context import (  # noqa: E402
    DurableContext,
    durable_parallel_branch,
    durable_step,
    durable_wait_for_callback,
    durable_with_child_context,
)
from durable_core.exceptions import (  # noqa: E402
    CallbackError,
    CallbackExternalError,
    CallbackSubmitterError,
    CallbackTimeoutError,
    ChildContextError,
    DurableExecutionsError,
    DurableOperationError,
    ExecutionError,
    InvocationError,
    InvokeError,
    PluginLoadError,
    RetryableSerDesError,
    SerDesError,
    StepError,
    ValidationError,
    WaitForConditionError,
)
from durable_core.execution import durable_execution  # noqa: E402
from durable_core.retries import WithRetryConfig, with_retry  # noqa: E402
from durable_core.types import StepContext  # noqa: E402

__all__ = [
    "BatchCompletionError",
    "BatchItemStatus",
    "BatchResult",
    "CallbackError",
    "CallbackExternalError",
    "CallbackSubmitterError",
    "CallbackTimeoutError",
    "ChildContextError",
    "CompletionDecision",
    "CompletionItemStatus",
    "CompletionOutcome",
    "CompletionStatus",
    "DurableContext",
    "DurableExecutionsError",
    "DurableOperationError",
    "ExecutionError",
    "InvocationError",
    "InvokeError",
    "ParallelBranch",
    "PluginLoadError",
    "RetryableSerDesError",
    "SerDesError",
    "StepContext",
    "StepError",
    "ValidationError",
    "WaitForConditionError",
    "WithRetryConfig",
    "__version__",
    "complete_batch",
    "continue_batch",
    "durable_execution",
    "durable_parallel_branch",
    "durable_step",
    "durable_wait_for_callback",
    "durable_with_child_context",
    "with_retry",
]
