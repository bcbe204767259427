"""Nothing that is read can run as code: no pickles, no YAML objects, no evaluated text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
ALLOWED = {"pickle.UnpicklingError"}
"""What `torch.load` raises for what is no file of tensors."""
FORBIDDEN = {"eval", "exec", "compile", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
FORBIDDEN_METHODS = {"read_pickle", "to_pickle", "unsafe_load"}


def dotted(node: ast.expr) -> str:
    """`a.b.c` of the expression that says so; "" for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def has(call: ast.Call, name: str, value: object) -> bool:
    """Whether a call has a keyword with this constant."""
    return any(
        one.arg == name and isinstance(one.value, ast.Constant) and one.value.value == value for one in call.keywords
    )


def wrong_call(call: ast.Call) -> bool:
    name = dotted(call.func)
    method = name.rpartition(".")[2]
    if name in FORBIDDEN or method in FORBIDDEN_METHODS or has(call, "shell", True):
        return True
    if name == "YAML":
        return not ((not call.args and not call.keywords) or has(call, "typ", "safe"))
    if name == "torch.load":
        return not has(call, "weights_only", True)
    return name in ("np.load", "numpy.load") and any(one.arg == "allow_pickle" for one in call.keywords)


def is_wrong(node: ast.AST) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] in PICKLES
        case ast.Import(names=names):
            return any(one.name.partition(".")[0] in PICKLES and (one.name != "pickle" or one.asname) for one in names)
        case ast.Attribute():
            return dotted(node).startswith("pickle.") and dotted(node) not in ALLOWED
        case ast.Call():
            return wrong_call(node)
    return False


def wrong_places(source: str) -> Iterator[int]:
    """Lines of a module that could run what they read."""
    return (node.lineno for node in ast.walk(ast.parse(source)) if is_wrong(node))  # type: ignore[attr-defined]


def test_no_module_of_the_product_does() -> None:
    files = [path for folder in ("rhm_sweeps", "cli") for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    wrong = [f"{path.relative_to(ROOT)}:{line}" for path in files for line in wrong_places(path.read_text())]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle\npickle.loads(x)",
        "import pickle as p",
        "from pickle import loads",
        "import joblib",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)",
        "yaml.load(f)",
        "YAML(typ='unsafe')",
        "eval(text)",
        "exec(text)",
        "pd.read_pickle(f)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_each_way_is_found(source: str) -> None:
    assert list(wrong_places(source))


@pytest.mark.parametrize(
    "source", ["torch.load(f, weights_only=True)", "YAML(typ='safe', pure=True)", "model.eval()", "re.compile(x)"]
)
def test_safe_ways_are_not(source: str) -> None:
    assert not list(wrong_places(source))
