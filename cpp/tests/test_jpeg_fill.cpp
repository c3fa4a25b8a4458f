#include <random>
#include <string>

#include "check.hpp"
#include "facecap/jpeg_fill.hpp"

using facecap::jpeg_without_fill;

namespace {

using Bytes = std::vector<std::uint8_t>;

void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

/// Codes of one kind: one zero for the symbol 0.
Bytes codes(std::uint8_t kind) {
  Bytes out{0xFF, 0xC4, 0, 20, kind, 1};
  out.resize(out.size() + 16);  // no longer codes, then the symbol
  return out;
}

/// 16 x 8 grey pixels in two blocks of the data given, with a restart between.
Bytes jpeg(const Bytes& first, const Bytes& second) {
  Bytes out{0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0};
  append(out, codes(0x00));
  append(out, codes(0x10));
  append(out, {0xFF, 0xDD, 0, 4, 0, 1});               // a restart behind each block
  append(out, {0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0});  // the scan
  append(out, first);
  append(out, {0xFF, 0xD0});
  append(out, second);
  append(out, {0xFF, 0xD9});
  return out;
}

Bytes without(const Bytes& bytes) {
  return jpeg_without_fill(bytes.data(), bytes.size());
}

}  // namespace

TEST(zeros_behind_the_codes_of_a_jpeg_are_left_out) {
  const Bytes clean = jpeg({0x3F}, {0x3F});
  EXPECT(without(jpeg({0x3F, 0, 0, 0}, {0x3F})) == clean);
  EXPECT(without(jpeg({0x3F}, {0x3F, 0})) == clean);
  EXPECT(without(jpeg({0x3F, 0}, {0x3F, 0, 0})) == clean);
  EXPECT(without(jpeg({0x00, 0}, {0x3F})) ==
         jpeg({0x00}, {0x3F}));  // the codes are zeros, and so is the fill
  EXPECT(without(clean).empty());
}

TEST(whatever_else_is_behind_the_codes_of_a_jpeg_stays_damage) {
  EXPECT(without(jpeg({0x3F, 1}, {0x3F, 0})).empty());
  EXPECT(without(jpeg({0x3F, 0, 1}, {0x3F, 0})).empty());
  EXPECT(without(jpeg({0x3F, 0xFF, 0}, {0x3F, 0})).empty());
  EXPECT(without(jpeg({0xBF, 0}, {0x3F, 0})).empty());  // a code that there is none of
  EXPECT(without(jpeg({}, {0x3F, 0})).empty());         // no data
}

TEST(bytes_that_are_no_jpeg_have_no_fill) {
  std::mt19937 random(8);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes = jpeg({0x3F, 0, 0}, {0x3F, 0});
    for (int k = 0; k < 3; ++k)
      bytes[std::uniform_int_distribution<std::size_t>(2, bytes.size() - 1)(random)] =
          static_cast<std::uint8_t>(random());
    if (round % 4 == 0) bytes.resize(std::uniform_int_distribution<std::size_t>(0, bytes.size())(random));
    EXPECT(without(bytes).size() < bytes.size() || bytes.empty());
  }
}
