#pragma once

#include "runtime/onnx/providers.hpp"

namespace facecap::onnx {

/// How sessions compute here. Throws ModelError where they cannot.
Owned<Options> session_options(const Library& library, const Provider& provider, int threads);

}  // namespace facecap::onnx
