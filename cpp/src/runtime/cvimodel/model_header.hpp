#pragma once

#include <string>
#include <vector>

#include "runtime/cvimodel/stored_tensor.hpp"

namespace facecap::cvimodel {

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
