#include "detect/families.hpp"

#include <algorithm>

namespace facecap {
namespace {

const std::vector<DetectorFamily>& table() {
#define FACECAP_LIST_FAMILY(name) name(),
  static const std::vector<DetectorFamily> families = {FACECAP_DETECTOR_FAMILIES(FACECAP_LIST_FAMILY)};
#undef FACECAP_LIST_FAMILY
  return families;
}

const DetectorFamily& find(const std::string& name) {
  return *std::find_if(table().begin(), table().end(),
                       [&name](const DetectorFamily& family) { return family.name == name; });
}

}  // namespace

const std::vector<std::string>& detector_families() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const DetectorFamily& family : table()) all.emplace_back(family.name);
    return all;
  }();
  return names;
}

const char* detector_keys(const std::string& family) {
  return find(family).keys;
}

std::shared_ptr<const DetectorHead> read_detector_head(const std::string& family, Section& section,
                                                       const std::vector<int>& strides) {
  return find(family).read(section, strides);
}

std::vector<DetectorOutput> outputs_of(const DetectorHead& head, std::optional<Size> input) {
  return head.outputs(input);
}

}  // namespace facecap
