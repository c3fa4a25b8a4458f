#pragma once

#include <dlfcn.h>

#include <string>
#include <vector>

#include "check.hpp"
#include "fake_cviruntime.hpp"
#include "session_suite.hpp"
#include "tiny_cvimodel.hpp"

// A .cvimodel that answers a picture with its mean, and the fake library that runs it.

namespace fake_cvimodel {

using facecap::ModelSource;
using facecap::cvimodel::VendorTensor;
using session_suite::kSide;
using session_suite::manifest_for;
using tiny_cvimodel::File;

inline File tiny() {
  File file;
  file.inputs = {{"x", 0, {1, 3, kSide, kSide}}};
  file.outputs = {{"logits_Gemm_f32", 0, {1, 1, 1, 1}}};
  return file;
}

inline std::string mask_manifest(const std::string& chip = "cv182x", const std::string& color = "rgb") {
  using manifests::with;
  const std::string common = manifests::mask("sigmoid", kSide);
  return with(with(common, R"("licence")", R"("chip": ")" + chip + R"(", "licence")"), "rgb", color);
}

inline ModelSource source(const File& file, const std::string& manifest = mask_manifest()) {
  const std::string bytes = tiny_cvimodel::write(file);
  return {"", bytes, manifest_for(bytes, manifest)};
}

inline std::size_t size_of(std::uint8_t format) {
  constexpr std::size_t kSizes[] = {4, 4, 4, 2, 2, 2, 1, 1};
  return kSizes[format];
}

inline VendorTensor vendor_tensor(const tiny_cvimodel::Tensor& tensor) {
  VendorTensor out{};
  out.name = const_cast<char*>(tensor.name.c_str());
  out.shape.rank = tensor.shape.size();
  out.elements = 1;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    out.shape.dimensions[i] = static_cast<std::int32_t>(tensor.shape[i]);
    out.elements *= static_cast<std::size_t>(tensor.shape[i]);
  }
  out.format = static_cast<facecap::cvimodel::Format>(tensor.format);
  out.bytes = out.elements * size_of(tensor.format);
  out.scale = tensor.scale;
  out.aligned = tensor.aligned;
  return out;
}

/// The first float32 output becomes the mean of the first float32 input.
inline void mean(const VendorTensor* inputs, VendorTensor* outputs) {
  const float* values = reinterpret_cast<const float*>(inputs[0].memory);
  double sum = 0;
  for (std::size_t i = 0; i < inputs[0].elements; ++i) sum += values[i];
  *reinterpret_cast<float*>(outputs[0].memory) =
      static_cast<float>(sum / static_cast<double>(inputs[0].elements));
}

/// The fake library, as `file` describes its one model.
class Fake {
 public:
  explicit Fake(File file = tiny()) : file_(std::move(file)) {
    facecap::set_cviruntime_path(FACECAP_FAKE_CVIRUNTIME);
    void* library = dlopen(FACECAP_FAKE_CVIRUNTIME, RTLD_NOW);
    state_ = reinterpret_cast<FakeCviruntime* (*)()>(dlsym(library, "facecap_fake"))();
    *state_ = {};
    for (const auto& each : file_.inputs) state_->inputs.push_back(vendor_tensor(each));
    for (const auto& each : file_.outputs) state_->outputs.push_back(vendor_tensor(each));
    state_->compute = mean;
  }
  ~Fake() {
    EXPECT_EQ(state_->open, 0);
    facecap::set_cviruntime_path("");
  }
  FakeCviruntime* operator->() { return state_; }
  ModelSource source() const { return fake_cvimodel::source(file_); }

 private:
  File file_;
  FakeCviruntime* state_;
};

}  // namespace fake_cvimodel
