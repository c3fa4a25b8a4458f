#pragma once

#include "settings.hpp"

namespace facecap::board {

/// One run from its first frame to its summary, however it ends. Returns the exit code: 0 done, 1 failed, 130
/// interrupted. Throws Error where it cannot begin.
int run_job(const Settings& settings);

}  // namespace facecap::board
