"""Plugin infos, and which plugins a handler has."""
from __future__ import annotations

import importlib
import pickle
import sys

import pytest

from both import official, outcome, own
from durable_core import plugin, plugin_discovery
from durable_core.exceptions import PluginLoadError
from durable_core.lambda_service import Operation

ERROR = {"ErrorMessage": "m", "StackTrace": ["l"]}
OPERATIONS = [
    {"Id": "1", "Type": "STEP", "Status": "FAILED",
     "StepDetails": {"Attempt": 2, "Error": ERROR}},
    {"Id": "1", "Type": "CONTEXT", "Status": "SUCCEEDED", "SubType": "Map",
     "ContextDetails": {"Result": ""}},
    {"Id": "1", "Type": "CALLBACK", "Status": "SUCCEEDED",
     "CallbackDetails": {"CallbackId": "c", "Result": "r"}},
    {"Id": "1", "Type": "CHAINED_INVOKE", "Status": "STARTED", "Name": "n"},
]


@pytest.mark.parametrize("data", OPERATIONS, ids=lambda d: d["Type"])
def test_an_operation_as_a_hook_sees_it(data):
    def seen(package):
        operation = package.lambda_service.Operation.from_dict(data)
        info = package.plugin.OperationInfo
        return outcome(lambda: info.from_operation(operation, is_replayed=True))
    assert seen(own) == seen(official)


def test_a_plugin_cannot_change_an_error_that_is_raised_later():
    operation = Operation.from_dict(OPERATIONS[0])
    plugin.OperationInfo.from_operation(operation).error.stack_trace.clear()
    assert operation.step_details.error.stack_trace == ["l"]


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize("told", [None, "INCOMPLETE"])
def test_the_end_of_a_function(failed, told):
    def ended(package):
        m, s = package.plugin, package.lambda_service
        start = m.UserFunctionStartInfo(
            "1", m.OperationType.STEP, "Step", "n", "0", None, False,
            s.OperationStatus.STARTED, attempt=2, is_replay_children=True)
        made = m.UserFunctionEndInfo.from_start_info(
            start, s.ErrorObject.from_message("m") if failed else None,
            outcome=told and m.UserFunctionOutcome(told))
        assert made.end_time.tzinfo is not None
        return [f for f in outcome(lambda: made)[1].items() if f[0] != "end_time"]
    assert dict(ended(own)) == dict(ended(official))


def test_the_end_of_an_invocation():
    def ended(package):
        m, s = package.plugin, package.lambda_service
        start = m.InvocationStartInfo("r", "a", True, execution_input={"secret": 1})
        output = s.DurableExecutionInvocationOutput.create_succeeded("1")
        made = m.InvocationEndInfo.from_durable_execution_invocation_output(
            start, output, operations={})
        assert "secret" not in repr(made)
        return outcome(lambda: made), hash(made) == hash(made)
    found = ended(own)
    assert found == ended(official)
    assert found[0][1]["execution_input"] == {"secret": 1}


def test_infos_can_be_pickled():
    start = plugin.InvocationStartInfo("r", "a", True)
    assert pickle.loads(pickle.dumps(start)) == start


def test_a_plugin_that_overrides_nothing_lets_everything_pass():
    idle = plugin.DurableInstrumentationPlugin()
    start = plugin.InvocationStartInfo("r", "a", True)
    assert idle.on_invocation_start(start) is None
    assert idle.provide_propagation_metadata(
        plugin.PropagationInput("a", "1", "f")) is None
    for wrap in (idle.wrap_invocation, idle.wrap_attempt, idle.wrap_child):
        assert wrap(None, lambda: 7) == 7
    extra = {}
    idle.enrich_log(extra)
    assert extra == {}


# ----------------------------------------------------------------- discovery


class Factory:
    def create_plugin(self, info):
        return plugin.DurableInstrumentationPlugin()


class ByClass:
    @classmethod
    def create_plugin(cls, info):
        return None


class ByStatic:
    @staticmethod
    def create_plugin(info):
        return None


class Loose:
    def create_plugin(self, *args):
        return None


class WantsTwo:
    def create_plugin(self, info, more):
        return None


class NotCallable:
    create_plugin = "text"


