#include "runtime/cvimodel/tensor_layout.hpp"

#include <cstring>
#include <limits>

#include "facecap/error.hpp"

namespace facecap::cvimodel {
namespace {

struct Alignment {
  std::size_t row;
  std::size_t plane;
};

/// What the video hardware of a chip writes, in bytes.
Alignment alignment_of(const std::string& chip) {
  return chip == "cv183x" ? Alignment{32, 4096} : Alignment{64, 64};
}

std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

ElementType element_of(const StoredTensor& tensor, const std::string& label) {
  switch (tensor.format) {
    case Format::float32:
      return ElementType::float32;
    case Format::bfloat16:
      return ElementType::bfloat16;
    case Format::int8:
      return ElementType::int8;
    case Format::uint8:
      return ElementType::uint8;
    default:
      throw ModelError(label + ": '" + tensor.name + "' has the element type " + to_string(tensor.format) +
                       ", wanted float32, bfloat16, int8 or uint8");
  }
}

std::uint16_t to_bfloat16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if (value != value) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float from_bfloat16(std::uint16_t stored) {
  const std::uint32_t bits = std::uint32_t{stored} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename Stored>
Stored saturate(float value) {
  constexpr float kLow = std::numeric_limits<Stored>::min();
  constexpr float kHigh = std::numeric_limits<Stored>::max();
  const float rounded = value + (value < 0 ? -0.5f : 0.5f);
  if (!(rounded > kLow)) return std::numeric_limits<Stored>::min();  // and what is no number
  if (rounded >= kHigh) return std::numeric_limits<Stored>::max();
  return static_cast<Stored>(rounded);
}

template <typename Stored, typename Convert>
void scatter(const float* values, const TensorLayout& layout, std::uint8_t* memory, Convert convert) {
  const std::size_t step = sizeof(Stored) * (layout.packed ? static_cast<std::size_t>(layout.channels) : 1);
  const std::size_t channel_bytes = layout.packed ? sizeof(Stored) : layout.plane_bytes;
  for (std::int64_t picture = 0; picture < layout.pictures; ++picture)
    for (std::int64_t channel = 0; channel < layout.channels; ++channel)
      for (std::int64_t y = 0; y < layout.height; ++y) {
        std::uint8_t* place = memory + static_cast<std::size_t>(picture) * layout.picture_bytes +
                              static_cast<std::size_t>(channel) * channel_bytes +
                              static_cast<std::size_t>(y) * layout.row_bytes;
        for (std::int64_t x = 0; x < layout.width; ++x, place += step) {
          const Stored stored = convert(*values++);
          std::memcpy(place, &stored, sizeof stored);
        }
      }
}

}  // namespace

TensorLayout layout_of(const StoredTensor& tensor, const std::string& chip, const std::string& label) {
  const std::string& pixels = tensor.pixel_format;
  if (pixels.compare(0, 3, "YUV") == 0)
    throw ModelError(label + ": '" + tensor.name + "' takes frames as " + pixels +
                     ", wanted RGB or BGR: convert the network with RGB_PLANAR or RGB_PACKED");
  TensorLayout out;
  out.type = element_of(tensor, label);
  out.scale = tensor.scale;
  out.packed = pixels == "RGB_PACKED" || pixels == "BGR_PACKED";
  const auto [n, second, third, fourth] = tensor.shape;
  out.pictures = n;
  out.channels = out.packed ? fourth : second;
  out.height = out.packed ? second : third;
  out.width = out.packed ? third : fourth;
  const std::size_t size = element_size(out.type);
  if (tensor.aligned && size != 1)
    throw ModelError(label + ": '" + tensor.name + "' has aligned rows of " + to_string(out.type) +
                     ", wanted aligned rows of uint8 or int8 alone");
  const Alignment to = tensor.aligned ? alignment_of(chip) : Alignment{1, 1};
  const std::size_t in_row = static_cast<std::size_t>(out.width * (out.packed ? out.channels : 1)) * size;
  out.row_bytes = round_up(in_row, to.row);
  const std::size_t rows = out.row_bytes * static_cast<std::size_t>(out.height);
  out.plane_bytes = round_up(rows, to.plane);
  out.picture_bytes = out.packed ? rows : out.plane_bytes * static_cast<std::size_t>(out.channels);
  return out;
}

void store(const float* values, const TensorLayout& layout, std::uint8_t* memory) {
  const float scale = layout.scale;
  switch (layout.type) {
    case ElementType::int8:
      return scatter<std::int8_t>(values, layout, memory,
                                  [=](float value) { return saturate<std::int8_t>(value * scale); });
    case ElementType::uint8:
      return scatter<std::uint8_t>(values, layout, memory,
                                   [=](float value) { return saturate<std::uint8_t>(value * scale); });
    case ElementType::bfloat16:
      return scatter<std::uint16_t>(values, layout, memory, to_bfloat16);
    default:
      return scatter<float>(values, layout, memory, [](float value) { return value; });
  }
}

void store_rows(const std::uint8_t* elements, const TensorLayout& layout, std::uint8_t* memory) {
  const std::size_t in_row = static_cast<std::size_t>(layout.width * (layout.packed ? layout.channels : 1)) *
                             element_size(layout.type);
  const std::int64_t planes = layout.packed ? 1 : layout.channels;
  for (std::int64_t picture = 0; picture < layout.pictures; ++picture)
    for (std::int64_t plane = 0; plane < planes; ++plane)
      for (std::int64_t y = 0; y < layout.height; ++y, elements += in_row)
        std::memcpy(memory + static_cast<std::size_t>(picture) * layout.picture_bytes +
                        static_cast<std::size_t>(plane) * layout.plane_bytes +
                        static_cast<std::size_t>(y) * layout.row_bytes,
                    elements, in_row);
}

void load(const std::uint8_t* memory, const TensorLayout& layout, float* values) {
  const std::size_t count = layout.elements();
  if (layout.type == ElementType::float32) {
    std::memcpy(values, memory, count * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (layout.type == ElementType::int8) {
      values[i] = static_cast<float>(static_cast<std::int8_t>(memory[i])) * layout.scale;
    } else if (layout.type == ElementType::uint8) {
      values[i] = static_cast<float>(memory[i]) * layout.scale;
    } else {
      std::uint16_t stored;
      std::memcpy(&stored, memory + 2 * i, sizeof stored);
      values[i] = from_bfloat16(stored);
    }
  }
}

}  // namespace facecap::cvimodel
