#include "runtime/json.hpp"

#include <cmath>
#include <cstdint>
#include <locale>
#include <sstream>
#include <string_view>
#include <unordered_set>

#include "runtime/utf8.hpp"

namespace facecap::json {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // before the text, as some editors write it

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  Value parse_document() {
    if (text_.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) at_ = kByteOrderMark.size();
    skip_space();
    Value value = parse_value(0);
    skip_space();
    if (at_ < text_.size()) fail("text after the end of the value");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    std::size_t line = 1;
    std::size_t start = 0;
    for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) {
      if (text_[i] != '\n') continue;
      ++line;
      start = i + 1;
    }
    throw ParseError("line " + std::to_string(line) + ", column " + std::to_string(at_ - start + 1) + ": " +
                     what);
  }

  // NUL stands for the end: it is no part of any JSON outside a string, and none may stand bare inside one.
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
  }

  void expect(char wanted, const char* where) {
    if (peek() != wanted) fail(std::string("expected '") + wanted + "' " + where);
    ++at_;
  }

  bool take(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }

  Value parse_value(int depth) {
    if (depth == kMaxDepth && (peek() == '{' || peek() == '['))
      fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    Value value;
    switch (peek()) {
      case '{':
        parse_object(value, depth);
        break;
      case '[':
        parse_array(value, depth);
        break;
      case '"':
        value.kind = Value::Kind::string;
        value.text = parse_string();
        break;
      case 't':
        parse_word("true");
        value.kind = Value::Kind::boolean;
        value.boolean = true;
        break;
      case 'f':
        parse_word("false");
        value.kind = Value::Kind::boolean;
        break;
      case 'n':
        parse_word("null");
        break;
      default:
        value.kind = Value::Kind::number;
        value.number = parse_number();
    }
    return value;
  }

  void parse_object(Value& object, int depth) {
    object.kind = Value::Kind::object;
    expect('{', "");
    skip_space();
    if (take('}')) return;
    std::unordered_set<std::string> keys;
    do {
      skip_space();
      if (peek() != '"') fail("expected a key in double quotes");
      std::string key = parse_string();
      if (!keys.insert(key).second) fail("duplicate key '" + key + "'");
      skip_space();
      expect(':', "after a key");
      skip_space();
      object.members.emplace_back(std::move(key), parse_value(depth + 1));
      skip_space();
    } while (take(','));
    expect('}', "or ',' in an object");
  }

  void parse_array(Value& array, int depth) {
    array.kind = Value::Kind::array;
    expect('[', "");
    skip_space();
    if (take(']')) return;
    do {
      skip_space();
      array.items.push_back(parse_value(depth + 1));
      skip_space();
    } while (take(','));
    expect(']', "or ',' in an array");
  }

  void parse_word(const char* word) {
    for (const char* c = word; *c != '\0'; ++c) {
      if (peek() != *c) fail("expected a value");
      ++at_;
    }
  }

  bool digit() const { return peek() >= '0' && peek() <= '9'; }

  void skip_digits() {
    if (!digit()) fail("expected a digit");
    while (digit()) ++at_;
  }

  double parse_number() {
    const std::size_t start = at_;
    if (peek() != '-' && !digit()) fail("expected a value");
    take('-');
    if (!take('0')) skip_digits();
    if (digit()) fail("a number with a leading zero");
    if (take('.')) skip_digits();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      skip_digits();
    }
    // A stream of its own locale: strtod() takes the decimal point of the user's language.
    std::istringstream stream(text_.substr(start, at_ - start));
    stream.imbue(std::locale::classic());
    stream.exceptions(std::ios::badbit);  // else a lack of memory would look like a bad number
    double number = 0;
    stream >> number;
    if (stream.fail() || !std::isfinite(number)) {
      at_ = start;
      fail("a number too large");
    }
    return number;
  }

  std::string parse_string() {
    expect('"', "");
    std::string out;
    while (true) {
      if (at_ >= text_.size()) fail("a string without an end");
      const unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') break;
      if (c < 0x20) fail("a control character in a string");
      if (c == '\\') {
        ++at_;
        parse_escape(out);
        continue;
      }
      const std::size_t length = utf8_length(text_, at_);
      if (length == 0) fail("bytes that are no UTF-8");
      out.append(text_, at_, length);
      at_ += length;
    }
    ++at_;
    return out;
  }

  void parse_escape(std::string& out) {
    static const std::string from = "\"\\/bfnrt";
    static const std::string to = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c == 'u') {
      ++at_;
      append_utf8(out, parse_code_point());
      return;
    }
    const std::size_t index = c == '\0' ? std::string::npos : from.find(c);
    if (index == std::string::npos) fail("an unknown escape in a string");
    out += to[index];
    ++at_;
  }

  std::uint32_t parse_code_point() {
    const std::uint32_t first = parse_hex4();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || !take('\\') || !take('u')) fail("half of a surrogate pair");
    const std::uint32_t second = parse_hex4();
    if (second < 0xDC00 || second > 0xDFFF) fail("half of a surrogate pair");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  std::uint32_t parse_hex4() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = peek();
      const int value = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (value < 0) fail("expected four hexadecimal digits");
      code = code * 16 + static_cast<std::uint32_t>(value);
      ++at_;
    }
    return code;
  }

  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace

const Value* Value::find(const std::string& key) const {
  for (const auto& member : members)
    if (member.first == key) return &member.second;
  return nullptr;
}

const char* to_string(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
      return "an object";
  }
  return "";
}

Value parse(const std::string& text) {
  return Parser(text).parse_document();
}

}  // namespace facecap::json
