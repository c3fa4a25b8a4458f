#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "facecap/manifest.hpp"
#include "runtime/network_output.hpp"
#include "runtime/rule.hpp"

// What the runtime asks of the families of detectors without knowing any; detect/families.cpp answers.

namespace facecap {

/// One of the ways in which a family lays out its answers.
struct DetectorForm {
  std::string name;
  std::vector<std::string> roles;
  bool by_stride = false;  // one output of the only role for each stride
};

struct DetectorFamily {
  std::string name;
  std::vector<DetectorForm> forms;
  std::vector<Key> keys;  // that it alone has in the section `detector`
  std::shared_ptr<const DetectorHead> (*read)(const Field& section, const std::vector<int>& strides);
};

/// The first is meant by a manifest that names none.
const std::vector<DetectorFamily>& detector_families();

/// All outputs of a network for an input of this size; with none, sides that follow from the input are free.
std::vector<NetworkOutput> outputs_of(const DetectorHead& head, std::optional<Size> input);

}  // namespace facecap
