#include "harness/checkpoint/safetensors_writer.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "harness/base/file.h"
#include "tests/support/error_text.h"
#include "tests/support/temporary_folder.h"

namespace checkpoint {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

class Writer : public testing::Test {
 protected:
  const tests::TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "m.safetensors";
};

TEST_F(Writer, WritesWhatTheReaderReads) {
  {
    SafetensorsWriter writer(
        path_, {{"a", "U8", {3}}, {"c", "F32", {2}}, {"b", "F32", {1}}, {"e", "F16", {0}}});
    writer.write("c", bytes("CCCCcccc"));
    writer.write("a", bytes("aaa"));
    writer.write("b", bytes("BBBB"));
    writer.write("e", {});
    writer.finish();
  }
  const std::string file = base::read_file(path_);
  const SafetensorsHeader header = parse_safetensors_header(file, std::ssize(file), "m");
  std::vector<std::string> contents;
  for (const TensorEntry& tensor : header.tensors) {
    contents.push_back(tensor.name + "=" + file.substr(tensor.begin, tensor.bytes()));
  }
  // Wider dtypes first, so that each is aligned to its width; then by name.
  EXPECT_EQ(contents, (std::vector<std::string>{"b=BBBB", "c=CCCCcccc", "e=", "a=aaa"}));
  EXPECT_EQ(header.tensors[0].begin % 8, 0);
  EXPECT_EQ(header.metadata.at("format"), "pt");
}

TEST_F(Writer, LeavesNothingBehindWhenItDoesNotFinish) {
  {
    SafetensorsWriter writer(path_, {{"a", "U8", {3}}});
    writer.write("a", bytes("aaa"));
  }
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Writer, HoldsItsCallerToThePlan) {
  SafetensorsWriter writer(path_, {{"a", "U8", {3}}, {"b", "U8", {1}}});
  EXPECT_THROW(writer.write("c", bytes("c")), std::logic_error);
  EXPECT_THROW(writer.write("a", bytes("aa")), std::logic_error);
  writer.write("a", bytes("aaa"));
  EXPECT_THROW(writer.write("a", bytes("aaa")), std::logic_error);
  EXPECT_THROW(writer.finish(), std::logic_error);
}

TEST_F(Writer, RefusesAPlanThatNoFileCanHold) {
  EXPECT_EQ(tests::error_text([&] {
              SafetensorsWriter(path_, {{"a", "U8", {1}},
                                        {"a", "U8", {1}},
                                        {"b", "Q4", {1}},
                                        {"c", "F32", {int64_t{1} << 62}},
                                        {"__metadata__", "U8", {1}}});
            }),
            path_.string() + ": tensor \"c\": its shape is no whole number of bytes below 2^63\n" +
                path_.string() + ": tensor \"__metadata__\": is reserved, or planned twice\n" +
                path_.string() + ": tensor \"a\": is reserved, or planned twice\n" +
                path_.string() + ": tensor \"b\": unknown dtype \"Q4\"");
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Writer, SaysWhereItCannotWrite) {
  const fs::path nowhere = folder_.path() / "none" / "m.safetensors";
  EXPECT_EQ(tests::error_text([&] { SafetensorsWriter(nowhere, {}); }),
            nowhere.string() + ".partial: cannot create: No such file or directory");
}

}  // namespace
}  // namespace checkpoint
