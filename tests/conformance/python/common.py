"""What the handlers of all suites share."""

from durable_core import durable_execution
from durable_core.config import Duration, JitterStrategy
from durable_core.retries import RetryStrategyConfig, create_retry_strategy
from durable_core.serdes import SerDes

HANDLERS = {}


def requirement(*ids, plugins=None):
    """Make a function the durable handler for requirements."""
    def register(function):
        for identifier in ids:
            HANDLERS[identifier] = durable_execution(function, plugins=plugins)
        return function
    return register


def fixed(attempts, seconds=1):
    return create_retry_strategy(RetryStrategyConfig(
        max_attempts=attempts, initial_delay=Duration(seconds), backoff_rate=1,
        jitter_strategy=JitterStrategy.NONE))


NO_RETRY = fixed(1)
RETRY_ONCE = fixed(2)
RETRY_TWICE = fixed(3)


def give(value):
    """A step that returns |value|."""
    return lambda step: value


def fail(*_):
    raise RuntimeError("as told")


def fail_once(value):
    """A step that fails once, then returns |value|."""
    def body(step):
        return fail() if step.attempt == 1 else value
    return body


def greet(name):
    return lambda step: f"Hello, {name}!"


class UpperCase(SerDes):
    """Strings in upper case on their way out, as they are: no JSON."""

    def serialize(self, value, _):
        return value.upper()

    def deserialize(self, data, _):
        return data


def one_by_one(config_class, **more):
    """The configuration of a map or parallel that runs one at a time."""
    return config_class(max_concurrency=1, **more)


def summary(batch, *members):
    """Those members of a summary that are named."""
    everything = {"completionReason": batch.completion_reason.value,
                  "status": batch.status.value,
                  "successCount": batch.success_count,
                  "failureCount": batch.failure_count,
                  "totalCount": batch.total_count}
    return {key: everything[key] for key in members}


COUNTS = ("successCount", "failureCount", "totalCount")
