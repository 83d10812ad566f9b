"""scripts/ngram.py against the formula written with dictionaries, token by token."""

import collections
import pathlib
import random
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import numpy  # noqa: E402

import ngram  # noqa: E402

BOS = 0


class Formula:
    """Interpolated modified Kneser-Ney as Chen and Goodman write it, with no regard to speed."""

    def __init__(self, texts, order, vocabulary):
        self.order, self.vocabulary = order, vocabulary
        counts = collections.Counter()
        for text in texts:
            padded = [BOS] * (order - 1) + text
            for i in range(len(text)):
                counts[tuple(padded[i : i + order])] += 1
        self.counts = {order: counts}
        for k in range(order - 1, 0, -1):
            self.counts[k] = collections.Counter(gram[1:] for gram in self.counts[k + 1])
        self.discounts = {k: self.estimate(counts) for k, counts in self.counts.items()}

    @staticmethod
    def estimate(counts):
        n = collections.Counter(counts.values())
        if n[1] and n[2] and n[3]:
            y = n[1] / (n[1] + 2 * n[2])
            found = {k: k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)}
            if all(0 <= found[k] <= k for k in found):
                return found
        return {1: 0.5, 2: 1.0, 3: 1.5}

    def probability(self, token, history):
        k = len(history) + 1
        below = 1 / self.vocabulary if k == 1 else self.probability(token, history[1:])
        followers = {gram[-1]: count for gram, count in self.counts[k].items() if gram[:-1] == history}
        if not followers:
            return below
        discount = lambda count: self.discounts[k][min(count, 3)] if count else 0.0
        left = sum(discount(count) for count in followers.values())
        count = followers.get(token, 0)
        return (count - discount(count) + left * below) / sum(followers.values())


def texts_of(seed, vocabulary, lengths):
    """A few frequent tokens and many rare ones, so that every discount can be estimated."""
    draw = random.Random(seed)
    return [[1 + int((vocabulary - 1) * draw.random() ** 3) for _ in range(length)] for length in lengths]


class NGram(unittest.TestCase):
    def test_is_the_formula(self):
        vocabulary, order = 40, 3
        train = texts_of(1, vocabulary, [400, 300])
        model = ngram.NGram([numpy.array(text) for text in train], order, vocabulary, BOS)
        formula = Formula(train, order, vocabulary)
        self.assertNotEqual(formula.discounts[2], formula.discounts[1])  # estimated, not fallen back
        text = texts_of(2, vocabulary, [60])[0]
        padded = [BOS] * (order - 1) + text
        expected = [
            formula.probability(token, tuple(padded[i : i + order - 1])) for i, token in enumerate(text)
        ]
        numpy.testing.assert_allclose(numpy.exp(-model.nll(numpy.array(text))), expected, rtol=1e-12)

    def test_probabilities_of_all_tokens_add_up_to_one(self):
        vocabulary = 30
        train = [numpy.array(text) for text in texts_of(3, vocabulary, [500])]
        model = ngram.NGram(train, 4, vocabulary, BOS)
        for history in ([], [5], list(train[0][10:13]), [29, 29, 29]):
            total = sum(
                numpy.exp(-model.nll(numpy.array([*history, token]))[-1]) for token in range(vocabulary)
            )
            self.assertAlmostEqual(total, 1.0, places=12)

    def test_two_bigrams_by_hand(self):
        # Texts "1 2" and "1 3", V = 4, discounts of so few counts: 0.5, 1, 1.5.
        model = ngram.NGram([numpy.array([1, 2]), numpy.array([1, 3])], 2, 4, BOS)
        # Unigrams by what they stand behind: 1 behind {BOS}, 2 behind {1}, 3 behind {1}.
        unigram = 0.5 / 3 + 1.5 / 3 / 4
        after_bos = 1.0 / 2 + 1.0 / 2 * unigram  # seen twice: discount 1
        after_one = 0.5 / 2 + 1.0 / 2 * unigram  # two followers, 0.5 from each
        numpy.testing.assert_allclose(
            numpy.exp(-model.nll(numpy.array([1, 3]))), [after_bos, after_one], rtol=1e-15
        )

    def test_discounts_are_chen_and_goodmans(self):
        counts = numpy.repeat([1, 2, 3, 4], [8, 4, 2, 1])
        numpy.testing.assert_allclose(ngram.discounts(counts), (0.5, 1.25, 2.0))

    def test_refuses_codes_that_do_not_fit(self):
        with self.assertRaisesRegex(ValueError, "do not fit into 64 bits"):
            ngram.NGram([numpy.array([1])], 6, 2048, BOS)


if __name__ == "__main__":
    unittest.main()
