"""Every operation, live and replayed, on the embedded service."""

from __future__ import annotations

from collections.abc import Iterator

import kit
import pytest

from durable_core import DurableContext, StepContext, durable_step
from durable_core.config import Duration


@pytest.fixture
def service() -> Iterator[kit.Service]:
    with kit.service() as made:
        yield made


def test_step(service: kit.Service) -> None:
    ran = []

    @durable_step
    def charge(context: StepContext, total: int) -> dict[str, int]:
        ran.append(context.attempt)
        return {"charged": total}

    def handler(event: dict[str, int], context: DurableContext) -> object:
        receipt = context.step(charge(event["total"]))
        context.wait(Duration.from_minutes(5))
        return receipt

    done = service.run(handler, {"total": 7})
    assert done.result == {"charged": 7}
    assert ran == [1] and done.invocations == 2
    assert done.kinds() == [
        "StepStarted charge",
        "StepSucceeded charge",
        "WaitStarted",
        "WaitSucceeded",
    ]
