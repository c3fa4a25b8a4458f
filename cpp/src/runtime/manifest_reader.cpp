#include "runtime/manifest_reader.hpp"

#include <sstream>

#include "facecap/error.hpp"

namespace facecap {
namespace {

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

}  // namespace

std::string text_of(double number) {
  std::ostringstream out;
  out.precision(17);
  out << number;
  return out.str();
}

std::vector<Field> Field::list() const {
  std::vector<Field> out;
  for (std::size_t i = 0; i < value_->items.size(); ++i)
    out.emplace_back(value_->items[i], place_ + "[" + std::to_string(i) + "]", *source_);
  return out;
}

Field Field::get(const std::string& key) const {
  const json::Value* value = value_->find(key);
  if (value == nullptr) throw ModelError(*source_ + ": the key '" + place_of(key) + "' is missing");
  return Field(*value, place_of(key), *source_);
}

void Field::fail(const std::string& wanted) const {
  throw ModelError(*source_ + ": " + (place_.empty() ? "manifest" : place_) + ": found " + describe(*value_) +
                   ", wanted " + wanted);
}

void Field::refuse_keys_but(const std::set<std::string>& known) const {
  for (const auto& member : value_->members)
    if (known.count(member.first) == 0)
      throw ModelError(*source_ + ": unknown key '" + place_of(member.first) +
                       "'; known here: " + joined(known));
}

}  // namespace facecap
