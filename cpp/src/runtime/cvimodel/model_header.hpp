#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "facecap/manifest.hpp"
#include "facecap/session.hpp"
#include "runtime/cvimodel/abi.hpp"

namespace facecap::cvimodel {

/// An input or output as the file declares it.
struct StoredTensor {
  std::string name;
  Format format = Format::float32;
  std::array<std::int64_t, 4> shape{};
  float scale = 1;           // of an input: stored = value * scale; of an output: value = stored * scale
  std::string pixel_format;  // "RGB_PACKED", ...; empty where the tensor is no picture
  bool aligned = false;
  std::size_t elements() const;
};

/// What a .cvimodel says of itself.
struct ModelHeader {
  std::string chip;
  std::vector<StoredTensor> inputs;
  std::vector<StoredTensor> outputs;
};

/// Reads and checks a whole file before any vendor code sees it, which checks nothing: size, magic, version,
/// chip, MD5, the structure of the header, every section inside the file. `unchecked` leaves out the MD5 and
/// that the sections end with the file. Throws ModelError "<label>: <what was found>, wanted ...".
ModelHeader read_header(const std::string& bytes, const std::string& label, bool unchecked);

}  // namespace facecap::cvimodel
