#include "harness/checkpoint/safetensors_header.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/error_text.h"
#include "tests/support/safetensors_bytes.h"

namespace checkpoint {
namespace {

SafetensorsHeader parse(const std::string& file) {
  return parse_safetensors_header(file, std::ssize(file), "f");
}

std::string refusal(const std::string& header, size_t data_bytes) {
  return tests::error_text(
      [&] { parse(tests::safetensors_bytes(header, std::string(data_bytes, 'x'))); });
}

TEST(SafetensorsHeader, ReadsTensorsInTheOrderOfTheirBytes) {
  const std::string text =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16]},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )";
  const SafetensorsHeader header = parse(tests::safetensors_bytes(text, std::string(16, 'x')));
  const int64_t data = 8 + std::ssize(text);
  EXPECT_EQ(header.tensors, (std::vector<TensorEntry>{{"a", "F32", {}, data, data + 4},
                                                      {"b", "BF16", {2, 3}, data + 4, data + 16}}));
  EXPECT_EQ(header.metadata.at("format"), "pt");
}

TEST(SafetensorsHeader, EmptyTensorsMayShareAnOffset) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]},)"
                    R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                    R"("c":{"dtype":"U8","shape":[9223372036854775807,0,9],"data_offsets":[0,0]}})",
                    4),
            "no error");
}

TEST(SafetensorsHeader, SubByteTensorsMustFillWholeBytes) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F4","shape":[6],"data_offsets":[0,3]}})", 3), "no error");
  EXPECT_EQ(refusal(R"({"a":{"dtype":"F4","shape":[7],"data_offsets":[0,3]}})", 3),
            "f: tensor \"a\"/shape: [7] of F4 is no whole number of bytes below 2^63");
}

// The file before its header is believed.

TEST(SafetensorsHeader, RefusesAFileTooShortForALength) {
  EXPECT_EQ(tests::error_text([] { parse("1234567"); }),
            "f: byte 0: has 7 bytes, too few for a safetensors file; download it again");
  EXPECT_EQ(tests::error_text([] { parse(""); }),
            "f: byte 0: has 0 bytes, too few for a safetensors file; download it again");
}

TEST(SafetensorsHeader, RefusesAHeaderBeyondTheFile) {
  std::string file = tests::safetensors_bytes("{}", "");
  file[0] = 3;
  EXPECT_EQ(tests::error_text([&] { parse(file); }),
            "f: byte 0: claims a header of 3 bytes, but only 2 follow; the file is cut; download "
            "it again");
  file.resize(9);
  file[0] = 2;
  EXPECT_EQ(tests::error_text([&] { parse(file); }),
            "f: byte 0: claims a header of 2 bytes, but only 1 follow; the file is cut; download "
            "it again");
}

TEST(SafetensorsHeader, RefusesABogusLengthAtTheBoundaries) {
  EXPECT_EQ(tests::error_text([] { parse(std::string(8, '\xff') + "{}"); }),
            "f: byte 0: claims a header of 18446744073709551615 bytes, above the format's limit of "
            "100000000; this is not a safetensors file");
  // 100,000,001 is one too many; 100,000,000 is only beyond this file.
  EXPECT_EQ(tests::error_text([] { parse(std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10)); }),
            "f: byte 0: claims a header of 100000001 bytes, above the format's limit of 100000000; "
            "this is not a safetensors file");
  EXPECT_EQ(tests::error_text([] { parse(std::string("\x00\xe1\xf5\x05\0\0\0\0{}", 10)); }),
            "f: byte 0: claims a header of 100000000 bytes, but only 2 follow; the file is cut; "
            "download it again");
}

TEST(SafetensorsHeader, KnowsAPickleUnderAnotherName) {
  EXPECT_EQ(tests::error_text([] { parse(std::string("PK\x03\x04\0\0\x08\x08 archive", 16)); }),
            "f: byte 0: claims a header of 578712552184433488 bytes, above the format's limit of "
            "100000000; this looks like a PyTorch pickle file under another name: convert it");
}

