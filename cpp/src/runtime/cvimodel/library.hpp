#pragma once

#include <mutex>
#include <string>

#include "runtime/cvimodel/abi.hpp"

namespace facecap::cvimodel {

/// The loaded library. It stays until the process ends.
struct Library {
  Api api;
  std::string path;
  std::string version;

  /// Throws ModelError "<what>: <the return code in words>; <what the library printed>".
  void check(ReturnCode code, const std::string& what) const;
};

/// Loads the library at the first call. Throws ModelError where it is missing or another one; the next call
/// then tries again.
const Library& library();

/// Held around every call of the library: its memory of the chip is one for the process.
std::timed_mutex& library_mutex();

/// "0xC0778003, an argument is not valid".
std::string describe(ReturnCode code);

}  // namespace facecap::cvimodel
