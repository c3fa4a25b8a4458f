#include "runtime/onnx/session_options.hpp"

#include "facecap/session.hpp"

namespace facecap::onnx {

Owned<Options> session_options(const Library& library, const Provider& provider, int threads) {
  const Api& api = library.api;
  const auto check = [&library](Status* status) { library.check(status, "ONNX Runtime takes no options"); };
  Options* raw = nullptr;
  check(api.create_options(&raw));
  Owned<Options> options(raw, api.release_options);
  check(api.set_graph_optimization(raw, GraphOptimization::all));
  check(api.set_intra_op_threads(raw, threads));
  check(api.set_inter_op_threads(raw, 1));
  // One arena for all sessions, and no plan of memory for every input shape: 125 MB instead of 155 for the
  // default models, at the same speed.
  check(api.add_config_entry(raw, "session.use_env_allocators", "1"));
  check(api.disable_memory_pattern(raw));
  // A thread that waits by spinning takes its core from the camera beside it.
  check(api.add_config_entry(raw, "session.intra_op.allow_spinning", "0"));
  check(api.add_config_entry(raw, "session.inter_op.allow_spinning", "0"));
  // Without VNNI the faster product of uint8 and int8 overflows; with it the other one takes 1.7 times as
  // long.
  if (!has_vnni()) check(api.add_config_entry(raw, "session.x64quantprecision", "1"));
  append_provider(library, raw, provider, threads);
  return options;
}

}  // namespace facecap::onnx
