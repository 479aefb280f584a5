"""Batches for one training step of each kind of network."""

from pathlib import Path

import numpy as np
import torch

from pictures import Gallery
from texts import Corpus

ROWS, LENGTH = 8, 96
MASKED = 0.2


class Bytes:
    """Rows of bytes for a decoder."""

    def __init__(self, corpus: Corpus):
        self.corpus, self.domains = corpus, corpus.domains

    def batch(self, plan, rng, rows=ROWS, held_out=False):
        windows = self.corpus.windows(plan.domains, rng, rows, LENGTH + 1, held_out)
        return (torch.from_numpy(windows),)


class Tokens:
    """Token ids for an encoder: bytes, or word pieces of a vocabulary file."""

    def __init__(self, corpus: Corpus, vocabulary: Path | None = None):
        self.corpus, self.domains, self.pieces = corpus, corpus.domains, None
        self.mask, self.length, self.rows = 1, 64, 12
        if vocabulary:
            words = vocabulary.read_text(encoding="utf-8").split("\n")
            self.pieces = {w: k for k, w in enumerate(words)}
            self.mask, self.length, self.rows = self.pieces["[MASK]"], 32, 12

    def _ids(self, window: np.ndarray) -> np.ndarray:
        if self.pieces is None:
            return window[: self.length]
        ids = [self.pieces["[CLS]"]]
        for word in bytes(window.astype(np.uint8)).decode("utf-8", "ignore").lower().split():
            ids += self._word(word)
            if len(ids) >= self.length:
                break
        return np.array((ids + [self.pieces["[PAD]"]] * self.length)[: self.length])

    def _word(self, word: str) -> list:
        """Longest pieces first, from the left."""
        ids, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self.pieces:
                    ids.append(self.pieces[piece])
                    break
            else:
                return [self.pieces["[UNK]"]]
            start = end
        return ids

    def batch(self, plan, rng, rows=None, held_out=False):
        rows = rows or self.rows
        width = self.length * (8 if self.pieces else 1)
        if plan.task == "classes":
            labels = rng.integers(len(plan.domains), size=rows)
            windows = np.stack([self.corpus.windows([plan.domains[k]], rng, 1, width, held_out)[0] for k in labels])
            tokens = np.stack([self._ids(w) for w in windows])
            return plan.task, torch.from_numpy(tokens), torch.from_numpy(labels)
        windows = self.corpus.windows(plan.domains, rng, rows, 2 * width, held_out)
        tokens = torch.from_numpy(np.stack([self._ids(w[:width]) for w in windows]))
        if plan.task == "neighbours":
            return plan.task, tokens, torch.from_numpy(np.stack([self._ids(w[width:]) for w in windows]))
        hidden = torch.from_numpy(rng.random(tokens.shape) < MASKED)
        return plan.task, tokens.masked_fill(hidden, self.mask), tokens.masked_fill(~hidden, -100)


class Pictures:
    def __init__(self, gallery: Gallery, rows=24):
        self.gallery, self.domains, self.rows = gallery, gallery.domains, rows

    def batch(self, plan, rng, rows=None, held_out=False):
        images, labels = self.gallery.batch(plan.domains, rng, rows or self.rows)
        return torch.from_numpy(images), torch.from_numpy(labels)
