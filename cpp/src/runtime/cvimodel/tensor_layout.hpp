#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "facecap/session.hpp"
#include "runtime/cvimodel/stored_tensor.hpp"

namespace facecap::cvimodel {

/// How the elements of a tensor lie in the memory that the runtime reads and writes.
struct TensorLayout {
  ElementType type = ElementType::float32;
  float scale = 1;  // as StoredTensor::scale
  std::int64_t pictures = 1;
  std::int64_t channels = 1;
  std::int64_t height = 1;
  std::int64_t width = 1;
  bool packed = false;          // the channels of a pixel side by side; else plane after plane
  std::size_t row_bytes = 0;    // from row to row
  std::size_t plane_bytes = 0;  // from plane to plane, of planes alone
  std::size_t picture_bytes = 0;

  std::size_t bytes() const { return static_cast<std::size_t>(pictures) * picture_bytes; }
  std::size_t elements() const { return static_cast<std::size_t>(pictures * channels * height * width); }
  bool dense() const { return bytes() == elements() * element_size(type); }
};

/// Throws ModelError "<label>: ..." for what is not taken: frames in YUV, 16 and 32 bit integers.
TensorLayout layout_of(const StoredTensor& tensor, const std::string& chip, const std::string& label);

/// Stores (pictures, channels, height, width) values: integers as value * scale, rounded half away from zero
/// and saturated, bfloat16 rounded to even.
void store(const float* values, const TensorLayout& layout, std::uint8_t* memory);

/// Stores elements of the tensor's own type and order that lie one after the other, row by row.
void store_rows(const std::uint8_t* elements, const TensorLayout& layout, std::uint8_t* memory);

/// The values of a dense tensor: integers as stored * scale.
void load(const std::uint8_t* memory, const TensorLayout& layout, float* values);

}  // namespace facecap::cvimodel
