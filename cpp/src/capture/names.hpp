#pragma once

#include <string>
#include <vector>

namespace facecap {

// Of the enumerations that are settings: CaptureMode, QualityMethod, ClassifyOn and Motion.

template <typename T>
std::vector<std::string> names_of();

/// Throws std::invalid_argument that lists the names.
template <typename T>
T value_named(const std::string& name);

}  // namespace facecap
