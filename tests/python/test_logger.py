"""Loggers of contexts."""
from __future__ import annotations

import types

import pytest

from both import official, own
from durable_core.logger import Logger, LogInfo

STATE = types.SimpleNamespace(durable_execution_arn="arn")


class Sink:
    def __init__(self):
        self.lines = []

    def __getattr__(self, level):
        return lambda msg, *args, extra=None: self.lines.append(
            (level, msg, args, dict(extra)))


INFOS = [{}, {"parent_id": "p"}, {"name": "n", "attempt": 0}, {"attempt": 3},
         {"operation_id": "o", "name": "", "parent_id": ""}]


@pytest.mark.parametrize("info", INFOS, ids=str)
def test_lines(info):
    def written(package):
        m, sink, replaying = package.logger, Sink(), [False]
        logger = m.Logger.from_log_info(sink, m.LogInfo(STATE, **info),
                                        lambda: replaying[0])
        for level in ("debug", "info", "warning", "error", "exception"):
            getattr(logger, level)("m %s", 1, extra={"own": level})
        replaying[0] = True
        logger.info("hidden")
        other = logger.with_is_replaying(lambda: False)
        other.info("shown")
        again = other.with_log_info(m.LogInfo(STATE, name="x").with_parent_id("q"))
        again.error("last", extra={"operationName": "mine"})
        assert again.get_logger() is sink
        return sink.lines
    assert written(own) == written(official)
    assert len(written(own)) == 7


def test_a_line_names_its_operation():
    identifier = types.SimpleNamespace(operation_id="o", parent_id="p", name="n")
    info = LogInfo.from_operation_identifier(STATE, identifier, attempt=2)
    sink = Sink()
    Logger.from_log_info(sink, info).info("m")
    assert sink.lines == [("info", "m", (), {
        "executionArn": "arn", "parentId": "p", "operationName": "n", "attempt": 2,
        "operationId": "o"})]
