#pragma once

#include <cstddef>
#include <cstdint>

namespace facecap::cvimodel {

// The part of the C interface of libcviruntime that is called here, declared by hand. The library checks
// next to nothing and dereferences what it is given, so the layout below is held by assertions.

using ModelHandle = void*;
using ReturnCode = std::int32_t;

enum class Format : std::int32_t {
  float32 = 0,
  int32 = 1,
  uint32 = 2,
  bfloat16 = 3,
  int16 = 4,
  uint16 = 5,
  int8 = 6,
  uint8 = 7
};

struct Shape {
  std::int32_t dimensions[6];  // only the first `rank` are set
  std::size_t rank;
};

struct VendorTensor {
  char* name;
  Shape shape;
  Format format;
  std::size_t elements;
  std::size_t bytes;
  std::uint8_t* memory;
  std::uint64_t physical_address;
  std::int32_t memory_kind;
  float scale;
  std::int32_t zero_point;
  std::int32_t pixel_format;
  bool aligned;
  float mean[3];              // not initialised where the model has none
  float preprocess_scale[3];  // the same
  void* owner;
  char reserved[32];
};

template <std::size_t PointerSize>
constexpr bool layout_is(std::size_t format, std::size_t memory, std::size_t address, std::size_t scale,
                         std::size_t aligned, std::size_t owner, std::size_t size) {
  return sizeof(void*) != PointerSize ||
         (offsetof(VendorTensor, format) == format && offsetof(VendorTensor, memory) == memory &&
          offsetof(VendorTensor, physical_address) == address && offsetof(VendorTensor, scale) == scale &&
          offsetof(VendorTensor, aligned) == aligned && offsetof(VendorTensor, owner) == owner &&
          sizeof(VendorTensor) == size);
}
static_assert(layout_is<8>(40, 64, 72, 84, 96, 128, 168), "the layout of a tensor with 64-bit pointers");
static_assert(layout_is<4>(32, 44, 48, 60, 72, 100, 136), "the layout of a tensor with 32-bit pointers");
static_assert(sizeof(bool) == 1 && sizeof(float) == 4, "the types of the C interface");

/// The functions that are called, by the names under which the library exports them.
struct Api {
  ReturnCode (*register_from_buffer)(const std::int8_t* data, std::uint32_t bytes, ModelHandle* model);
  ReturnCode (*get_tensors)(ModelHandle, VendorTensor** inputs, std::int32_t* input_count,
                            VendorTensor** outputs, std::int32_t* output_count);
  ReturnCode (*set_memory)(VendorTensor*, void* memory);
  ReturnCode (*forward)(ModelHandle, VendorTensor* inputs, std::int32_t input_count, VendorTensor* outputs,
                        std::int32_t output_count);
  ReturnCode (*cleanup)(ModelHandle);
};

}  // namespace facecap::cvimodel
