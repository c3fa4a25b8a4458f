#pragma once

#include <cstddef>
#include <cstdint>

// Numbers of the fields in the schema of the format, table by table, and bounds on what a header may list,
// far above what any network has.
namespace facecap::cvimodel::schema {

constexpr std::size_t kMostItems = 1 << 14;
constexpr std::size_t kMostPrograms = 16;
constexpr std::size_t kMostSteps = 256;
constexpr std::size_t kMostNames = 1024;

namespace model {
constexpr int version = 0, name = 1, built = 2, weights = 5, programs = 6, sections = 7, target = 8, tool = 9;
}
namespace program {
constexpr int neuron_bytes = 1, inputs = 2, outputs = 3, tensors = 4, routines = 5, shared_bytes = 6,
              private_bytes = 7;
}
namespace tensor {
constexpr int name = 1, offset = 2, format = 3, shape = 4, quantisation = 6, pixel_format = 10, aligned = 11;
}
namespace quantisation {
constexpr int zero_point = 3, scale = 4;
}
namespace section {
constexpr int type = 0, name = 1, size = 2, offset = 3, encrypted = 4, compressed = 5;
}
namespace weight {
constexpr int name = 0, offset = 1, shape = 3, format = 4;
}
namespace routine {
constexpr int type = 0, inputs = 1, outputs = 2, on_tpu = 3, on_cpu = 4;
}
namespace on_tpu {
constexpr int commands = 0, packed_commands = 1;
}
namespace on_cpu {
constexpr int function = 0, arguments = 1;
}

enum class SectionType : std::uint8_t {
  weights = 0,
  commands = 1,
  x86 = 2,
  aarch64 = 3,
  packed_commands = 4
};

}  // namespace facecap::cvimodel::schema