GIVEN = [Factory(), ByClass, ByClass(), ByStatic, Loose(), Factory, Loose, WantsTwo(),
         NotCallable(), plugin.DurableInstrumentationPlugin,
         plugin.DurableInstrumentationPlugin(), len, lambda info: None, None, 7]


@pytest.mark.parametrize("given", GIVEN, ids=lambda g: str(g)[:40])
def test_what_counts_as_a_factory(given):
    def loaded(package):
        load = package.plugin_discovery.load_configured_plugins
        try:
            return load([given], environment={}) == [given]
        except package.exceptions.PluginLoadError:
            return False
    assert loaded(own) == loaded(official)


def test_the_refusal_names_the_entry():
    with pytest.raises(PluginLoadError, match=r"plugins\[1\].*class .*Factory"):
        plugin_discovery.load_configured_plugins([Factory(), Factory], environment={})


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A distribution with entry points, as pip would leave it."""
    def install(**points):
        for number, (name, target) in enumerate(points.items()):
            place = tmp_path / f"dist{number}-1.0.dist-info"
            place.mkdir()
            (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: "
                                            f"dist{number}\nVersion: 1.0\n")
            (place / "entry_points.txt").write_text(
                f"[aws_durable_execution.plugins]\n{name.rstrip('_')} = {target}\n")
    (tmp_path / "given_plugins.py").write_text(
        "class F:\n    def create_plugin(self, info): return None\n"
        "one = F()\ntwo = F()\nwrong = 7\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    yield install
    sys.modules.pop("given_plugins", None)


def load(names, explicit=()):
    return plugin_discovery.load_configured_plugins(
        list(explicit), environment={"DURABLE_EXECUTION_PLUGINS": names})


def test_plugins_of_the_environment_follow_the_explicit_ones(installed):
    installed(one="given_plugins:one", two="given_plugins:two")
    mine = Factory()
    found = load(" two , one", [mine])
    import given_plugins
    assert found == [mine, given_plugins.two, given_plugins.one]
    assert load("one", [given_plugins.one]) == [given_plugins.one]
    assert load("  ") == []


@pytest.mark.parametrize("names, complaint", [
    ("one,,two", "empty name"), ("one,one", "more than once: one"),
    ("three", "installed are: broken, one, wrong"), ("broken", "cannot be loaded"),
    ("wrong", "expected a plugin factory")])
def test_a_plugin_of_the_environment_that_cannot_be_used(installed, names, complaint):
    installed(one="given_plugins:one", wrong="given_plugins:wrong",
              broken="given_plugins:missing")
    with pytest.raises(PluginLoadError, match=complaint):
        load(names)


def test_a_name_that_two_distributions_offer(installed):
    installed(one="given_plugins:one", one_="given_plugins:two")
    with pytest.raises(PluginLoadError, match="dist0, dist1|dist1, dist0"):
        load("one")


def exclusive(group, **more):
    told = []
    members = {"__durable_registration_api__": 1, "exclusive_group": group,
               "told": told, "create_plugin": lambda self, info: None,
               "on_registration_result": lambda self, ok: told.append(ok), **more}
    return type("Exclusive", (), members)()


def test_two_of_a_group_exclude_each_other_and_are_told():
    one, two = exclusive("g"), exclusive("g")
    with pytest.raises(PluginLoadError, match="group 'g'"):
        plugin_discovery.load_configured_plugins([one, two], environment={})
    assert (one.told, two.told) == ([False], [False])
    other = exclusive(None)
    plugin_discovery.load_configured_plugins([one, other, other], environment={})
    assert (one.told, other.told) == ([False, True], [True])


@pytest.mark.parametrize("group", ["", "  ", 7])
def test_a_group_has_to_be_a_text(group):
    with pytest.raises(PluginLoadError, match="exclusive_group"):
        plugin_discovery.load_configured_plugins([exclusive(group)], environment={})


def test_without_the_marker_the_names_mean_nothing():
    plain = [exclusive("g", __durable_registration_api__=version)
             for version in (2, True, "1")]
    plugin_discovery.load_configured_plugins(plain, environment={})
    assert all(factory.told == [] for factory in plain)


def test_a_callback_that_raises_stops_nobody():
    def angry(self, registered):
        raise RuntimeError
    one, two = exclusive("g", on_registration_result=angry), exclusive("h")
    plugin_discovery.load_configured_plugins([one, two], environment={})
    assert two.told == [True]
