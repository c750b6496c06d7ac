"""Handlers with `async` and `await` in them, out of the same without.

What calls an operation of a context, or a function that does, awaits it and is
`async`.  A lambda that is such a call answers what is to be awaited, as it is.
"""

import ast

CONTEXTS = {"context", "child", "branch"}
OPERATIONS = {
    "step", "wait", "invoke", "create_callback", "run_in_child_context",
    "wait_for_callback", "wait_for_condition", "map", "parallel", "all",
    "settled", "any", "race"}
# A call of what is decorated so only binds arguments.
BINDING = "durable_with_child_context"


def is_operation(call):
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr == "result":  # of a callback
        return not call.args
    return function.attr in OPERATIONS and isinstance(
        function.value, ast.Name) and function.value.id in CONTEXTS


def own_calls(function):
    """The calls in a function, without those in functions that are in it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting += ast.iter_child_nodes(node)


def binds(function):
    return any(isinstance(one, ast.Name) and one.id == BINDING
               for one in function.decorator_list)


class Rewriting(ast.NodeTransformer):
    def __init__(self, tree):
        functions = [node for node in ast.walk(tree)
                     if isinstance(node, ast.FunctionDef)]
        self.awaiting, self.awaited = set(), set()
        before = -1
        while len(self.awaiting) != before:
            before = len(self.awaiting)
            for function in functions:
                if any(self.is_awaited(call) for call in own_calls(function)):
                    self.awaiting.add(function.name)
                    if not binds(function):
                        self.awaited.add(function.name)

    def is_awaited(self, call):
        return is_operation(call) or (isinstance(call.func, ast.Name)
                                      and call.func.id in self.awaited)

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        if node.name not in self.awaiting:
            return node
        return ast.copy_location(
            ast.AsyncFunctionDef(**dict(ast.iter_fields(node))), node)

    def visit_Lambda(self, node):
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if not self.is_awaited(node):
            return node
        return ast.copy_location(ast.Await(node), node)


def rewrite(source, path):
    tree = ast.parse(source, path)
    return ast.fix_missing_locations(Rewriting(tree).visit(tree))
