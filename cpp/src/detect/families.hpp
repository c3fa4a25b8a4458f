#pragma once

#include "detect/head.hpp"

namespace facecap {

/// How a family names itself in a manifest, the keys that it alone has there, and how it reads them; see
/// runtime/detector_family.hpp.
struct DetectorFamily {
  const char* name;
  const char* keys;  // a JSON Schema of properties; `read` checks the same
  std::shared_ptr<const DetectorHead> (*read)(Section& section, const std::vector<int>& strides);
};

/// The table of families, one line each; a function of that name in the family's file gives it. The first is
/// meant by a manifest that names none.
#define FACECAP_DETECTOR_FAMILIES(FAMILY) \
  FAMILY(retinaface)                      \
  FAMILY(yunet)                           \
  FAMILY(scrfd)

#define FACECAP_DECLARE_FAMILY(name) DetectorFamily name();
FACECAP_DETECTOR_FAMILIES(FACECAP_DECLARE_FAMILY)
#undef FACECAP_DECLARE_FAMILY

}  // namespace facecap
