#pragma once

#include "detect/head.hpp"

namespace facecap {

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
