"""Suite "parallel".  Branches run one after the other, unless it is said."""

import json

from conformance_common import (
    COUNTS, fail, give, one_by_one, requirement, summary)
from durable_core import ParallelBranch
from durable_core.config import (
    CompletionConfig, Duration, NestingType, ParallelConfig)
from durable_core.serdes import SerDes


def constant(value):
    return lambda branch: value


def in_step(value):
    return lambda branch: branch.step(give(value))


def results(context, branches, **config):
    config.setdefault("max_concurrency", 1)
    return context.parallel(branches, name="parallel",
                            config=ParallelConfig(**config)).get_results()


@requirement("8-1")
def basic(event, context):
    return results(context, [in_step("task-1"), in_step("task-2")])


@requirement("8-2")
def nameless(event, context):
    return context.parallel([constant("alpha"), constant("beta")],
                            config=one_by_one(ParallelConfig)).get_results()


@requirement("8-3")
def named_branches(event, context):
    return results(context, [ParallelBranch(constant("one"), "first"),
                             ParallelBranch(constant("two"), "second")])


@requirement("8-4")
def types(event, context):
    return results(context, [constant("hello"), constant(42),
                             constant({"k": "v"})])


@requirement("8-5")
def empty(event, context):
    return results(context, [])


@requirement("8-11")
def concurrent(event, context):
    return results(context, [constant("r0"), constant("r1"), constant("r2")],
                   max_concurrency=2)


@requirement("8-12")
def flat(event, context):
    return results(context, [in_step("fa"), in_step("fb")],
                   nesting_type=NestingType.FLAT)


@requirement("8-14")
def suspended(event, context):
    def after_a_wait(branch):
        branch.wait(Duration(2))
        return "b1"

    return results(context, [in_step("b0"), after_a_wait])


class Wrapped(SerDes):
    """v is stored as {"wrapped": v}."""

    def serialize(self, value, _):
        return json.dumps({"wrapped": value})

    def deserialize(self, data, _):
        return json.loads(data)["wrapped"]


@requirement("8-15")
def item_serdes(event, context):
    return results(context, [constant("x"), constant("y")],
                   item_serdes=Wrapped())


@requirement("8-21")
def nested(event, context):
    return results(context, [
        lambda branch: results(branch, [in_step("i1"), in_step("i2")])])


# ---- when it is complete: a letter for each branch, f: it fails

def complete(context, outcomes, **thresholds):
    return context.parallel(
        [fail if outcome == "f" else constant("ok") for outcome in outcomes],
        name="parallel", config=one_by_one(
            ParallelConfig, completion_config=CompletionConfig(**thresholds)))


@requirement("8-6")
def fail_fast(event, context):
    batch = complete(context, "sfs", tolerated_failure_count=0)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("8-7")
def rethrow(event, context):
    complete(context, "fs", tolerated_failure_count=0).throw_if_error()


@requirement("8-8")
def min_successful(event, context):
    batch = complete(context, "ssss", min_successful=2)
    return summary(batch, "completionReason", "successCount", "totalCount")


@requirement("8-9")
def tolerated(event, context):
    batch = complete(context, "sfs", tolerated_failure_count=1)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("8-10")
def exceeded(event, context):
    batch = complete(context, "ffs", tolerated_failure_count=1)
    return summary(batch, "completionReason", *COUNTS)


@requirement("8-13")
def percentage_exceeded(event, context):
    batch = complete(context, "ffss", tolerated_failure_percentage=25)
    return summary(batch, "completionReason", *COUNTS)


@requirement("8-16")
def all_fail(event, context):
    batch = complete(context, "fff", tolerated_failure_count=3)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("8-17")
def never_enough(event, context):
    batch = complete(context, "sfs", min_successful=3)
    return summary(batch, "completionReason", "status", *COUNTS)


@requirement("8-18")
def both_thresholds(event, context):
    batch = complete(context, "ffss", min_successful=3,
                     tolerated_failure_count=1)
    return summary(batch, "completionReason", *COUNTS)


@requirement("8-19")
def no_concurrency(event, context):
    results(context, [constant("a"), constant("b")], max_concurrency=0)


@requirement("8-20")
def accessors(event, context):
    batch = complete(context, "sfs", tolerated_failure_count=1)
    return {"hasFailure": batch.has_failure,
            "successCount": len(batch.succeeded()),
            "failureCount": len(batch.failed()),
            "errorCount": len(batch.get_errors())}


@requirement("8-22")
def percentage_met(event, context):
    batch = complete(context, "fsss", tolerated_failure_percentage=25)
    return summary(batch, "completionReason", "status", *COUNTS)
