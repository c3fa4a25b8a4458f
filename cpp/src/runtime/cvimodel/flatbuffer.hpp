#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace facecap::flatbuffer {

/// What a FlatBuffers body must not be.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The bytes of a body; every access is checked against their end. Offsets may lead to one place many times,
/// so that a small body unfolds to a huge one: all that is read of it counts against one budget.
class Body {
 public:
  Body(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  template <typename T>
  T at(std::size_t place) const {
    require(place, sizeof(T));
    T value;
    std::memcpy(&value, data_ + place, sizeof(T));
    return value;
  }
  void require(std::size_t place, std::size_t bytes) const {
    if (place > size_ || bytes > size_ - place) throw Malformed("a place outside of the header");
  }
  /// Follows the offset that stands at `place`.
  std::size_t follow(std::size_t place) const;
  std::string text(std::size_t place) const;

 private:
  void spend(std::size_t units) const;

  const std::uint8_t* data_;
  std::size_t size_;
  mutable std::size_t budget_ = std::size_t{1} << 24;
};

/// A table of a body; fields by their number in the schema. Throws Malformed where a field lies outside of
/// its table or of the body, or a required one is missing.
class Table {
 public:
  static Table root(const Body& body);

  bool has(int field) const { return place(field, 0) != 0; }
  template <typename T>
  T scalar(int field, T otherwise) const {
    const std::size_t at = place(field, sizeof(T));
    return at == 0 ? otherwise : body_->at<T>(at);
  }
  std::string string(int field) const;           // empty where it is missing
  std::string required_string(int field) const;  // not empty
  std::optional<Table> table(int field) const;
  std::vector<Table> tables(int field, std::size_t most) const;
  std::vector<std::string> strings(int field, std::size_t most) const;
  std::vector<std::int64_t> integers(int field, std::size_t most) const;

 private:
  Table(const Body& body, std::size_t start);
  std::size_t place(int field, std::size_t bytes) const;  // 0 where the field is missing
  /// Where the elements of a vector begin, and their number.
  std::pair<std::size_t, std::size_t> elements(int field, std::size_t bytes, std::size_t most) const;

  const Body* body_;
  std::size_t start_;
  std::size_t vtable_ = 0;
  std::size_t vtable_bytes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace facecap::flatbuffer
