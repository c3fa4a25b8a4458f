#pragma once

#include <string>

namespace facecap::cvimodel {

/// Takes what the simulator of a PC prints off standard output, for good. Its calls of printf and puts are
/// led elsewhere in its own import tables, so that nobody else's output is touched: closing or redirecting
/// standard output around each call, a second or more, would swallow what other threads print meanwhile.
/// False where that is not possible or not needed: on a board the library writes to syslog.
bool divert_printed(void* library);

/// What was printed since the last call, without the line that every forward prints; at most some lines.
std::string take_printed();

}  // namespace facecap::cvimodel
