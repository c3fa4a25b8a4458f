#include <random>

#include "check.hpp"
#include "runtime/json.hpp"

using facecap::json::parse;
using facecap::json::ParseError;
using facecap::json::Value;

TEST(json_reads_every_kind_of_value) {
  const Value value = parse(R"( {"a": [1, -2.5e3, 0.1], "b": true, "c": null, "d": "x", "e": {}, "f": []} )");
  EXPECT(value.kind == Value::Kind::object);
  EXPECT_EQ(value.find("a")->items.size(), 3u);
  EXPECT_EQ(value.find("a")->items[1].number, -2500.0);
  EXPECT_EQ(value.find("a")->items[2].number, 0.1);
  EXPECT(value.find("b")->boolean);
  EXPECT(value.find("c")->kind == Value::Kind::null);
  EXPECT_EQ(value.find("d")->text, "x");
  EXPECT(value.find("e")->members.empty());
  EXPECT(value.find("f")->items.empty());
  EXPECT(value.find("g") == nullptr);
}

TEST(json_reads_escapes_and_unicode) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t")").text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(parse(R"("\u0041\u00e9\u20ac\ud83d\ude00")").text, "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(parse("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"").text, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(parse(R"("\u0000")").text.size(), 1u);
}

TEST(json_reads_text_behind_a_byte_order_mark) {
  EXPECT_EQ(parse("\xef\xbb\xbf {\"a\": 1}").find("a")->number, 1.0);
  EXPECT_THROWS(ParseError, parse("\xef\xbb\xbf"), "expected a value");
  EXPECT_THROWS(ParseError, parse("\xef\xbb\xbf\xef\xbb\xbf 1"), "expected a value");
  EXPECT_THROWS(ParseError, parse("1 \xef\xbb\xbf"), "text after the end");
}

TEST(json_says_where_it_stops_to_understand) {
  EXPECT_THROWS(ParseError, parse("{\n \"a\": 1,\n \"a\": 2}"), "line 3, column 5: duplicate key 'a'");
  EXPECT_THROWS(ParseError, parse("[1, 2"), "line 1, column 6");
  EXPECT_THROWS(ParseError, parse(""), "expected a value");
}

TEST(json_refuses_what_the_standard_refuses) {
  for (const char* text : {"01",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "-",
                           "0x1",
                           "NaN",
                           "Infinity",
                           "tru",
                           "nul",
                           "[1,]",
                           "[,]",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\" 1}",
                           "[1 2]",
                           "\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\ud800\"",
                           "\"\\ud800\\u0041\"",
                           "\"\\udc00\"",
                           "\"a\nb\"",
                           "1 2",
                           "{} []",
                           "// c\n1"})
    EXPECT_THROWS(ParseError, parse(text), "line ");
  EXPECT_THROWS(ParseError, parse(std::string("1\0", 2)), "after the end");
  EXPECT_THROWS(ParseError, parse(std::string("\"a\0b\"", 5)), "control character");
}

TEST(json_refuses_bytes_that_are_no_utf8) {
  // A lone tail, a cut character, an overlong '/', a surrogate, a value past U+10FFFF, bytes that never
  // occur.
  for (const char* bytes : {"\x80", "\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xff", "\xf8\x88\x80\x80\x80"})
    EXPECT_THROWS(ParseError, parse('"' + std::string(bytes) + '"'), "UTF-8");
}

TEST(json_refuses_numbers_that_a_double_cannot_hold) {
  EXPECT_THROWS(ParseError, parse("1e999"), "too large");
  EXPECT_THROWS(ParseError, parse("-1e999"), "too large");
  EXPECT_THROWS(ParseError, parse(std::string(400, '9')), "too large");
  EXPECT_EQ(parse("1e-999").number, 0.0);
  EXPECT_EQ(parse("1.7976931348623157e308").number, 1.7976931348623157e308);
}

TEST(json_bounds_its_depth) {
  const auto nested = [](int levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT(parse(nested(64)).kind == Value::Kind::array);
  EXPECT_THROWS(ParseError, parse(nested(65)), "deeper than 64");
  EXPECT_THROWS(ParseError, parse(std::string(1000000, '[')), "deeper than 64");
}

TEST(json_never_crashes_on_damaged_text) {
  const std::string whole =
      R"({"schema": 1, "mean": [127.5, -1e3, 0], "name": "\u00e9\ud83d\ude00 é", "ok": [true, false, null, {}]})";
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string text = whole.substr(0, random() % (whole.size() + 1));
    for (unsigned changes = random() % 4; changes > 0 && !text.empty(); --changes)
      text[random() % text.size()] = static_cast<char>(random());
    try {
      parse(text);
    } catch (const ParseError&) {
    }
  }
}
