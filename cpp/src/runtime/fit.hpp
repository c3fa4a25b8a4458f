#pragma once

#include <string>

#include "facecap/session.hpp"

namespace facecap {

/// Checks the tensors of a loaded network against its manifest; throws ModelError naming both sides.
void check_fit(const Session& session, const Manifest& manifest);

}  // namespace facecap
