"""Handlers of the official Python SDK; sdk.mjs has the same for JavaScript.

The input's "do" picks one.  "ledger" is a file to which a body adds a line.
"""

import os

from aws_durable_execution_sdk_python import (
    BatchResult, CallbackError, CallbackSubmitterError, ChildContextError,
    DurableContext, InvokeError, StepContext, WithRetryConfig,
    durable_execution, with_retry)
from aws_durable_execution_sdk_python.config import (
    CallbackConfig, CompletionConfig, Duration, MapConfig, NestingType,
    ParallelBranch, ParallelConfig, StepConfig, StepSemantics,
    WaitForCallbackConfig)
from aws_durable_execution_sdk_python.retries import RetryDecision
from aws_durable_execution_sdk_python.waits import (
    WaitForConditionConfig, WaitForConditionDecision)

import runtime


def attempts(count, delay_s=2):
    def decide(error, attempts_made):
        return RetryDecision.retry(Duration(delay_s)) \
            if attempts_made < count else RetryDecision.no_retry()
    return decide


def note(event, line):
    with open(event["ledger"], "a", encoding="ascii") as ledger:
        ledger.write(line + "\n")


def noted(event, line):
    with open(event["ledger"], encoding="ascii") as ledger:
        return ledger.read().split("\n").count(line)


def order(event, context):
    def charge(step: StepContext):
        note(event, "charge")
        if noted(event, "charge") == 1:
            raise ValueError("declined")
        return "paid"

    def pack(child: DurableContext):
        box = child.step(lambda _: "a box", "box")
        child.wait(Duration(30), "dry")
        return f"in {box}"

    def look(state, _):
        return state + 1

    def again(state, _):
        return WaitForConditionDecision.stop_polling() if state == 3 \
            else WaitForConditionDecision.continue_waiting(Duration(5))

    price = context.step(lambda _: sum(event["items"]), "price")
    paid = context.step(charge, "charge", StepConfig(attempts(3)))
    packed = context.run_in_child_context(pack, "pack")
    tax = context.invoke(event["other"], {"do": "tax", "price": price}, "tax")
    delivered = context.wait_for_condition(
        look, WaitForConditionConfig(again, 0), "delivered")
    return {"price": price, "paid": paid, "packed": packed, "tax": tax,
            "delivered": delivered}


def tax(event, context):
    context.wait(Duration(1), "office hours")
    return event["price"] * 2


def refuse(event, context):
    context.wait(Duration(1), "think")
    raise ValueError("certainly not")


def approval(event, context):
    quote = context.create_callback("quote", CallbackConfig(
        timeout=Duration(3600), heartbeat_timeout=Duration(600)))
    offer = quote.result()
    try:
        context.create_callback("review").result()
    except CallbackError as error:
        review = str(error)
    signed = context.wait_for_callback(
        lambda callback_id, _: note(event, callback_id), "sign",
        WaitForCallbackConfig(timeout=Duration(3600)))

    def unreachable(callback_id, _):
        raise ValueError("no notary")
    try:
        context.wait_for_callback(unreachable, "notary", WaitForCallbackConfig(
            retry_strategy=attempts(1)))
    except CallbackSubmitterError as error:
        notary = str(error)
    return {"offer": offer, "review": review, "signed": signed,
            "notary": notary}


def late(event, context):
    found = []
    for name, config in (
            ("slow", CallbackConfig(timeout=Duration(1))),
            ("silent", CallbackConfig(heartbeat_timeout=Duration(1)))):
        try:
            context.create_callback(name, config).result()
        except CallbackError as error:
            found.append(str(error))
    return found


def crowd(event, context):
    def measure(child, item, index, items):
        length = child.step(lambda _: len(item), "measure")
        if index == len(items) - 1:
            child.wait(Duration(10), "rest")
        return length

    def right(child):
        raise ValueError("not right")

    sizes = context.map(event["words"], measure, "sizes",
                        MapConfig(max_concurrency=1))
    pair: BatchResult = context.parallel(
        [ParallelBranch(lambda child: child.step(lambda _: "L", "go"), "left"),
         ParallelBranch(right, "right")], "pair", ParallelConfig(
             max_concurrency=1,
             completion_config=CompletionConfig.all_completed()))
    flat = context.map(
        event["words"], lambda child, item, *_: child.step(
            lambda _: item.upper(), "upper"), "flat", MapConfig(
                max_concurrency=1, nesting_type=NestingType.FLAT))
    first = context.map(
        event["words"], lambda child, item, *_: item, "first", MapConfig(
            max_concurrency=1,
            completion_config=CompletionConfig(min_successful=1)))
    context.wait(Duration(1), "end")
    return {"sizes": sizes.get_results(), "pair": pair.get_results(),
            "errors": [error.message for error in pair.get_errors()],
            "reasons": [batch.completion_reason.value
                        for batch in (sizes, pair, flat, first)],
            "flat": flat.get_results(), "first": first.get_results()}


def at_once(event, context):
    def visit(child, item, index, items):
        child.step(lambda _: index, "come")
        child.wait(Duration(item), "stay")
        return child.step(lambda _: item * index, "leave")

    return context.map(event["hours"], visit, "visits").get_results()


def stubborn(event, context):
    def book(child, attempt):
        child.step(lambda _: note(event, f"try {attempt}"), "try")
        if attempt < 3:
            raise ValueError("full")
        return attempt

    return with_retry(context, book, WithRetryConfig(attempts(5)), "book")


def crash(event, context):
    def fragile(step):
        note(event, "fragile")
        if noted(event, "fragile") == 1:
            os._exit(7)
        return noted(event, "fragile")

    return context.step(fragile, "fragile", StepConfig(
        attempts(2), StepSemantics.AT_MOST_ONCE_PER_RETRY))


def large(event, context):
    lengths = []
    for i in range(event["steps"]):
        lengths.append(len(context.step(lambda _, i=i: str(i % 10) * 200000,
                                        f"part {i}")))
    whole = context.run_in_child_context(lambda child: child.step(
        lambda _: "x" * 200000, "half") * 2, "whole")
    context.wait(Duration(60), "pause")
    return {"parts": sum(lengths), "whole": len(whole)}


def failing(event, context):
    def doomed(step):
        raise ValueError("no luck")

    try:
        context.invoke(event["other"], {"do": "refuse"}, "please")
    except InvokeError as error:
        refused = str(error)
    try:
        context.run_in_child_context(lambda child: doomed(None), "bad child")
    except ChildContextError as error:
        refused += ", " + str(error)
    context.step(lambda _: refused, "note")
    context.step(doomed, "doomed", StepConfig(attempts(2)))


def survive(event, context):
    context.step(lambda _: note(event, "before"), "before")
    context.wait(Duration(1), "pause")
    word = context.create_callback("word").result()
    context.step(lambda _: note(event, "after"), "after")
    return word


HANDLERS = {f.__name__: f for f in (
    order, tax, refuse, approval, late, crowd, at_once, stubborn, crash, large,
    failing, survive)}


@durable_execution
def handler(event, context):
    return HANDLERS[event["do"]](event, context)


if __name__ == "__main__":
    runtime.run(handler)
