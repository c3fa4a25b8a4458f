#pragma once

#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/json.hpp"

namespace facecap {

/// A JSON value of a manifest with its place in it. Every accessor checks and throws a ModelError that names
/// the file, the place, what was found and what was wanted.
class Field {
 public:
  Field(const json::Value& value, std::string place, const std::string& source)
      : value_(value), place_(std::move(place)), source_(source) {}

  const std::string& string() const;  // not empty
  const std::string& one_of(const std::vector<std::string>& words) const;
  double number(double low, double high) const;
  int integer(int low, int high) const;
  std::size_t count() const;  // from 1
  std::vector<Field> list(std::size_t min_items, std::size_t max_items) const;
  template <std::size_t N>
  std::array<float, N> numbers(double low, double high) const {
    const std::vector<Field> items = list(N, N);
    std::array<float, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = static_cast<float>(items[i].number(low, high));
    return out;
  }
  [[noreturn]] void fail(const std::string& wanted) const;

 protected:
  void require(json::Value::Kind kind, const std::string& wanted) const;

  const json::Value& value_;
  std::string place_;
  const std::string& source_;
};

/// An object of a manifest; `finish` refuses the keys that nobody asked for.
class Section : public Field {
 public:
  explicit Section(const Field& field);
  bool has(const std::string& key) const { return value_.find(key) != nullptr; }
  Field get(const std::string& key);
  void finish() const;

 private:
  std::set<std::string> known_;
};

}  // namespace facecap
