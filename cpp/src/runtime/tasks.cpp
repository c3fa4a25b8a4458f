#include "runtime/tasks.hpp"

#include <algorithm>

#include "runtime/detector_family.hpp"

namespace facecap {
namespace {

std::int64_t one(const Manifest&) {
  return 1;
}

std::int64_t coordinates(const Manifest&) {
  return std::int64_t{2} * std::tuple_size<Landmarks>::value;
}

std::int64_t logits(const Manifest& manifest) {
  const ClassifierSpec& classifier = *manifest.classifier;
  const bool softmax = classifier.output == ClassifierSpec::Output::softmax;
  return softmax ? static_cast<std::int64_t>(classifier.classes.size()) : 1;
}

std::int64_t dimensions(const Manifest& manifest) {
  return manifest.embedder->dimensions;
}

const TaskEntry& entry_of(Task task) {
  return *std::find_if(task_table().begin(), task_table().end(),
                       [&](const TaskEntry& entry) { return entry.task == task; });
}

}  // namespace

const std::vector<TaskEntry>& task_table() {
  static const auto* table = new std::vector<TaskEntry>{
      {Task::face_detection, "face_detection", {}},
      {Task::face_refinement, "face_refinement", {{"face", one}, {"points", coordinates}, {"blur", one}}},
      {Task::mask, "mask", {{"logits", logits}}},
      {Task::face_embedding, "face_embedding", {{"embedding", dimensions}}},
      {Task::classification, "classification", {{"logits", logits}}},
  };
  return *table;
}

std::vector<NetworkOutput> wanted_outputs(const Manifest& manifest) {
  if (manifest.detector) {
    const bool native = manifest.input.fit == ManifestInput::Fit::native;
    return outputs_of(*manifest.detector->head,
                      native ? std::nullopt : std::optional<Size>(manifest.input.size));
  }
  std::vector<NetworkOutput> outputs;
  for (const TaskOutput& output : entry_of(manifest.task).outputs)
    outputs.push_back({output.role, 0, {-1, output.columns(manifest)}});
  return outputs;
}

std::vector<Task> all_tasks() {
  std::vector<Task> tasks;
  for (const TaskEntry& entry : task_table()) tasks.push_back(entry.task);
  return tasks;
}

const char* to_string(Task task) {
  return entry_of(task).name.c_str();
}

}  // namespace facecap
