#include <cmath>
#include <cstdlib>
#include <random>

#include "capture_folder.hpp"
#include "check.hpp"
#include "json_text.hpp"
#include "runtime/json.hpp"

using namespace facecap::board;

namespace {

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string rounded(double value, int decimals) {
  std::string out;
  append_rounded(out, value, decimals);
  return out;
}

std::string text(const std::string& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace

TEST(json_numbers_are_written_as_python_does) {
  EXPECT_EQ(number(0), "0.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(1), "1.0");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(-12.345), "-12.345");
  EXPECT_EQ(number(100000), "100000.0");
  EXPECT_EQ(number(1e16), "1e+16");
  EXPECT_EQ(number(1234567890123456), "1234567890123456.0");
  EXPECT_EQ(number(0.0001), "0.0001");
  EXPECT_EQ(number(0.00001), "1e-05");
  EXPECT_EQ(number(1.5e-7), "1.5e-07");
  EXPECT_EQ(number(1e100), "1e+100");
  EXPECT_EQ(number(NAN), "null");
  EXPECT_EQ(number(INFINITY), "null");
  EXPECT_EQ(rounded(0.12345678, 6), "0.123457");
  EXPECT_EQ(rounded(2.5f, 3), "2.5");
  EXPECT_EQ(rounded(1e-9, 6), "0.0");
  EXPECT_EQ(rounded(-1e-9, 6), "-0.0");
  EXPECT_EQ(rounded(0.0000123, 6), "1.2e-05");
}

TEST(json_numbers_read_back) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 5000; ++round) {
    const double value = std::ldexp(std::uniform_real_distribution<double>(-1, 1)(random),
                                    std::uniform_int_distribution<int>(-300, 300)(random));
    EXPECT(std::strtod(number(value).c_str(), nullptr) == value);
    EXPECT(facecap::json::parse(number(value)).number == value);
  }
}

TEST(json_strings_are_escaped_as_python_does) {
  EXPECT_EQ(text("a\"b\\c\n\x01\x7F"), "\"a\\\"b\\\\c\\n\\u0001\\u007f\"");
  EXPECT_EQ(text("\xC3\xA9\xE2\x82\xAC"), "\"\\u00e9\\u20ac\"");
  EXPECT_EQ(text("\xF0\x9F\x98\x80"), "\"\\ud83d\\ude00\"");
  EXPECT_EQ(text("\xFF"), "\"\\udcff\"");
}

TEST(json_strings_read_back) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::string value;
    for (int k = std::uniform_int_distribution<int>(0, 20)(random); k > 0; --k)
      value += static_cast<char>(std::uniform_int_distribution<int>(0, 127)(random));
    EXPECT_EQ(facecap::json::parse(text(value)).text, value);
  }
}

TEST(json_times_are_rfc_3339) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(0.04), "1970-01-01T00:00:00.040Z");
  EXPECT_EQ(rfc3339(1795251114.9999), "2026-11-21T08:51:54.999Z");
  EXPECT_EQ(rfc3339(951827696.5), "2000-02-29T12:34:56.500Z");
  EXPECT_EQ(rfc3339(-0.5), "1969-12-31T23:59:59.500Z");
  EXPECT_EQ(rfc3339(1e300), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(-1e300), "0001-01-01T00:00:00.000Z");
}

TEST(capture_lines_have_the_package_s_keys) {
  facecap::Capture capture;
  capture.event.track_id = 7;
  capture.event.sequence = 2;
  capture.event.shot_frame = 31;
  capture.mask_prob = NAN;
  EXPECT_EQ(crop_name(capture), "crops/7_2_31.png");
  const facecap::json::Value line = facecap::json::parse(capture_line(capture, crop_name(capture)));
  std::string keys;
  for (const auto& member : line.members) keys += member.first + " ";
  EXPECT_EQ(keys,
            "kind track_id sequence frame shot_frame timestamp box landmarks score quality pose mask_prob "
            "mask crop ");
  EXPECT(line.find("mask_prob")->kind == facecap::json::Value::Kind::null);
  capture.incorrect_prob = 0.75f;
  capture.mask = facecap::MaskAnswer::incorrect;
  const facecap::json::Value wrongly = facecap::json::parse(capture_line(capture, crop_name(capture)));
  EXPECT_EQ(wrongly.find("incorrect_prob")->number, 0.75);
  EXPECT_EQ(wrongly.find("mask")->text, "incorrect");
  EXPECT(line.find("timestamp")->kind == facecap::json::Value::Kind::null);
}
