#pragma once

#include <cstddef>
#include <vector>

#include "facecap/session.hpp"

namespace facecap {

/// Checks the tensors of a network against its manifest; throws ModelError naming both sides.
void check_fit(const std::vector<TensorInfo>& inputs, const std::vector<TensorInfo>& outputs,
               const Manifest& manifest);
void check_fit(const Session& session, const Manifest& manifest);

/// How many sides the outputs of the manifest's roles have; all have the same number.
std::size_t output_rank(const Manifest& manifest);

}  // namespace facecap
