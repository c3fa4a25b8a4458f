// A library with the functions of libcviruntime that facecap calls, for the paths that the real one cannot be
// made to take.

#include <cstdio>

#include "fake_cviruntime.hpp"

using facecap::cvimodel::ModelHandle;
using facecap::cvimodel::ReturnCode;
using facecap::cvimodel::VendorTensor;

namespace {

FakeCviruntime fake;

void say() {
  if (!fake.prints.empty()) std::printf("%s\n", fake.prints.c_str());
}

}  // namespace

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void showRuntimeVersion() {
  std::puts("Cvitek Runtime (0.0.0)fake");
}

extern "C" {

EXPORTED FakeCviruntime* facecap_fake() {
  return &fake;
}

EXPORTED ReturnCode CVI_NN_RegisterModelFromBuffer(const std::int8_t*, std::uint32_t, ModelHandle* model) {
  fake.calls.push_back("register");
  say();
  if (fake.register_code != 0) return fake.register_code;
  *model = fake.gives_model ? &fake : nullptr;
  fake.open += fake.gives_model;
  return 0;
}

EXPORTED ReturnCode CVI_NN_GetInputOutputTensors(ModelHandle, VendorTensor** inputs,
                                                 std::int32_t* input_count, VendorTensor** outputs,
                                                 std::int32_t* output_count) {
  fake.calls.push_back("tensors");
  if (fake.tensors_code != 0) return fake.tensors_code;
  *inputs = fake.gives_tensors ? fake.inputs.data() : nullptr;
  *outputs = fake.gives_tensors ? fake.outputs.data() : nullptr;
  *input_count = static_cast<std::int32_t>(fake.inputs.size());
  *output_count = static_cast<std::int32_t>(fake.outputs.size());
  return 0;
}

EXPORTED ReturnCode CVI_NN_SetTensorPtr(VendorTensor* tensor, void* memory) {
  if (fake.memory_code != 0) return fake.memory_code;
  fake.memory.push_back(memory);
  tensor->memory = static_cast<std::uint8_t*>(memory);
  return 0;
}

EXPORTED ReturnCode CVI_NN_Forward(ModelHandle, VendorTensor* inputs, std::int32_t input_count,
                                   VendorTensor* outputs, std::int32_t output_count) {
  fake.overlapped = fake.overlapped || ++fake.running > 1;
  fake.calls.push_back("forward " + std::to_string(input_count) + " " + std::to_string(output_count));
  say();
  if (fake.forward_code == 0 && fake.compute != nullptr) fake.compute(inputs, outputs);
  --fake.running;
  return fake.forward_code;
}

EXPORTED ReturnCode CVI_NN_CleanupModel(ModelHandle) {
  fake.calls.push_back("cleanup");
  --fake.open;
  return 0;
}
}
