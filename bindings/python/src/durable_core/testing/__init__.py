"""Tests of durable functions: in this process, or of what is deployed.

    with DurableFunctionTestRunner(handler) as runner:
        result = runner.run(input='{"order": 17}')
    assert result.status is InvocationStatus.SUCCEEDED
    assert result.get_step("charge").attempt == 2
"""

from durable_core.__about__ import __version__
from durable_core.testing.runner import (
    DurableChildContextTestRunner,
    DurableFunctionCloudTestRunner,
    DurableFunctionTestResult,
    DurableFunctionTestRunner,
)

__all__ = [
    "DurableChildContextTestRunner",
    "DurableFunctionCloudTestRunner",
    "DurableFunctionTestResult",
    "DurableFunctionTestRunner",
    "__version__",
]
