#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facecap/manifest.hpp"
#include "runtime/manifest_reader.hpp"

// What the runtime asks of the families of detectors without knowing any; detect/families.cpp answers, and
// what facecap/manifest.hpp says of families too.

namespace facecap {

/// One output of a detector's network, float32.
struct DetectorOutput {
  std::string role;
  int stride = 0;                   // only of the role "level"
  std::vector<std::int64_t> shape;  // -1: free
};

/// Reads the keys of `detector_keys`.
std::shared_ptr<const DetectorHead> read_detector_head(const std::string& family, Section& section,
                                                       const std::vector<int>& strides);

/// All outputs of a network for an input of this size; with none, sides that follow from the input are free.
std::vector<DetectorOutput> outputs_of(const DetectorHead& head, std::optional<Size> input);

}  // namespace facecap
