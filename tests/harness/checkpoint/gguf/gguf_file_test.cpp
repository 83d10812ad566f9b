#include "harness/checkpoint/gguf/gguf_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/error_text.h"
#include "tests/support/gguf_bytes.h"

namespace checkpoint {
namespace {

using tests::GgufBytes;

constexpr int64_t most = std::numeric_limits<int64_t>::max();
constexpr uint32_t f32 = 0;
constexpr uint32_t q4_0 = 2;

std::string refusal(const std::string& file) {
  return tests::error_text([&] { parse_gguf(file, "f"); });
}

TEST(GgufFile, ReadsEveryKindOfMetadata) {
  GgufBytes file(0, 15);
  file.key("u8", 0).number(uint8_t{255}).key("i8", 1).number(int8_t{-1});
  file.key("u16", 2).number(uint16_t{65535}).key("i16", 3).number(int16_t{-2});
  file.key("u32", 4).number(uint32_t{4294967295}).key("i32", 5).number(int32_t{-3});
  file.key("f32", 6).number(0.5f).key("bool", 7).number(uint8_t{1}).key("text", 8).text("hallo");
  file.key("u64", 10).number(uint64_t{1} << 62).key("i64", 11).number(int64_t{-4});
  file.key("f64", 12).number(0.1);
  file.key("texts", 9).number(uint32_t{8}).number(uint64_t{2}).text("a").text("");
  file.key("bools", 9).number(uint32_t{7}).number(uint64_t{2}).raw(std::string("\1\0", 2));
  file.key("floats", 9).number(uint32_t{6}).number(uint64_t{1}).number(2.5f);
  const GgufHeader header = parse_gguf(file, "f");
  const auto& data = header.metadata;
  EXPECT_EQ(header.version, 3u);
  EXPECT_EQ(data.size(), 15u);
  EXPECT_EQ(data.at("u8"), GgufValue(int64_t{255}));
  EXPECT_EQ(data.at("i8"), GgufValue(int64_t{-1}));
  EXPECT_EQ(data.at("u16"), GgufValue(int64_t{65535}));
  EXPECT_EQ(data.at("i16"), GgufValue(int64_t{-2}));
  EXPECT_EQ(data.at("u32"), GgufValue(int64_t{4294967295}));
  EXPECT_EQ(data.at("i32"), GgufValue(int64_t{-3}));
  EXPECT_EQ(data.at("f32"), GgufValue(0.5));
  EXPECT_EQ(data.at("bool"), GgufValue(true));
  EXPECT_EQ(data.at("text"), GgufValue(std::string_view("hallo")));
  EXPECT_EQ(data.at("u64"), GgufValue(int64_t{1} << 62));
  EXPECT_EQ(data.at("i64"), GgufValue(int64_t{-4}));
  EXPECT_EQ(data.at("f64"), GgufValue(0.1));
  EXPECT_EQ(data.at("texts"), GgufValue(GgufArray{{"a", ""}, {}, {}}));
  EXPECT_EQ(data.at("bools"), GgufValue(GgufArray{{}, {1, 0}, {}}));
  EXPECT_EQ(data.at("floats"), GgufValue(GgufArray{{}, {}, {2.5}}));
}

TEST(GgufFile, ReadsTensorsWithTheFastestDimensionLast) {
  GgufBytes file(3, 0, 2);
  file.tensor("a", {64, 3}, q4_0, 0).tensor("b", {5}, f32, 128).tensor("c", {}, f32, 160).data(164);
  const GgufHeader header = parse_gguf(file, "f");
  ASSERT_EQ(header.tensors.size(), 3u);
  const auto size = static_cast<int64_t>(file.str().size());
  EXPECT_EQ(header.tensors[0].shape, (std::vector<int64_t>{3, 64}));
  EXPECT_EQ(header.tensors[0].bytes, 6 * 18);
  EXPECT_EQ(header.tensors[0].begin, size - 164);
  EXPECT_EQ(header.tensors[0].elements(), 192);
  EXPECT_EQ(header.tensors[1].begin, size - 36);
  EXPECT_EQ(header.tensors[2].bytes, 4);
  EXPECT_EQ(header.tensors[2].begin + 4, size);
}

TEST(GgufFile, PadsToTheAlignmentThatTheFileStates) {
  GgufBytes file(2, 1);
  file.key("general.alignment", 4).number(uint32_t{64});
  file.tensor("a", {1}, f32, 0).tensor("b", {1}, f32, 64).data(68, 64);
  EXPECT_EQ(parse_gguf(file, "f").tensors[1].begin % 64, 0);
}

// The file before its header is believed.

TEST(GgufFile, RefusesWhatIsNoGgufOfAKnownVersion) {
  EXPECT_EQ(refusal(""), "f: byte 0: does not begin with GGUF: this is no GGUF file");
  EXPECT_EQ(refusal("GGML0000"), "f: byte 0: does not begin with GGUF: this is no GGUF file");
  EXPECT_EQ(refusal("GGUF"),
            "f: byte 4: the version takes 4 bytes, but only 0 follow; the file is cut; download it "
            "again");
  EXPECT_EQ(refusal(GgufBytes(0, 0, 1)),
            "f: byte 4: is GGUF version 1; versions 2 and 3 can be read; convert it with a current "
            "llama.cpp");
  EXPECT_EQ(refusal(GgufBytes(0, 0, 4)),
            "f: byte 4: is GGUF version 4; versions 2 and 3 can be read; convert it with a current "
            "llama.cpp");
  EXPECT_EQ(refusal(GgufBytes(0, 0, 3u << 24)),
            "f: byte 4: is big-endian, which is not supported; convert it to little-endian");
}

TEST(GgufFile, RefusesCountsThatTheFileCannotHold) {
  EXPECT_EQ(
      refusal(GgufBytes(1, 0)),
      "f: byte 8: the number of tensors is 1, more than fit into the 8 bytes that follow; the "
      "file is cut or damaged; download it again");
  EXPECT_EQ(refusal(GgufBytes(~uint64_t{0}, 0)),
            "f: byte 8: the number of tensors is 18446744073709551615, more than fit into the 8 "
            "bytes that follow; the file is cut or damaged; download it again");
  EXPECT_EQ(refusal(GgufBytes(0, 2).key("k", 0).number(uint8_t{1})),
            "f: byte 16: the number of keys is 2, more than fit into the 14 bytes that follow; the "
            "file is cut or damaged; download it again");
}

TEST(GgufFile, RefusesEveryTruncationOfASoundFile) {
  GgufBytes file(1, 2);
  file.key("list", 9).number(uint32_t{8}).number(uint64_t{2}).text("a").text("bc");
  file.key("n", 12).number(1.0).tensor("t", {32}, q4_0, 0).data(18);
  EXPECT_EQ(refusal(file), "no error");
  for (size_t size = 0; size < file.str().size(); ++size) {
    EXPECT_NE(refusal(file.str().substr(0, size)), "no error") << size;
  }
}

// Metadata.

TEST(GgufFile, RefusesTextsAndArraysBeyondTheFile) {
  EXPECT_EQ(refusal(GgufBytes(0, 1).number(~uint64_t{0}).raw("12345")),
            "f: byte 32: a key takes 18446744073709551615 bytes, but only 5 follow; the file is "
            "cut; download it again");
  const auto array = [](uint32_t type, uint64_t count) {
    return GgufBytes(0, 1).key("k", 9).number(type).number(count).raw("12345678").str();
  };
  EXPECT_EQ(refusal(array(10, 1)), "no error");
  EXPECT_EQ(refusal(array(10, 2)),
            "f: byte 41: the length of an array is 2, more than fit into the 8 bytes that follow; "
            "the file is cut or damaged; download it again");
  EXPECT_EQ(refusal(array(8, uint64_t{1} << 61)),
            "f: byte 41: the length of an array is 2305843009213693952, more than fit into the 8 "
            "bytes that follow; the file is cut or damaged; download it again");
  EXPECT_EQ(refusal(array(9, 1)), "f: byte 37: an array of arrays is not supported");
  EXPECT_EQ(refusal(array(13, 1)), "f: byte 37: 13 is not a type of metadata (0 to 12)");
}

// A byte of the file would take eight in memory, and running out of it is no answer.
TEST(GgufFile, RefusesArraysThatNoModelHas) {
  constexpr uint64_t half = uint64_t{1} << 23;
  const auto two = [](uint64_t first, uint64_t second) {
    return GgufBytes(0, 2)
        .key("a", 9)
        .number(uint32_t{0})
        .number(first)
        .raw(std::string(first, '\0'))
        .key("b", 9)
        .number(uint32_t{0})
        .number(second)
        .raw(std::string(second, '\0'))
        .str();
  };
  EXPECT_EQ(refusal(two(half, half)), "no error");
  EXPECT_EQ(refusal(two(half, half + 1)),
            "f: byte 8388670: \"b\" has 8388609 elements, which makes more than the 16777216 that "
            "are read of all arrays");
}

TEST(GgufFile, RefusesKeysAndValuesThatMakeNoSense) {
  EXPECT_EQ(refusal(GgufBytes(0, 1).key("", 0).number(uint8_t{1}).raw("     ")),
            "f: byte 24: a key is empty");
  EXPECT_EQ(refusal(GgufBytes(0, 1).key("\xff", 0).number(uint8_t{1})),
            "f: byte 24: a key is not valid UTF-8");
  EXPECT_EQ(refusal(GgufBytes(0, 2).key("k", 0).number(uint8_t{1}).key("k", 0).number(uint8_t{2})),
            "f: byte 38: the key \"k\" is there twice");
  EXPECT_EQ(refusal(GgufBytes(0, 1).key("k", 7).number(uint8_t{2})),
            "f: byte 37: a boolean must be 0 or 1 (got 2)");
  EXPECT_EQ(refusal(GgufBytes(0, 1).key("k", 10).number(uint64_t{1} << 63)),
            "f: byte 37: 9223372036854775808 is above 2^63 - 1, which is not supported");
}

TEST(GgufFile, RefusesAnAlignmentThatIsNone) {
  const auto alignment = [](uint32_t value) {
    return GgufBytes(0, 1).key("general.alignment", 4).number(value).str();
  };
  for (const uint32_t value : {1u, 32u, 1u << 20}) EXPECT_EQ(refusal(alignment(value)), "no error");
  for (const uint32_t value : {0u, 33u, 1u << 21, ~0u}) {
    EXPECT_EQ(refusal(alignment(value)),
              "f: general.alignment: must be a power of two from 1 to 1048576");
  }
  EXPECT_EQ(refusal(GgufBytes(0, 1).key("general.alignment", 8).text("32")),
            "f: general.alignment: must be a power of two from 1 to 1048576");
}

// Tensors.

std::string one(std::initializer_list<int64_t> sizes, uint32_t type, size_t bytes) {
  return refusal(GgufBytes(1).tensor("t", sizes, type, 0).data(bytes));
}

TEST(GgufFile, RefusesShapesAndTypesThatMakeNoSense) {
  EXPECT_EQ(one({32}, q4_0, 18), "no error");
  EXPECT_EQ(one({0, 5}, f32, 0), "no error");
  EXPECT_EQ(one({32}, 4, 18), "f: byte 24: tensor \"t\" has type 4, which GGML does not have");
  EXPECT_EQ(one({32}, 1000, 18),
            "f: byte 24: tensor \"t\" has type 1000, which GGML does not have");
  EXPECT_EQ(one({33}, q4_0, 18),
            "f: byte 24: tensor \"t\" has rows of 33, no whole number of Q4_0 blocks of 32");
  EXPECT_EQ(one({}, q4_0, 18),
            "f: byte 24: tensor \"t\" has rows of 1, no whole number of Q4_0 blocks of 32");
  EXPECT_EQ(one({-1}, f32, 18), "f: byte 24: tensor \"t\" has a dimension of -1");
  EXPECT_EQ(one({1, 1, 1, 1, 1}, f32, 4), "f: byte 24: tensor \"t\" has 5 dimensions, more than 4");
  EXPECT_EQ(refusal(GgufBytes(1).tensor(std::string(64, 'n'), {1}, f32, 0).data(4)),
            "f: byte 24: tensor \"" + std::string(64, 'n') + "\" has a name of more than 63 bytes");
  EXPECT_EQ(refusal(GgufBytes(1).tensor(std::string(63, 'n'), {1}, f32, 0).data(4)), "no error");
}

// Every product and sum at the edge of 63 bits.
TEST(GgufFile, RefusesSizesThatOverflow) {
  EXPECT_EQ(one({most}, 24, 4), "f: tensor \"t\": ends at 2^63 bytes or more");  // I8
  EXPECT_EQ(one({most - 31}, 24, 4),
            "f: tensor \"t\": ends beyond the file, which has 68 bytes; the file is cut; download "
            "it again");
  EXPECT_EQ(one({most / 4 + 1}, f32, 4),
            "f: byte 24: tensor \"t\" of shape [2305843009213693952] has 2^63 bytes or more");
  EXPECT_EQ(one({most / 2 + 1, 2}, 24, 4),
            "f: byte 24: tensor \"t\" of shape [2, 4611686018427387904] has 2^63 bytes or more");
  EXPECT_EQ(one({int64_t{1} << 32, int64_t{1} << 32}, f32, 4),
            "f: byte 24: tensor \"t\" of shape [4294967296, 4294967296] has 2^63 bytes or more");
  // Two tensors that are sound alone.
  EXPECT_EQ(refusal(GgufBytes(2)
                        .tensor("a", {int64_t{1} << 62}, 24, 0)
                        .tensor("b", {int64_t{1} << 62}, 24, uint64_t{1} << 62)
                        .data(4)),
            "f: tensor \"b\": ends at 2^63 bytes or more");
}

TEST(GgufFile, RefusesHolesOverlapsAndTensorsBeyondTheFile) {
  const auto two = [](uint64_t offset, size_t bytes) {
    return refusal(GgufBytes(2).tensor("a", {9}, f32, 0).tensor("b", {1}, f32, offset).data(bytes));
  };
  EXPECT_EQ(two(64, 68), "no error");
  EXPECT_EQ(two(32, 68), "f: tensor \"b\": begins at offset 32, but the one before it ends at 64");
  EXPECT_EQ(two(96, 100), "f: tensor \"b\": begins at offset 96, but the one before it ends at 64");
  EXPECT_EQ(two(~uint64_t{0}, 68),
            "f: tensor \"b\": begins at offset 18446744073709551615, but the one before it ends at "
            "64");
  EXPECT_EQ(two(64, 67),
            "f: tensor \"b\": ends beyond the file, which has 163 bytes; the file is cut; download "
            "it again");
  EXPECT_EQ(refusal(GgufBytes(2).tensor("a", {1}, f32, 0).tensor("a", {1}, f32, 32).data(36)),
            "f: tensor \"a\": is there twice");
}

}  // namespace
}  // namespace checkpoint
