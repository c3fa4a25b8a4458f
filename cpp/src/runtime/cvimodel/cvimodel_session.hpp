#pragma once

#include <memory>
#include <string>

#include "facecap/session.hpp"

namespace facecap::cvimodel {

/// Opens the bytes of a .cvimodel that its manifest describes; `label` names the model in messages. All that
/// can be checked is checked before the vendor's library is loaded. Throws ModelError.
std::shared_ptr<Session> open_session(const std::string& bytes, const std::string& label,
                                      const Manifest& manifest, bool unchecked);

}  // namespace facecap::cvimodel
