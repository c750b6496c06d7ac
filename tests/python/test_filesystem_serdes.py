"""Payloads in files."""
from __future__ import annotations

import json
import os

import pytest

from both import official, own
from durable_core.exceptions import SerDesError
from durable_core.filesystem_serdes import (
    FileSystemPathEncoding,
    FileSystemSerDes,
    FileSystemSerDesConfig,
    FileSystemSerDesMode,
)
from durable_core.serdes import JsonSerDes, SerDesContext, deserialize, serialize

ARN = ("arn:aws:lambda:us-east-1:123456789012:function:myFn:1/durable-execution/"
       "exec-name/inv-1")
VALUE = {"a": (1, b"x"), "email": "e@x"}


def made(package, base, mode="ALWAYS", encoding="URI", preview=None, inner=None):
    m = package.filesystem_serdes
    given = {} if inner is None else {"serdes": inner}
    return m.FileSystemSerDes(str(base), m.FileSystemSerDesConfig(
        m.FileSystemSerDesMode(mode), m.FileSystemPathEncoding(encoding), preview,
        **given))


@pytest.mark.parametrize("arn", [ARN, "arn:weird/1"])
@pytest.mark.parametrize("operation", ["1ced8f5b", "op/../x y"])
@pytest.mark.parametrize("encoding", ["URI", "HASH"])
@pytest.mark.parametrize("mode", ["ALWAYS", "OVERFLOW"])
@pytest.mark.parametrize("shown", [None, {}, {"email": "***"}], ids=str)
def test_the_checkpoint_and_the_file_are_the_official_ones(
        tmp_path, arn, operation, encoding, mode, shown):
    found = []
    for package in (own, official):
        base = tmp_path / package._name
        base.mkdir()
        store = made(package, base, mode, encoding, lambda value: shown)
        context = package.serdes.SerDesContext(operation, arn)
        payload = store.serialize(VALUE, context)
        assert store.deserialize(payload, context) == VALUE
        files = {str(p.relative_to(base)): p.read_text()
                 for p in base.rglob("*") if p.is_file()}
        found.append((payload.replace(package._name, "P"), files))
    assert found[0] == found[1]
    assert bool(found[0][1]) == (mode == "ALWAYS")


def test_what_is_too_large_for_a_checkpoint_overflows(tmp_path):
    store = made(own, tmp_path, "OVERFLOW")
    context = SerDesContext("op", ARN)
    assert "data" in json.loads(store.serialize("x" * 261_000, context))
    assert not list(tmp_path.rglob("*.json"))
    large = store.serialize("x" * 262_000, context)
    assert "file" in json.loads(large)
    assert store.deserialize(large, context) == "x" * 262_000


def test_either_package_reads_what_the_other_one_wrote(tmp_path):
    for writer, reader in ((own, official), (official, own)):
        payload = made(writer, tmp_path).serialize(
            VALUE, writer.serdes.SerDesContext("op", ARN))
        assert made(reader, tmp_path).deserialize(
            payload, reader.serdes.SerDesContext("op", ARN)) == VALUE


def test_a_file_outside_of_the_base_is_not_read(tmp_path):
    """The official SDK reads any file that a checkpoint names."""
    secret = tmp_path / "secret.json"
    secret.write_text("1")
    store = made(own, tmp_path / "base")
    for path in (secret, tmp_path / "base" / ".." / "secret.json", "/etc/hostname"):
        with pytest.raises(SerDesError):
            deserialize(store, json.dumps({"file": str(path)}), "op", ARN)


def test_a_name_in_the_arn_stays_below_the_base(tmp_path):
    """The official SDK takes such a name as it is."""
    arn = "arn:aws:lambda:r:1:function:..:1/durable-execution/../.."
    store = made(own, tmp_path / "base")
    store.serialize(1, SerDesContext("op", arn))
    assert [p.name for p in tmp_path.iterdir()] == ["base"]


@pytest.mark.parametrize("payload", ["{}", "[]", "", "{", '{"file": 7}'])
def test_what_is_no_such_payload_is_refused(tmp_path, payload):
    with pytest.raises(SerDesError):
        deserialize(made(own, tmp_path), payload, "op", ARN)


def test_a_file_that_is_gone_or_cannot_be_written(tmp_path):
    store = made(own, tmp_path)
    payload = serialize(store, VALUE, "op", ARN)
    os.unlink(json.loads(payload)["file"])
    with pytest.raises(SerDesError):
        deserialize(store, payload, "op", ARN)
    (tmp_path / "file").write_text("")
    with pytest.raises(SerDesError):
        serialize(made(own, tmp_path / "file"), VALUE, "op", ARN)


def test_the_inner_serdes_is_used(tmp_path):
    store = FileSystemSerDes(str(tmp_path), FileSystemSerDesConfig(serdes=JsonSerDes()))
    payload = store.serialize({"a": 1}, SerDesContext("op", ARN))
    with open(json.loads(payload)["file"]) as file:
        assert file.read() == '{"a": 1}'
    assert FileSystemSerDesMode.ALWAYS and FileSystemPathEncoding.URI


def test_nothing_but_the_file_is_left(tmp_path):
    store = made(own, tmp_path)
    for value in (1, 2, 3):
        payload = store.serialize(value, SerDesContext("op", ARN))
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["op.json"]
    assert store.deserialize(payload, SerDesContext("op", ARN)) == 3
