#pragma once

#include <optional>
#include <string>
#include <vector>

#include "facecap/manifest.hpp"
#include "runtime/network_output.hpp"

namespace facecap {

/// A role that the networks of a task have an output for, (N, columns).
struct TaskOutput {
  std::string role;
  std::int64_t (*columns)(const Manifest& manifest);
};

struct TaskEntry {
  Task task;
  std::string name;
  std::vector<TaskOutput> outputs;  // none of face detection: its families say them
};

const std::vector<TaskEntry>& task_table();

/// All outputs that the manifest's network must have. A fixed input leaves nothing free of a detector's
/// answer; a native one all that follows from it.
std::vector<NetworkOutput> wanted_outputs(const Manifest& manifest);

}  // namespace facecap
