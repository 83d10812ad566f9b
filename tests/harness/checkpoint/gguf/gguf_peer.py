"""The gguf package reads what we read.

    gguf_peer.py write FILE    writes tensors of every type that can be computed with, and prints them
    gguf_peer.py read FILE     prints name, type, shape and SHA-256 of the float32 values of every tensor
"""

import hashlib
import sys

import gguf
import numpy

QUANTISED_BY_THE_PACKAGE = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"]
# Where the scales in float16 stand in a block; all else may be any bytes.
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}  # fmt: skip


def random_blocks(random, kind, rows, blocks):
    """Any bytes, but scales that are finite numbers of every size, subnormal ones among them."""
    _, size = gguf.GGML_QUANT_SIZES[kind]
    data = random.integers(0, 256, (rows, blocks, size), dtype=numpy.uint8)
    for at in SCALES[kind.name]:
        data[:, :, at + 1] &= 0xBB  # an exponent below 31
    return data.reshape(rows, blocks * size)


def write(path):
    random = numpy.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(77)
    writer.add_array("list", ["a", "\u00e9"])
    for name in QUANTISED_BY_THE_PACKAGE:
        kind = gguf.GGMLQuantizationType[name]
        values = (random.standard_normal((3, 512)) * 10.0 ** random.integers(-6, 4, (3, 512))).astype(numpy.float32)
        writer.add_tensor(f"normal.{name}", gguf.quants.quantize(values, kind), raw_dtype=kind)
    for name in SCALES:
        kind = gguf.GGMLQuantizationType[name]
        writer.add_tensor(f"random.{name}", random_blocks(random, kind, 64, 4), raw_dtype=kind)
    halves = numpy.arange(65536, dtype=numpy.uint16)
    writer.add_tensor("every.F16", halves[(halves & 0x7C00) != 0x7C00].view(numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def describe(path):
    for tensor in gguf.GGUFReader(path).tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        shape = [int(size) for size in reversed(tensor.shape)]
        print(tensor.name, tensor.tensor_type.name, shape, hashlib.sha256(values.tobytes()).hexdigest())


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2])
    describe(sys.argv[2])
