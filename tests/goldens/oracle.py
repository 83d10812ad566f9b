"""The oracle of scripts/goldens/formulas.py, asked as the tests of this folder ask it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from goldens import formulas  # noqa: E402
from goldens.formula_cases import one  # noqa: E402
from goldens.formulas import run  # noqa: E402

# head_dim, rotary_dim, theta, trained length
LLAMA1 = (128, 128, 10000, 2048)
LLAMA2 = (128, 128, 10000, 4096)
LLAMA3 = (128, 128, 500000, 8192)
LLAMA32 = (64, 64, 500000, 8192)
TINY = (64, 64, 10000, 2048)
GPT_OSS = (64, 64, 150000, 4096)


def plain(geometry=LLAMA1):
    return run([], geometry, geometry[3]).sets[0]


def frequencies(method, geometry, length=None, **parameters):
    return run(one(method, **parameters), geometry, length or geometry[3]).sets[0]

