#include "runtime/cvimodel/stored_tensor.hpp"

#include <optional>
#include <vector>

#include "runtime/cvimodel/schema.hpp"

namespace facecap::cvimodel {
namespace {

using flatbuffer::Malformed;
using flatbuffer::Table;

constexpr std::int64_t kMostElements = std::int64_t{1} << 28;

}  // namespace

std::size_t StoredTensor::elements() const {
  return static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
}

const char* to_string(Format format) {
  constexpr const char* kNames[] = {"float32", "int32",  "uint32", "bfloat16",
                                    "int16",   "uint16", "int8",   "uint8"};
  return kNames[static_cast<int>(format)];
}

std::size_t element_size(Format format) {
  constexpr std::size_t kSizes[] = {4, 4, 4, 2, 2, 2, 1, 1};
  return kSizes[static_cast<int>(format)];
}

std::array<std::int64_t, 4> read_shape(const Table& owner, int field, const std::string& name) {
  const std::optional<Table> shape = owner.table(field);
  if (!shape) throw Malformed("'" + name + "' without a shape");
  const std::vector<std::int64_t> sides = shape->integers(0, 6);
  std::array<std::int64_t, 4> out{1, 1, 1, 1};
  if (sides.size() < out.size())
    throw Malformed("'" + name + "' with " + std::to_string(sides.size()) + " sides");
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (sides[i] < 1 || sides[i] > kMostElements || (i >= out.size() && sides[i] != 1))
      throw Malformed("'" + name + "' with a side of " + std::to_string(sides[i]));
    elements *= sides[i];
    if (elements > kMostElements) throw Malformed("'" + name + "' with more than 2^28 elements");
    if (i < out.size()) out[i] = sides[i];
  }
  return out;
}

Format read_format(const Table& owner, int field, const std::string& name) {
  const auto number = owner.scalar<std::uint8_t>(field, 0);
  if (number > static_cast<std::uint8_t>(Format::uint8))
    throw Malformed("'" + name + "' with the element type " + std::to_string(number));
  return static_cast<Format>(number);
}

StoredTensor read_tensor(const Table& table) {
  StoredTensor out;
  out.name = table.required_string(schema::tensor::name);
  out.format = read_format(table, schema::tensor::format, out.name);
  out.shape = read_shape(table, schema::tensor::shape, out.name);
  out.pixel_format = table.string(schema::tensor::pixel_format);
  out.aligned = table.scalar<std::uint8_t>(schema::tensor::aligned, 0) != 0;
  if (const std::optional<Table> info = table.table(schema::tensor::quantisation)) {
    out.scale = info->scalar<float>(schema::quantisation::scale, 1.0f);
    if (info->scalar<float>(schema::quantisation::zero_point, 0.0f) != 0.0f)
      throw Malformed("'" + out.name + "' with a zero point, wanted symmetric quantisation");
  }
  return out;
}

}  // namespace facecap::cvimodel
