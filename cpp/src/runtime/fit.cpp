#include "runtime/fit.hpp"

#include <algorithm>

#include "facecap/error.hpp"
#include "runtime/tasks.hpp"
#include "runtime/tensor.hpp"

namespace facecap {
namespace {

using Shape = std::vector<std::int64_t>;

/// The entry of this role and stride in a list of a manifest's outputs.
template <typename Output>
const Output& entry_of(const std::vector<Output>& outputs, const Manifest& manifest, const std::string& role,
                       int stride) {
  const auto found = std::find_if(outputs.begin(), outputs.end(), [&](const Output& output) {
    return output.role == role && output.stride == stride;
  });
  if (found == outputs.end())
    throw ModelError(manifest.source + ": no output has the role '" + role + "'" +
                     (stride == 0 ? "" : " and the stride " + std::to_string(stride)));
  return *found;
}

/// Detectors answer one picture, so their batch may be free; a free height or width is as good as a fitting
/// one.
bool takes(const TensorInfo& info, const Shape& wanted) {
  return info.type == ElementType::float32 && fits(info.shape, wanted);
}

/// The chip's toolchain appends to a name what makes the tensor and what holds it.
bool is_named(const Manifest& manifest, const TensorInfo& info, const ManifestOutput& output) {
  const std::string start = output.name + "_";
  return info.name == output.name ||
         (!manifest.chip.empty() && info.name.compare(0, start.size(), start) == 0);
}

bool named_otherwise(const Manifest& manifest, const TensorInfo& info, const ManifestOutput& output) {
  return std::any_of(manifest.outputs.begin(), manifest.outputs.end(), [&](const ManifestOutput& other) {
    return &other != &output && is_named(manifest, info, other);
  });
}

void check_input(const std::vector<TensorInfo>& found, const Manifest& manifest) {
  const ManifestInput& input = manifest.input;
  const bool native = input.fit == ManifestInput::Fit::native;
  const std::int64_t batch = manifest.task == Task::face_detection ? 1 : -1;
  const Shape wanted = {batch, 3, native ? -1 : input.size.height, native ? -1 : input.size.width};
  const bool one = found.size() == 1 && takes(found[0], wanted) && found[0].shape[0] != 0;
  const bool free = one && (!native || (found[0].shape[2] < 0 && found[0].shape[3] < 0));
  if (!free)
    throw ModelError(manifest.source + ": the network takes " + describe(found) +
                     ", the manifest wants one input " + describe(ElementType::float32, wanted) +
                     (native ? ", height and width free since input.fit is native" : ""));
}

int find_output(const std::vector<TensorInfo>& outputs, const Manifest& manifest, const std::string& role,
                int stride) {
  const ManifestOutput& output = entry_of(manifest.outputs, manifest, role, stride);
  const Shape wanted = entry_of(wanted_outputs(manifest), manifest, role, stride).shape;
  std::vector<int> fitting;
  std::vector<int> unclaimed;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const TensorInfo& info = outputs[i];
    if (!takes(info, wanted)) continue;
    if (is_named(manifest, info, output)) return static_cast<int>(i);
    fitting.push_back(static_cast<int>(i));
    if (!named_otherwise(manifest, info, output)) unclaimed.push_back(static_cast<int>(i));
  }
  if (fitting.size() == 1) return fitting[0];
  if (unclaimed.size() == 1) return unclaimed[0];
  throw ModelError(manifest.source + ": the manifest wants " + (fitting.empty() ? "an" : "one") +
                   " output with the role '" + role + "', " +
                   describe({output.name, ElementType::float32, wanted}) + "; the network gives " +
                   describe(outputs) +
                   (fitting.empty() ? "" : ", of which several fit: name the right one in the manifest"));
}

}  // namespace

int find_output(const Session& session, const Manifest& manifest, const std::string& role, int stride) {
  return find_output(session.outputs(), manifest, role, stride);
}

void check_fit(const std::vector<TensorInfo>& inputs, const std::vector<TensorInfo>& outputs,
               const Manifest& manifest) {
  check_input(inputs, manifest);
  std::vector<int> taken;
  for (const ManifestOutput& output : manifest.outputs) {
    const int index = find_output(outputs, manifest, output.role, output.stride);
    if (std::find(taken.begin(), taken.end(), index) != taken.end())
      throw ModelError(manifest.source + ": the output '" + outputs[static_cast<std::size_t>(index)].name +
                       "' would have to take two roles; the network gives " + describe(outputs));
    taken.push_back(index);
  }
}

void check_fit(const Session& session, const Manifest& manifest) {
  check_fit(session.inputs(), session.outputs(), manifest);
}

std::size_t output_rank(const Manifest& manifest) {
  return wanted_outputs(manifest).front().shape.size();
}

}  // namespace facecap
