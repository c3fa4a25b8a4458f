#include <dlfcn.h>

#include <cstdio>

#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "runtime/onnx/api.hpp"
#include "runtime/shared_library.hpp"

namespace facecap {
namespace onnx {
namespace {

constexpr const char* kVariable = "FACECAP_ONNXRUNTIME";
constexpr const char* kAdvice =
    "; `pip install \"onnxruntime>=1.19\"`, or name the file in FACECAP_ONNXRUNTIME";
constexpr const char* kNoStart = "ONNX Runtime does not start";
#ifdef __APPLE__
constexpr const char* kPlainName = "libonnxruntime.dylib";
#else
constexpr const char* kPlainName = "libonnxruntime.so";
#endif

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*get_version)();
};

SharedLibrary& file() {
  static auto* one =  // for as long as the process
      new SharedLibrary("ONNX Runtime", kVariable, kPlainName, kAdvice);
  return *one;
}

template <typename Function>
void bind(Function& function, const void* const* table, std::size_t slot) {
  function = reinterpret_cast<Function>(const_cast<void*>(table[slot]));
}

Api bind_all(const void* const* table, bool tells) {
  Api api{};
  bind(api.get_error_message, table, 2);
  bind(api.create_env, table, 3);
  bind(api.create_session, table, 7);
  bind(api.create_session_from_array, table, 8);
  bind(api.run, table, 9);
  bind(api.create_options, table, 10);
  bind(api.disable_memory_pattern, table, 17);
  bind(api.set_graph_optimization, table, 23);
  bind(api.set_intra_op_threads, table, 24);
  bind(api.set_inter_op_threads, table, 25);
  bind(api.input_count, table, 30);
  bind(api.output_count, table, 31);
  bind(api.input_type, table, 33);
  bind(api.output_type, table, 34);
  bind(api.input_name, table, 36);
  bind(api.output_name, table, 37);
  bind(api.create_tensor, table, 49);
  bind(api.tensor_data, table, 51);
  bind(api.tensor_info, table, 55);
  bind(api.element_type, table, 60);
  bind(api.rank, table, 61);
  bind(api.dimensions, table, 62);
  bind(api.value_info, table, 65);
  bind(api.create_cpu_memory_info, table, 69);
  bind(api.allocator_free, table, 76);
  bind(api.default_allocator, table, 78);
  bind(api.release_status, table, 93);
  bind(api.release_memory_info, table, 94);
  bind(api.release_session, table, 95);
  bind(api.release_value, table, 96);
  bind(api.release_type_info, table, 98);
  bind(api.release_tensor_info, table, 99);
  bind(api.release_options, table, 100);
  bind(api.add_config_entry, table, 130);
  bind(api.register_allocator, table, 144);
  bind(api.available_providers, table, 125);
  bind(api.release_available_providers, table, 126);
  bind(api.append_cuda, table, 204);
  bind(api.create_cuda_options, table, 205);
  bind(api.update_cuda_options, table, 206);
  bind(api.release_cuda_options, table, 208);
  bind(api.append_provider, table, 216);
  if (!tells) return api;
  bind(api.assigned_parts, table, 407);
  bind(api.name_of_part, table, 408);
  return api;
}

/// What sessions that use the environment's allocator share.
void register_arena(const Library& library) {
  MemoryInfo* memory = nullptr;
  library.check(library.api.create_cpu_memory_info(AllocatorKind::arena, MemoryKind::standard, &memory),
                kNoStart);
  const Owned<MemoryInfo> owned(memory, library.api.release_memory_info);
  library.check(library.api.register_allocator(library.env, memory, nullptr), kNoStart);
}

/// Asked before the table, since an old library answers a call for a newer table with a line on stderr.
bool new_enough(const std::string& version, std::uint32_t wanted) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return major > 1 || (major == 1 && minor >= static_cast<int>(wanted));
}

Library load(const std::string& path) {
  void* handle = file().load(path);
  const auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr)
    throw ModelError("'" + path + "' is not ONNX Runtime: it has no OrtGetApiBase" + kAdvice);
  const ApiBase* base = get_base();
  Library library;
  library.version = base->get_version();
  const bool tells = new_enough(library.version, kTellingApiVersion);
  const void* const* table = nullptr;
  if (new_enough(library.version, kApiVersion))
    table = base->get_api(tells ? kTellingApiVersion : kApiVersion);
  if (table == nullptr)
    throw ModelError("'" + path + "' is ONNX Runtime " + library.version + ", wanted 1." +
                     std::to_string(kApiVersion) + " or newer" + kAdvice);
  library.api = bind_all(table, tells);
  // Failures come back as statuses; the library's own log would only repeat them on stderr.
  library.check(library.api.create_env(LogLevel::fatal, "facecap", &library.env), kNoStart);
  register_arena(library);
  return library;
}

}  // namespace

std::string Library::message(Status* status) const {
  if (status == nullptr) return "";
  const Owned<Status> owned(status, api.release_status);
  std::string text = api.get_error_message(status);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "it gives no reason" : text;
}

void Library::check(Status* status, const std::string& what) const {
  const std::string text = message(status);
  if (!text.empty()) throw ModelError(what + ": " + text);
}

const Library& library() {
  static const Library* const loaded = new Library(load(file().path()));  // tried again where it throws
  return *loaded;
}

}  // namespace onnx

void set_onnxruntime_path(const std::string& path) {
  onnx::file().set_path(path);
}

}  // namespace facecap
