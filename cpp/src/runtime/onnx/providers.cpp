#include "runtime/onnx/providers.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "runtime/at_work.hpp"
#include "runtime/manifest_reader.hpp"

namespace facecap {
namespace onnx {
namespace {

using Settings = std::vector<std::pair<const char*, std::string>>;

/// What a provider is told; its defaults are not repeated.
Settings settings_of(const Provider& provider, int threads) {
  const std::string name = provider.name;
  // Cameras have sizes of their own, and the default tries every algorithm out for each; TF32 drops digits
  // that the processor keeps.
  if (name == "cuda") return {{"cudnn_conv_algo_search", "HEURISTIC"}, {"use_tf32", "0"}};
  if (name == "openvino") return {{"num_of_threads", std::to_string(threads)}};
  if (name == "coreml") return {{"ModelFormat", "MLProgram"}};
  return {};
}

Status* append_cuda(const Api& api, Options* options, const char* const* keys, const char* const* values,
                    std::size_t count) {
  CudaOptions* raw = nullptr;
  if (Status* failed = api.create_cuda_options(&raw)) return failed;
  const Owned<CudaOptions> cuda(raw, api.release_cuda_options);
  if (Status* failed = api.update_cuda_options(raw, keys, values, count)) return failed;
  return api.append_cuda(options, raw);
}

}  // namespace

const std::vector<Provider>& providers() {
  static const auto* all = new std::vector<Provider>{
      {"cpu", "CPU", ""},
      {"cuda", "CUDA",
       "`pip uninstall onnxruntime`, then `pip install onnxruntime-gpu`, beside NVIDIA's driver, CUDA and "
       "cuDNN"},
      {"openvino", "OpenVINO", "`pip uninstall onnxruntime`, then `pip install onnxruntime-openvino`"},
      {"coreml", "CoreML", "it is part of the package onnxruntime for macOS alone"}};
  return *all;
}

const Provider& provider_named(const std::string& name) {
  for (const Provider& provider : providers())
    if (name == provider.name) return provider;
  throw std::invalid_argument("provider: found '" + name + "', wanted one of: " + joined(provider_names()));
}

bool is_cpu(const Provider& provider) {
  return &provider == &providers().front();
}

std::string full_name(const Provider& provider) {
  return std::string(provider.own_name) + "ExecutionProvider";
}

std::vector<std::string> providers_of(const Library& library) {
  char** names = nullptr;
  int count = 0;
  library.check(library.api.available_providers(&names, &count), "ONNX Runtime does not say what it has");
  std::vector<std::string> found;
  for (const Provider& provider : providers())
    if (std::find(names, names + count, full_name(provider)) != names + count)
      found.emplace_back(provider.name);
  library.message(library.api.release_available_providers(names, count));
  return found;
}

void append_provider(const Library& library, Options* options, const Provider& provider, int threads) {
  if (is_cpu(provider)) return;
  const std::string what = "provider '" + std::string(provider.name) + "'";
  const std::vector<std::string> there = providers_of(library);
  if (std::find(there.begin(), there.end(), provider.name) == there.end())
    throw ModelError(what + ": this ONNX Runtime, " + library.version + ", has " + joined(there) +
                     "; to get it: " + provider.advice);
  const Api& api = library.api;
  // Where the library tells what computes what, the processor may take what the provider cannot.
  const char* key = api.assigned_parts != nullptr ? "session.record_ep_graph_assignment_info"
                                                  : "session.disable_cpu_ep_fallback";
  library.check(api.add_config_entry(options, key, "1"), what);
  const Settings settings = settings_of(provider, threads);
  std::vector<const char*> keys, values;
  for (const auto& [name, value] : settings) {
    keys.push_back(name);
    values.push_back(value.c_str());
  }
  const std::string text = library.message(
      std::strcmp(provider.name, "cuda") == 0
          ? append_cuda(api, options, keys.data(), values.data(), keys.size())
          : api.append_provider(options, provider.own_name, keys.data(), values.data(), keys.size()));
  if (!text.empty())
    throw ModelError(what + " does not start in ONNX Runtime " + library.version + ": " + text +
                     "; provider 'cpu' computes without it");
}

std::vector<std::string> at_work_in(const Library& library, const SessionHandle* session,
                                    const Provider& provider, const std::string& label) {
  std::vector<std::string> names{full_name(provider)};
  if (is_cpu(provider) || library.api.assigned_parts == nullptr) return names;
  const Part* const* parts = nullptr;
  std::size_t count = 0;
  library.check(library.api.assigned_parts(session, &parts, &count), label);
  bool taken = false;
  for (std::size_t i = 0; i < count; ++i) {
    const char* name = nullptr;
    library.check(library.api.name_of_part(parts[i], &name), label);
    taken = taken || names.front() == name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
  }
  if (!taken)
    throw ModelError(label + ": the provider '" + provider.name +
                     "' takes no part of this network; provider 'cpu' computes it");
  return names;
}

}  // namespace onnx

const std::vector<std::string>& provider_names() {
  static const auto* names = [] {
    auto* all = new std::vector<std::string>;
    for (const onnx::Provider& provider : onnx::providers()) all->emplace_back(provider.name);
    return all;
  }();
  return *names;
}

std::vector<std::string> onnxruntime_providers() {
  const AtWork at_work;
  return onnx::providers_of(onnx::library());
}

}  // namespace facecap
