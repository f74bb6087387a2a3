"""The suite's cases: which functions make a model, and in which environments.

A case is a function in `cases/<kind>.py` under `@case(ENVIRONMENT, ...)`. It takes the folder to save
the model in and returns the truth about it (see `truth.py`), taken from the live objects. The first
line of its docstring describes it. Its name in reports is `<environment>/<kind>/<function>`.

The driver has no TensorFlow and the environments are not always there, so cases are found by reading
the files, not by importing them. Needs the standard library only.
"""

import ast
import hashlib
import pathlib
import re

ALL = ("tf115", "tf24", "tf212", "tf215", "tf221")
KERAS2 = ("tf24", "tf212", "tf215", "tf221")
KERAS2_NEW = ("tf212", "tf215", "tf221")
MODULES = ("tf24", "tf215", "tf221")
TF1 = ("tf115", "tf221")

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE / "cases"

# What every case depends on, whatever its kind.
COMMON = ("registry.py", "frameworks.py", "truth.py", "make_cases.py")


def case(*environments):
    """Marks a function as a case of these environments."""

    def mark(function):
        function.environments = environments
        return function

    return mark


def kinds():
    """The modules of cases, by name."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def cases_of(kind, environment):
    """Names of the cases that `kind` has for `environment`, in the order of the file."""
    found = []
    for node in ast.parse((FOLDER / (kind + ".py")).read_text()).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", None) == "case":
                expression = ast.fix_missing_locations(ast.Expression(decorator))
                mark = eval(compile(expression, kind, "eval"), globals())
                if environment in mark(lambda: None).environments:
                    found.append(node.name)
    return found


def fingerprint(kind, environment):
    """Changes whenever the models of this kind may come out differently."""
    own = FOLDER / (kind + ".py")
    borrowed = [FOLDER / (other + ".py") for other in re.findall(r"^from cases\.(\w+) import", own.read_text(), re.M)]
    files = [HERE / name for name in COMMON] + [own] + borrowed + [HERE / "environments" / (environment + ".txt")]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
