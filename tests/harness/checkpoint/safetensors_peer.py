"""The safetensors package reads what we write, and writes what we read.

    safetensors_peer.py read FILE     prints name, dtype, shape and SHA-256 of the bytes of every tensor
    safetensors_peer.py write FILE    writes tensors of several dtypes and ranks, and prints the same
"""

import hashlib
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import save_file


def describe(path):
    with safe_open(path, framework="numpy") as file:
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            digest = hashlib.sha256(tensor.tobytes()).hexdigest()
            print(name, tensor.dtype.name, list(tensor.shape), digest)


def write(path):
    random = numpy.random.default_rng(1)
    tensors = {
        "scalar": numpy.array(3.5, numpy.float32),
        "empty": numpy.zeros((0, 4), numpy.float16),
        "half": random.standard_normal((3, 5)).astype(numpy.float16),
        "single": random.standard_normal((2, 3, 4)).astype(numpy.float32),
        "double": random.standard_normal(7),
        "bytes": random.integers(0, 255, 3).astype(numpy.uint8),
    }
    save_file(tensors, path, metadata={"format": "np"})


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2])
    describe(sys.argv[2])
