"""An n-gram language model with interpolated modified Kneser-Ney smoothing: the baseline of a model card.

Source: Chen and Goodman 1998 (TR-10-98), sections 3 and 5.2; Heafield et al. 2013 for the uniform
distribution below the unigrams and for the discounts of degenerate counts. An n-gram is one int64:
its tokens as the digits of a number to base V, the oldest first, so that the last k digits are its
suffix and all but the last one its history.
"""

import dataclasses

import numpy

# Where a text is too small to estimate discounts (lmplz --discount_fallback).
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)


@dataclasses.dataclass(frozen=True)
class Order:
    """Everything about the k-grams of one k, ready to be looked up."""

    grams: numpy.ndarray  # codes, ascending
    discounted: numpy.ndarray  # max(c - D(c), 0) / c(history)
    histories: numpy.ndarray  # codes, ascending
    backoff: numpy.ndarray  # the mass that a history leaves to the order below


def discounts(counts):
    """D1, D2 and D3+ (Chen and Goodman, equation 26)."""
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if min(n1, n2, n3) > 0:
        y = n1 / (n1 + 2 * n2)
        found = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
        if all(0 <= d <= k for k, d in enumerate(found, 1)):
            return found
    return FALLBACK_DISCOUNTS


def order_of(grams, counts, vocabulary):
    """Of distinct k-grams in ascending order, with their (continuation) counts."""
    by_count = numpy.array([0.0, *discounts(counts)])[numpy.minimum(counts, 3)]
    histories, first = numpy.unique(grams // vocabulary, return_index=True)
    totals = numpy.add.reduceat(counts, first)
    of_gram = numpy.repeat(numpy.arange(len(histories)), numpy.diff([*first, len(grams)]))
    return Order(
        grams=grams,
        discounted=(counts - by_count) / totals[of_gram],
        histories=histories,
        backoff=numpy.add.reduceat(by_count, first) / totals,
    )


def lookup(keys, values, wanted, missing):
    place = numpy.minimum(numpy.searchsorted(keys, wanted), len(keys) - 1)
    return numpy.where(keys[place] == wanted, values[place], missing)


class NGram:
    """p(token | the order - 1 tokens before it). Texts start behind order - 1 times `bos`."""

    def __init__(self, texts, order, vocabulary, bos):
        if vocabulary**order >= 2**63:
            raise ValueError(f"{order}-grams of {vocabulary} tokens do not fit into 64 bits")
        self.vocabulary, self.bos, self.order = vocabulary, bos, order
        codes = numpy.concatenate([self.codes(text) for text in texts])
        grams, counts = numpy.unique(codes, return_counts=True)
        self.orders = [order_of(grams, counts, vocabulary)]
        for k in range(order - 1, 0, -1):
            # Below the top, a k-gram counts once for every token it was seen behind.
            grams, counts = numpy.unique(grams % vocabulary**k, return_counts=True)
            self.orders.insert(0, order_of(grams, counts, vocabulary))

    def codes(self, tokens):
        """The n-gram that ends with each of the tokens."""
        padded = numpy.concatenate([numpy.full(self.order - 1, self.bos), tokens]).astype(numpy.int64)
        codes = numpy.zeros(len(tokens), numpy.int64)
        for i in range(self.order):
            codes = codes * self.vocabulary + padded[i : i + len(tokens)]
        return codes

    def nll(self, tokens):
        """-log p of every token of a text, in nats."""
        codes = self.codes(tokens)
        probability = numpy.full(len(tokens), 1.0 / self.vocabulary)
        for k, order in enumerate(self.orders, 1):
            gram = codes % self.vocabulary**k
            backoff = lookup(order.histories, order.backoff, gram // self.vocabulary, 1.0)
            probability = lookup(order.grams, order.discounted, gram, 0.0) + backoff * probability
        return -numpy.log(probability)
