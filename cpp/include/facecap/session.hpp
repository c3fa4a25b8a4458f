#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "facecap/manifest.hpp"

namespace facecap {

enum class ElementType { float32, int8, uint8, bfloat16, int32, int64 };

std::size_t element_size(ElementType type);
const char* to_string(ElementType type);

struct TensorInfo {
  std::string name;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  // -1 where free
  float scale = 1;                  // of an integer tensor: stored = value * scale
};

/// A tensor that somebody else owns.
struct TensorView {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

/// A tensor that owns its values; the storage is reused while the shape stays.
struct Tensor {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> storage;
  std::vector<std::int64_t> origin;  // for Session::run alone: which session and input shapes made it
  const float* floats() const { return reinterpret_cast<const float*>(storage.data()); }
  std::size_t elements() const;
};

/// A loaded network. Shared between all objects that use the same file; run() may be called from several
/// threads.
class Session {
 public:
  virtual ~Session() = default;
  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;
  /// The inputs as the network stores them, where that is not what inputs() says: a quantised network takes
  /// its own integers, perhaps pixel by pixel (N, H, W, C), as well as float32 planes, which it converts.
  virtual const std::vector<TensorInfo>& native_inputs() const { return inputs(); }
  /// Runs the network. `inputs` in the order of inputs(), each as there or as in native_inputs(); `outputs`
  /// is resized to outputs() and keeps its buffers from call to call, so a caller that keeps its shapes pays
  /// no allocation and no copy. Throws ModelError where count, type or shape do not fit, or where the runtime
  /// fails.
  virtual void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) = 0;
  virtual const std::string& runtime() const = 0;          // "onnx" or "cvimodel"
  virtual const std::string& runtime_version() const = 0;  // as the library says
  virtual std::vector<std::string> providers() const = 0;  // what computes, e.g. "CPUExecutionProvider"
};

struct SessionOptions {
  std::string runtime = "auto";  // "auto" goes by the file
  int threads = 1;               // 1 computes on the calling thread
  // Of a .cvimodel alone:
  std::string chip;        // it must be made for this one, e.g. "cv182x"; empty: for the manifest's
  bool unchecked = false;  // takes a file whose own checksum is not right, as old toolchains wrote them
  // Of ONNX Runtime alone:
  std::string provider = "cpu";  // what computes, one of provider_names()
};

/// A model file or its bytes, with its manifest.
struct ModelSource {
  std::string path;      // empty where `bytes` hold the model
  std::string bytes;     // the model itself
  std::string manifest;  // JSON text; empty: read beside the path, same stem, .json
};

struct Model {
  std::shared_ptr<Session> session;
  std::shared_ptr<const Manifest> manifest;
  std::string path;
};

/// Opens a model, checks it against its manifest (size and sha256 of the file, task, tensors) and shares it:
/// as long as somebody holds a model, the same file with the same options gives the same session. Throws
/// ModelError.
Model open_model(const ModelSource& source, Task task, const SessionOptions& options);

/// The index in session.outputs() of the manifest's output with this role (and, for "level", this stride).
/// Outputs are found by type and shape; the name decides where several fit. Throws ModelError where none
/// does, or where several do and none has the name. Roles: "boxes", "scores", "landmarks", "level"; "face"
/// and "blur", (N, 1), and "points", (N, 10), of a refiner; "logits" of a mask classifier, (N, 1) or (N, 2);
/// "embedding", (N, dimensions).
int find_output(const Session& session, const Manifest& manifest, const std::string& role, int stride = 0);

/// Where libonnxruntime is. Empty: the environment variable FACECAP_ONNXRUNTIME, then the plain name.
void set_onnxruntime_path(const std::string& path);

/// What ONNX Runtime may compute with, "cpu" first, and which of them the library here has, loaded if it is
/// not yet: that they start is not said. The latter throws ModelError where the library cannot be loaded.
const std::vector<std::string>& provider_names();
std::vector<std::string> onnxruntime_providers();

/// Whether this processor sums products of int8 in one instruction, on which int8 networks gain.
bool has_vnni();

/// Where libcviruntime is. Empty: the environment variable FACECAP_CVIRUNTIME, then the plain name.
void set_cviruntime_path(const std::string& path);

struct RuntimeLibrary {
  std::string path;
  std::string version;  // as it says, "unknown" where it does not
};

/// The vendor's library of .cvimodel files, loaded if it is not yet. Throws ModelError where it cannot be.
RuntimeLibrary cviruntime();

}  // namespace facecap