TEST(SafetensorsHeader, RefusesWhatIsNoJsonObject) {
  EXPECT_EQ(refusal("", 0), "f: byte 8: header does not begin with '{'");
  EXPECT_EQ(refusal(" {}", 0), "f: byte 8: header does not begin with '{'");
  EXPECT_EQ(refusal("[]", 0), "f: byte 8: header does not begin with '{'");
  EXPECT_EQ(refusal("{\"a\xff\":1}", 0), "f: byte 11: header is not valid UTF-8");
  EXPECT_EQ(refusal("{} {}", 0).rfind("f: header: line 1, column 4: not JSON: ", 0), 0u)
      << refusal("{} {}", 0);
}

TEST(SafetensorsHeader, RefusesDuplicateKeys) {
  EXPECT_EQ(refusal(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                    R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"shape":[1]}})",
                    1),
            "f: header /a: duplicate key; keep one of the two\n"
            "f: header /a/shape: duplicate key; keep one of the two\n"
            "f: tensor \"a\"/data_offsets: [0, 2] hold 2 bytes, but U8 [1] takes 1");
}

// Each tensor.

struct Bad {
  const char* tensor;
  const char* message;
};

TEST(SafetensorsHeader, NamesTensorAndFieldOfEveryWrongValue) {
  for (const Bad& bad : {
           Bad{"7", "tensor \"a\": must be an object (got 7)"},
           Bad{R"({"shape":[1],"data_offsets":[0,1]})", "tensor \"a\"/dtype: missing"},
           Bad{R"({"dtype":"U8","data_offsets":[0,1]})", "tensor \"a\"/shape: missing"},
           Bad{R"({"dtype":"U8","shape":[1]})", "tensor \"a\"/data_offsets: missing"},
           Bad{R"({"dtype":"Q4_0","shape":[1],"data_offsets":[0,1]})",
               "tensor \"a\"/dtype: unknown dtype \"Q4_0\""},
           Bad{R"({"dtype":8,"shape":[1],"data_offsets":[0,1]})",
               "tensor \"a\"/dtype: must be a string (got 8)"},
           Bad{R"({"dtype":"U8","shape":[-1],"data_offsets":[0,1]})",
               "tensor \"a\"/shape/0: must be an integer in [0, 9223372036854775807] (got -1)"},
           Bad{R"({"dtype":"U8","shape":[0.5],"data_offsets":[0,1]})",
               "tensor \"a\"/shape/0: must be an integer in [0, 9223372036854775807] (got 0.5)"},
           Bad{R"({"dtype":"U8","shape":1,"data_offsets":[0,1]})",
               "tensor \"a\"/shape: must be a list of integers (got 1)"},
           Bad{R"({"dtype":"U8","shape":[1],"data_offsets":[0]})",
               "tensor \"a\"/data_offsets: must be [begin, end] (got 1 numbers)"},
           Bad{R"({"dtype":"U8","shape":[1],"data_offsets":[1,0]})",
               "tensor \"a\"/data_offsets: end before begin: [1, 0]"},
           Bad{R"({"dtype":"F32","shape":[1],"data_offsets":[0,1]})",
               "tensor \"a\"/data_offsets: [0, 1] hold 1 bytes, but F32 [1] takes 4"},
           Bad{R"({"dtype":"U8","shape":[1],"data_offsets":[0,1],"size":1})",
               "tensor \"a\"/size: unknown key; known keys: data_offsets, dtype, shape"},
       }) {
    const std::string header = std::string("{\"a\":") + bad.tensor + "}";
    EXPECT_EQ(refusal(header, 1), std::string("f: ") + bad.message) << header;
  }
}

