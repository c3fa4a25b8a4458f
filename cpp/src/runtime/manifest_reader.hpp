#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/json.hpp"

namespace facecap {

/// A JSON value of a manifest with its place in it. The accessors rely on what runtime/rule.hpp has checked.
class Field {
 public:
  Field(const json::Value& value, std::string place, const std::string& source)
      : value_(&value), place_(std::move(place)), source_(&source) {}

  json::Value::Kind kind() const { return value_->kind; }
  const std::string& string() const { return value_->text; }
  double number() const { return value_->number; }
  int integer() const { return static_cast<int>(value_->number); }
  float real() const { return static_cast<float>(value_->number); }
  std::vector<Field> list() const;
  template <std::size_t N>
  std::array<float, N> numbers() const {
    std::array<float, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<float>(value_->items[i].number);
    return out;
  }
  bool has(const std::string& key) const { return value_->find(key) != nullptr; }
  /// Throws a ModelError where an object lacks the key.
  Field get(const std::string& key) const;

  /// Throw a ModelError that names the file, the place and what is wrong there.
  [[noreturn]] void fail(const std::string& wanted) const;
  void refuse_keys_but(const std::set<std::string>& known) const;

 private:
  std::string place_of(const std::string& key) const { return place_.empty() ? key : place_ + "." + key; }

  const json::Value* value_;
  std::string place_;
  const std::string* source_;
};

std::string text_of(double number);

template <typename Words>
std::string joined(const Words& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace facecap
