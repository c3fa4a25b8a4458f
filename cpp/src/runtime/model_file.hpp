#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "facecap/session.hpp"

namespace facecap {

/// A model as it lies on disk or in memory, before any runtime has seen it.
struct ModelFile {
  std::string label;    // the path, or words for bytes
  std::string path;     // canonical; empty for bytes
  std::string runtime;  // that can open it
  std::size_t bytes = 0;
  std::int64_t modified = 0;  // nanoseconds; 0 for bytes
};

/// Looks at what was given and at its first bytes. Throws ModelError for what is no model file: missing, a
/// folder, empty, a picture, a text, a checkpoint of PyTorch.
ModelFile inspect(const ModelSource& source);

/// The bytes of a file. Throws ModelError where they cannot be read.
std::string read_all(const std::string& path);

std::string sha256_of(const ModelSource& source);

/// The manifest that belongs to a model file: the same stem, .json.
std::string manifest_path(const std::string& model_path);

}  // namespace facecap
