#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace facecap::onnx {

// The part of ONNX Runtime's C interface that is called here, declared by hand, since the package that
// installs the library brings no header. The library gives a table of functions to which versions only
// append.

struct Status;
struct Env;
struct SessionHandle;
struct Options;
struct MemoryInfo;
struct Value;
struct TypeInfo;
struct TensorInfo;
struct Allocator;
struct RunOptions;
struct ArenaOptions;
struct CudaOptions;
struct Part;  // of a network, that one provider computes

constexpr std::uint32_t kApiVersion = 17;         // ONNX Runtime 1.17
constexpr std::uint32_t kTellingApiVersion = 24;  // tells which provider computes what

enum class LogLevel : int { fatal = 4 };
enum class GraphOptimization : int { all = 99 };
enum class AllocatorKind : int { device = 0, arena = 1 };
enum class MemoryKind : int { standard = 0 };
enum class Element : int { float32 = 1, uint8 = 2, int8 = 3, int32 = 6, int64 = 7, bfloat16 = 16 };

struct Api {
  const char* (*get_error_message)(const Status*);
  Status* (*create_env)(LogLevel, const char* id, Env**);
  Status* (*create_session)(const Env*, const char* path, const Options*, SessionHandle**);
  Status* (*create_session_from_array)(const Env*, const void*, std::size_t, const Options*, SessionHandle**);
  Status* (*run)(SessionHandle*, const RunOptions*, const char* const* input_names,
                 const Value* const* inputs, std::size_t input_count, const char* const* output_names,
                 std::size_t output_count, Value** outputs);
  Status* (*create_options)(Options**);
  Status* (*disable_memory_pattern)(Options*);
  Status* (*set_graph_optimization)(Options*, GraphOptimization);
  Status* (*set_intra_op_threads)(Options*, int);
  Status* (*set_inter_op_threads)(Options*, int);
  Status* (*input_count)(const SessionHandle*, std::size_t*);
  Status* (*output_count)(const SessionHandle*, std::size_t*);
  Status* (*input_type)(const SessionHandle*, std::size_t, TypeInfo**);
  Status* (*output_type)(const SessionHandle*, std::size_t, TypeInfo**);
  Status* (*input_name)(const SessionHandle*, std::size_t, Allocator*, char**);
  Status* (*output_name)(const SessionHandle*, std::size_t, Allocator*, char**);
  Status* (*create_tensor)(const MemoryInfo*, void*, std::size_t bytes, const std::int64_t* shape,
                           std::size_t rank, Element, Value**);
  Status* (*tensor_data)(Value*, void**);
  Status* (*tensor_info)(const TypeInfo*, const TensorInfo**);  // a view; nullptr where it is no tensor
  Status* (*element_type)(const TensorInfo*, Element*);
  Status* (*rank)(const TensorInfo*, std::size_t*);
  Status* (*dimensions)(const TensorInfo*, std::int64_t*, std::size_t);
  Status* (*value_info)(const Value*, TensorInfo**);
  Status* (*create_cpu_memory_info)(AllocatorKind, MemoryKind, MemoryInfo**);
  Status* (*allocator_free)(Allocator*, void*);
  Status* (*default_allocator)(Allocator**);  // owned by the library
  void (*release_status)(Status*);
  void (*release_memory_info)(MemoryInfo*);
  void (*release_session)(SessionHandle*);
  void (*release_value)(Value*);
  void (*release_type_info)(TypeInfo*);
  void (*release_tensor_info)(TensorInfo*);
  void (*release_options)(Options*);
  Status* (*add_config_entry)(Options*, const char* key, const char* value);
  Status* (*register_allocator)(Env*, const MemoryInfo*, const ArenaOptions*);  // no options: the defaults
  Status* (*available_providers)(char*** names, int* count);
  Status* (*release_available_providers)(char** names, int count);
  Status* (*append_cuda)(Options*, const CudaOptions*);
  Status* (*create_cuda_options)(CudaOptions**);
  Status* (*update_cuda_options)(CudaOptions*, const char* const* keys, const char* const* values,
                                 std::size_t count);
  void (*release_cuda_options)(CudaOptions*);
  Status* (*append_provider)(Options*, const char* name, const char* const* keys, const char* const* values,
                             std::size_t count);
  // From kTellingApiVersion on, else nullptr:
  Status* (*assigned_parts)(const SessionHandle*, const Part* const** parts, std::size_t* count);
  Status* (*name_of_part)(const Part*, const char** provider);
};

/// A handle of the library with the function that frees it.
template <typename T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

/// The loaded library with its one environment. Both stay until the process ends: sessions may outlive every
/// static object.
struct Library {
  Api api{};
  Env* env = nullptr;
  std::string version;

  /// The text of a failed call, none where it went well. Frees the status.
  std::string message(Status* status) const;
  /// Throws ModelError "<what>: <text of the library>".
  void check(Status* status, const std::string& what) const;
};

/// Loads the library at the first call. Throws ModelError where it is missing, foreign or too old; the next
/// call then tries again.
const Library& library();

}  // namespace facecap::onnx
