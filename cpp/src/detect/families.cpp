#include "detect/families.hpp"

namespace facecap {

const std::vector<DetectorFamily>& detector_families() {
#define FACECAP_LIST_FAMILY(name) name(),
  static const auto* families =
      new std::vector<DetectorFamily>{FACECAP_DETECTOR_FAMILIES(FACECAP_LIST_FAMILY)};
#undef FACECAP_LIST_FAMILY
  return *families;
}

std::vector<NetworkOutput> outputs_of(const DetectorHead& head, std::optional<Size> input) {
  return head.outputs(input);
}

}  // namespace facecap
