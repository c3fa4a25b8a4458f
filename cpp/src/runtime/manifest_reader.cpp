#include "runtime/manifest_reader.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "facecap/error.hpp"

namespace facecap {
namespace {

std::string text_of(double number) {
  std::ostringstream out;
  out.precision(17);
  out << number;
  return out.str();
}

std::string describe(const json::Value& value) {
  switch (value.kind) {
    case json::Value::Kind::string:
      return "'" + value.text.substr(0, 80) + "'";
    case json::Value::Kind::number:
      return text_of(value.number);
    case json::Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case json::Value::Kind::array:
      return "an array of " + std::to_string(value.items.size());
    default:
      return json::to_string(value.kind);
  }
}

template <typename Words>
std::string join(const Words& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

bool whole(double number) {
  return number == std::floor(number);
}

}  // namespace

void Field::fail(const std::string& wanted) const {
  throw ModelError(source_ + ": " + (place_.empty() ? "manifest" : place_) + ": found " + describe(value_) +
                   ", wanted " + wanted);
}

void Field::require(json::Value::Kind kind, const std::string& wanted) const {
  if (value_.kind != kind) fail(wanted);
}

const std::string& Field::string() const {
  require(json::Value::Kind::string, "a string");
  if (value_.text.empty()) fail("a string that is not empty");
  return value_.text;
}

const std::string& Field::one_of(const std::vector<std::string>& words) const {
  const std::string wanted = "one of: " + join(words);
  require(json::Value::Kind::string, wanted);
  if (std::find(words.begin(), words.end(), value_.text) == words.end()) fail(wanted);
  return value_.text;
}

double Field::number(double low, double high) const {
  const std::string wanted = "a number from " + text_of(low) + " to " + text_of(high);
  require(json::Value::Kind::number, wanted);
  if (!(value_.number >= low && value_.number <= high)) fail(wanted);
  return value_.number;
}

int Field::integer(int low, int high) const {
  const std::string wanted = "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
  require(json::Value::Kind::number, wanted);
  if (!(value_.number >= low && value_.number <= high) || !whole(value_.number)) fail(wanted);
  return static_cast<int>(value_.number);
}

std::size_t Field::count() const {
  constexpr double kMax = 9007199254740991.0;  // what a double still counts one by one
  const std::string wanted = "a whole number of bytes from 1";
  require(json::Value::Kind::number, wanted);
  if (!(value_.number >= 1 && value_.number <= kMax) || !whole(value_.number)) fail(wanted);
  return static_cast<std::size_t>(value_.number);
}

std::vector<Field> Field::list(std::size_t min_items, std::size_t max_items) const {
  const std::string wanted = min_items == max_items ? "an array of " + std::to_string(min_items)
                                                    : "an array of " + std::to_string(min_items) + " to " +
                                                          std::to_string(max_items);
  require(json::Value::Kind::array, wanted);
  if (value_.items.size() < min_items || value_.items.size() > max_items) fail(wanted);
  std::vector<Field> out;
  for (std::size_t i = 0; i < value_.items.size(); ++i)
    out.emplace_back(value_.items[i], place_ + "[" + std::to_string(i) + "]", source_);
  return out;
}

Section::Section(const Field& field) : Field(field) {
  require(json::Value::Kind::object, "an object");
}

Field Section::get(const std::string& key) {
  known_.insert(key);
  const std::string place = place_.empty() ? key : place_ + "." + key;
  const json::Value* value = value_.find(key);
  if (value == nullptr) throw ModelError(source_ + ": the key '" + place + "' is missing");
  return Field(*value, place, source_);
}

void Section::finish() const {
  for (const auto& member : value_.members)
    if (known_.count(member.first) == 0)
      throw ModelError(source_ + ": unknown key '" + (place_.empty() ? "" : place_ + ".") + member.first +
                       "'; known here: " + join(known_));
}

}  // namespace facecap
