#pragma once

#include <memory>
#include <string>

#include "facecap/session.hpp"

namespace facecap::onnx {

/// Opens an ONNX file, or its bytes where they are not empty; `label` names the model in messages. Throws
/// ModelError.
std::shared_ptr<Session> open_session(const std::string& path, const std::string& bytes,
                                      const std::string& label, const SessionOptions& options);

}  // namespace facecap::onnx
