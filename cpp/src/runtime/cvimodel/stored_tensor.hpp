#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/cvimodel/abi.hpp"
#include "runtime/cvimodel/flatbuffer.hpp"

namespace facecap::cvimodel {

/// A tensor as the file declares it.
struct StoredTensor {
  std::string name;
  Format format = Format::float32;
  std::array<std::int64_t, 4> shape{};
  float scale = 1;           // of an input: stored = value * scale; of an output: value = stored * scale
  std::string pixel_format;  // "RGB_PACKED", ...; empty where the tensor is no picture
  bool aligned = false;
  std::size_t elements() const;
};

/// "float32", "int8", ...
const char* to_string(Format format);
std::size_t element_size(Format format);

// These throw flatbuffer::Malformed.

StoredTensor read_tensor(const flatbuffer::Table& table);
/// The type and the shape that stand in these fields; `name` is for messages.
Format read_format(const flatbuffer::Table& owner, int field, const std::string& name);
std::array<std::int64_t, 4> read_shape(const flatbuffer::Table& owner, int field, const std::string& name);

}  // namespace facecap::cvimodel
