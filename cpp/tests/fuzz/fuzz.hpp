#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstdio>
#include <cstdlib>
#include <string>

// What the fuzz targets share. A target is a file of this folder; the corpus of its name lies in corpus/.

namespace fuzz {

/// Ends the run where something does not hold.
inline void hold(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Calls what may throw `Error` and nothing else.
template <typename Error, typename Call>
void may_throw(Call call) {
  try {
    call();
  } catch (const Error&) {
  }
}

}  // namespace fuzz
