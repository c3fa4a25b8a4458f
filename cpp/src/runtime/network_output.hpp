#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace facecap {

/// One output that a network must have, float32.
struct NetworkOutput {
  std::string role;
  int stride = 0;                   // only of the role "level"
  std::vector<std::int64_t> shape;  // -1: free
};

}  // namespace facecap
