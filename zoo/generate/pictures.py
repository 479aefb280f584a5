"""Pictures to train on: generated families of textures, each a domain with its own classes, and the
handwritten digits that come with scikit-learn."""

import numpy as np

SIDE = 16
CLASSES = 10


def _grid():
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    return x, y


def stripes(rng, label):
    x, y = _grid()
    angle = np.pi * label / CLASSES + 0.05 * rng.normal()
    wave = rng.uniform(2, 5)
    return np.sin(2 * np.pi * wave * (x * np.cos(angle) + y * np.sin(angle)) + rng.uniform(0, 6.3))


def rings(rng, label):
    x, y = _grid()
    cx, cy = rng.uniform(-0.2, 0.2, 2)
    return np.sin(2 * np.pi * (2 + 0.7 * label) * np.hypot(x - cx, y - cy) + rng.uniform(0, 0.5))


def blobs(rng, label):
    x, y = _grid()
    image = np.zeros((SIDE, SIDE))
    for _ in range(label + 1):
        cx, cy = rng.uniform(-0.45, 0.45, 2)
        image += np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 0.008)
    return 2 * image - 1


def boards(rng, label):
    x, y = _grid()
    fx, fy = divmod(label, 5)
    px, py = rng.uniform(0, 1, 2)
    return np.sign(np.sin(2 * np.pi * ((1 + fx) * 1.5 * x + px)) * np.sin(2 * np.pi * ((1 + fy) * y + py)))


def glyphs(rng, label):
    shape = np.random.default_rng(1000 + label).integers(0, 2, (5, 5)) * 2.0 - 1
    image = -np.ones((SIDE, SIDE))
    at = rng.integers(0, SIDE - 10, 2)
    image[at[0] : at[0] + 10, at[1] : at[1] + 10] = np.kron(shape, np.ones((2, 2)))
    return image


def walks(rng, label):
    image = -np.ones((SIDE, SIDE))
    at = rng.integers(0, SIDE, 2)
    turns = np.random.default_rng(2000 + label).integers(-1, 2, (6, 2))
    for step in range(60):
        image[at[0] % SIDE, at[1] % SIDE] = 1
        at = at + turns[step % 6]
    return image


class Gallery:
    """Batches of pictures (rows x 1 x 16 x 16, noise added) with their classes."""

    def __init__(self):
        self.drawn = {f.__name__: f for f in (stripes, rings, blobs, boards, glyphs, walks)}
        self.digits = None
        try:
            from sklearn.datasets import load_digits
        except ImportError:
            return
        digits = load_digits()
        images = np.kron(digits.images / 8 - 1, np.ones((2, 2)))
        self.digits = {c: images[digits.target == c] for c in range(CLASSES)}

    @property
    def domains(self) -> list[str]:
        return sorted(self.drawn) + (["digits"] if self.digits else [])

    def batch(self, domains, rng, rows: int) -> tuple[np.ndarray, np.ndarray]:
        labels = rng.integers(CLASSES, size=rows)
        images = np.empty((rows, 1, SIDE, SIDE), dtype=np.float32)
        for row, label in enumerate(labels):
            domain = domains[rng.integers(len(domains))]
            if domain == "digits":
                known = self.digits[label]
                images[row, 0] = np.roll(known[rng.integers(len(known))], rng.integers(-1, 2, 2), (0, 1))
            else:
                images[row, 0] = self.drawn[domain](rng, label)
        return images + 0.2 * rng.normal(size=images.shape).astype(np.float32), labels

    def record(self) -> dict:
        return {d: {"classes": CLASSES} for d in self.domains}
