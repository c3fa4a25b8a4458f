#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace facecap::json {

/// Where a text stops being JSON: line and column from 1, and what is wrong there.
class ParseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Value {
  enum class Kind { null, boolean, number, string, array, object };
  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Value> items;
  std::vector<std::pair<std::string, Value>> members;  // in the order of the text
  const Value* find(const std::string& key) const;     // nullptr where the object has no such key
};

/// "a string", "a number", ... for messages.
const char* to_string(Value::Kind kind);

/// Reads one JSON text (RFC 8259), strictly: valid UTF-8, no byte order mark, no duplicate keys, finite
/// numbers, at most 64 levels deep.
Value parse(const std::string& text);

}  // namespace facecap::json
