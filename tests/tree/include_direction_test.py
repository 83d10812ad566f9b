"""The include order holds in this tree, and the check can fail."""

import pathlib
import tempfile
import unittest

import include_direction

ROOT = pathlib.Path(__file__).resolve().parents[2]


def violations_in(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return include_direction.violations(root)


class IncludeDirection(unittest.TestCase):
    def test_holds_in_this_tree(self):
        self.assertNotEqual(include_direction.includes_by_file(ROOT), {})
        self.assertEqual(include_direction.violations(ROOT), [])

    def test_allows_what_the_order_allows(self):
        files = {
            "harness/base/error.h": "#include <string>",
            "scalings/plan.h": '#include "harness/base/error.h"',
            "evals/document.h": '#include "harness/base/error.h"',
            "harness/model/llama.h": '#include <torch/torch.h>\n#include "scalings/plan.h"\n#include "evals/document.h"',
            "harness/cli/sweep.cpp": '#include "harness/model/llama.h"',
        }
        self.assertEqual(violations_in(files), [])

    def test_finds_scalings_that_see_evals(self):
        files = {"evals/document.h": "", "scalings/yarn.cpp": '#include "evals/document.h"'}
        self.assertEqual(
            violations_in(files),
            ["scalings/yarn.cpp -> evals/document.h: scalings does not see evals"],
        )

    def test_finds_base_that_sees_a_layer_above(self):
        files = {"scalings/plan.h": "", "harness/base/json.cpp": '# include "scalings/plan.h"'}
        self.assertEqual(len(violations_in(files)), 1)

    def test_finds_torch_that_arrives_through_another_header(self):
        files = {
            "scalings/plan.h": "#include <torch/torch.h>",
            "scalings/yarn.cpp": '#include "scalings/plan.h"',
        }
        self.assertEqual(
            violations_in(files),
            [
                "scalings/plan.h -> torch/torch.h: scalings knows no Torch",
                "scalings/yarn.cpp -> scalings/plan.h -> torch/torch.h: scalings knows no Torch",
            ],
        )

    def test_finds_protocols_below_the_sweep(self):
        files = {
            "evals/passkey.h": "",
            "harness/model/scorer.cpp": '#include "evals/passkey.h"',
            "harness/sweep/cells.cpp": '#include "evals/passkey.h"',
        }
        self.assertEqual(
            violations_in(files),
            ["harness/model/scorer.cpp -> evals/passkey.h: harness/model sees only the plain data of evals"],
        )

    def test_training_sees_protocols_and_the_model_sees_no_training(self):
        files = {
            "evals/retrieval.h": "",
            "harness/model/training/source.h": '#include "evals/retrieval.h"',
            "harness/model/scorer.cpp": '#include "harness/model/training/source.h"',
        }
        self.assertEqual(
            violations_in(files),
            [
                "harness/model/scorer.cpp -> harness/model/training/source.h: "
                "harness/model does not see harness/model/training",
                "harness/model/scorer.cpp -> harness/model/training/source.h -> evals/retrieval.h: "
                "harness/model sees only the plain data of evals",
            ],
        )

    def test_finds_a_path_that_is_not_from_the_root(self):
        files = {"scalings/plan.h": "", "scalings/yarn.cpp": '#include "plan.h"'}
        self.assertEqual(
            violations_in(files),
            ["scalings/yarn.cpp: plan.h: write the path from the root of the repository"],
        )


if __name__ == "__main__":
    unittest.main()
