#pragma once

#include <cstdint>
#include <string>

// Writes ONNX files (protocol buffers) of a few nodes, since the tests of the core have no ONNX library.

namespace tiny_onnx {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

inline std::string number(int field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}

inline std::string bytes(int field, const std::string& value) {
  return varint(field << 3 | 2) + varint(value.size()) + value;
}

/// A float tensor of a graph's signature: (n, 3, side, side) or (n, 1), n free.
inline std::string value_info(const std::string& name, const std::string& fixed_dimensions) {
  const std::string shape = bytes(1, bytes(2, "n")) + fixed_dimensions;
  return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, shape)));
}

inline std::string dimension(std::uint64_t size) {
  return bytes(1, number(1, size));
}

/// An int64 matrix, all free.
inline std::string places_info(const std::string& name) {
  const std::string shape = bytes(1, bytes(2, "r")) + bytes(1, bytes(2, "k"));
  return bytes(1, name) + bytes(2, bytes(1, number(1, 7) + bytes(2, shape)));
}

/// (n, 3, side, side) -> (n, 1), the mean of each picture, and (2, k), the places of the k means that are not
/// 0.
inline std::string mean_of_pictures(int side) {
  const std::string flatten = bytes(1, "x") + bytes(2, "f") + bytes(4, "Flatten");
  const std::string axes = bytes(1, "axes") + number(8, 1) + number(20, 7);
  const std::string mean = bytes(1, "f") + bytes(2, "y") + bytes(4, "ReduceMean") + bytes(5, axes);
  const std::string places = bytes(1, "y") + bytes(2, "k") + bytes(4, "NonZero");
  const std::string side_dimensions = dimension(3) + dimension(side) + dimension(side);
  const std::string graph = bytes(1, flatten) + bytes(1, mean) + bytes(1, places) + bytes(2, "tiny") +
                            bytes(11, value_info("x", side_dimensions)) +
                            bytes(12, value_info("y", dimension(1))) + bytes(12, places_info("k"));
  return number(1, 8) + bytes(7, graph) + bytes(8, number(2, 13));
}

}  // namespace tiny_onnx