TEST(SafetensorsHeader, EndsALongListOfWrongTensors) {
  const auto lines = [](const std::string& header) {
    const std::string text = refusal(header, 0);
    EXPECT_TRUE(text.ends_with("and more of the same kind")) << text;
    return 1 + std::count(text.begin(), text.end(), '\n');
  };
  std::string unknown, twice, keys;
  for (int i = 0; i < 100; ++i) {
    const std::string comma = i == 0 ? "" : ",";
    const std::string name = "\"t" + std::to_string(i) + "\":";
    unknown += comma + name + R"({"dtype":"X","shape":[0],"data_offsets":[0,0]})";
    twice += comma + R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    keys += comma + name + "0";
  }
  EXPECT_EQ(lines("{" + unknown + "}"), 13);
  EXPECT_EQ(lines("{" + twice + "}"), 13);
  EXPECT_EQ(lines("{\"t\":{" + keys + "}}"), 13);
}

TEST(SafetensorsHeader, SeesAShapeThatOverflowsAtTheBoundary) {
  const auto message = [](const std::string& dtype, const std::string& shape) {
    return refusal(
        "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape + "],\"data_offsets\":[0,1]}}",
        1);
  };
  // 2^60 - 1 bytes fit as bits below 2^63; 2^60 do not.
  EXPECT_EQ(message("U8", "1152921504606846975"),
            "f: tensor \"a\"/data_offsets: [0, 1] hold 1 bytes, but U8 [1152921504606846975] takes "
            "1152921504606846975");
  EXPECT_EQ(message("U8", "1152921504606846976"),
            "f: tensor \"a\"/shape: [1152921504606846976] of U8 is no whole number of bytes below "
            "2^63");
  // 2^32 x 2^32 wraps to 0 in 64 bits.
  EXPECT_EQ(message("F32", "4294967296, 4294967296"),
            "f: tensor \"a\"/shape: [4294967296, 4294967296] of F32 is no whole number of bytes "
            "below 2^63");
}

TEST(SafetensorsHeader, RefusesMetadataThatIsNotText) {
  EXPECT_EQ(refusal(R"({"__metadata__":{"a":1}})", 0), "f: __metadata__/a: must be a string");
  EXPECT_EQ(refusal(R"({"__metadata__":[1]})", 0), "f: __metadata__: must be an object");
}

// All tensors together: every byte belongs to exactly one.

std::string two(const char* first, const char* second) {
  return std::string(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)") + first +
         R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
}

TEST(SafetensorsHeader, RefusesHolesOverlapsAndTrailingBytes) {
  EXPECT_EQ(refusal(two("[0,2]", "[2,4]"), 4), "no error");
  const std::string data = std::to_string(8 + two("[0,2]", "[2,4]").size());
  const auto byte = [&](int offset) { return std::to_string(std::stoi(data) + offset); };
  EXPECT_EQ(refusal(two("[0,2]", "[3,5]"), 5), "f: tensor \"b\": begins at byte " + byte(3) +
                                                   ", but the data before it ends at byte " +
                                                   byte(2) + " (hole)");
  EXPECT_EQ(refusal(two("[0,2]", "[1,3]"), 3), "f: tensor \"b\": begins at byte " + byte(1) +
                                                   ", but the data before it ends at byte " +
                                                   byte(2) + " (overlap)");
  EXPECT_EQ(refusal(two("[1,3]", "[3,5]"), 5), "f: tensor \"a\": begins at byte " + byte(1) +
                                                   ", but the data before it ends at byte " +
                                                   byte(0) + " (hole)");
  EXPECT_EQ(refusal(two("[0,2]", "[2,4]"), 3), "f: tensor \"b\": ends at byte " + byte(4) +
                                                   ", but the file has " + byte(3) +
                                                   "; the file is cut; download it again");
  EXPECT_EQ(refusal(two("[0,2]", "[2,4]"), 7),
            "f: byte " + byte(4) + ": 3 bytes follow that belong to no tensor");
}

}  // namespace
}  // namespace checkpoint
