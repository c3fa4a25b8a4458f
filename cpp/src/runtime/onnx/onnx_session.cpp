#include "runtime/onnx/onnx_session.hpp"

#include <atomic>
#include <cstring>
#include <optional>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "facecap/error.hpp"
#include "runtime/at_work.hpp"
#include "runtime/onnx/session_options.hpp"
#include "runtime/tensor.hpp"

namespace facecap::onnx {
namespace {

using OwnedValue = Owned<Value>;

std::optional<ElementType> from_library(Element element) {
  switch (element) {
    case Element::float32:
      return ElementType::float32;
    case Element::uint8:
      return ElementType::uint8;
    case Element::int8:
      return ElementType::int8;
    case Element::int32:
      return ElementType::int32;
    case Element::int64:
      return ElementType::int64;
    case Element::bfloat16:
      return ElementType::bfloat16;
  }
  return {};
}

Element to_library(ElementType type) {
  switch (type) {
    case ElementType::float32:
      return Element::float32;
    case ElementType::uint8:
      return Element::uint8;
    case ElementType::int8:
      return Element::int8;
    case ElementType::int32:
      return Element::int32;
    case ElementType::int64:
      return Element::int64;
    case ElementType::bfloat16:
      return Element::bfloat16;
  }
  return Element::float32;
}

/// Reading a model leaves twice its size behind in the allocator of the C library.
void return_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::int64_t next_identity() {
  static std::atomic<std::int64_t> last{0};
  return ++last;
}

/// What the library's text on a model that it does not open means for whoever has the file; nullptr where
/// that is not known.
const char* reason_of(const std::string& text) {
  constexpr std::pair<const char*, const char*> kKnown[] = {
      {"is under development and support",
       "it uses operators newer than this ONNX Runtime: install a newer onnxruntime or export it with a "
       "lower "
       "opset version"},
      {"Unsupported model IR version",
       "its format is newer than this ONNX Runtime: install a newer onnxruntime or export it for an older "
       "one"},
      {"No Op registered", "it uses an operator that this ONNX Runtime does not have"},
      {"is not a registered function/op", "it uses an operator that this ONNX Runtime does not have"},
      {"xternal data",
       "its weights lie in a file beside it that is missing or not where it may be: copy both"},
      {"External initializer", "its weights lie in a file beside it that is cut or damaged: copy both again"},
      {"Protobuf parsing failed", "it is no ONNX model, or one that is cut or damaged"}};
  for (const auto& [sign, reason] : kKnown)
    if (text.find(sign) != std::string::npos) return reason;
  return nullptr;
}

class OnnxSession final : public Session {
 public:
  OnnxSession(const std::string& path, const std::string& bytes, std::string label,
              const SessionOptions& options)
      : label_(std::move(label)), provider_(provider_named(options.provider)) {
    create(path, bytes, options.threads);
    read_signature();
    MemoryInfo* memory = nullptr;
    check(api().create_cpu_memory_info(AllocatorKind::device, MemoryKind::standard, &memory));
    memory_.reset(memory);
  }
  ~OnnxSession() override {
    const AtWork at_work;
    session_.reset();
  }

  const std::vector<facecap::TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<facecap::TensorInfo>& outputs() const override { return outputs_; }
  const std::string& runtime() const override { return runtime_; }
  const std::string& runtime_version() const override { return library_.version; }
  std::vector<std::string> providers() const override { return providers_; }

  void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) override {
    const AtWork at_work;
    check_inputs(inputs_, inputs, label_);
    std::vector<OwnedValue> values;
    for (const TensorView& input : inputs)
      values.push_back(wrap(const_cast<void*>(input.data), input.type, input.shape));
    const std::vector<std::int64_t> origin = origin_of(inputs);
    // The shapes of the outputs are known where the same input shapes made them before: then the library
    // writes into the caller's buffers. Where they depend on more than that it refuses, and the slow way is
    // taken.
    if (made_by(outputs, origin) && run_into(values, outputs)) return;
    run_and_copy(values, outputs);
    for (Tensor& output : outputs) output.origin = origin;
  }

 private:
  const Api& api() const { return library_.api; }
  void check(Status* status) const { library_.check(status, label_); }

  void create(const std::string& path, const std::string& bytes, int threads) {
    const Owned<Options> options = session_options(library_, provider_, threads);
    SessionHandle* session = nullptr;
    const std::string text = library_.message(
        bytes.empty() ? api().create_session(library_.env, path.c_str(), options.get(), &session)
                      : api().create_session_from_array(library_.env, bytes.data(), bytes.size(),
                                                        options.get(), &session));
    if (!text.empty()) throw refused(text);
    session_.reset(session);
    providers_ = at_work_in(library_, session, provider_, label_);
    return_memory();
  }

  ModelError refused(const std::string& text) const {
    const char* reason = reason_of(text);
    if (reason == nullptr && !is_cpu(provider_))
      return ModelError(
          label_ + ": the provider '" + provider_.name + "' does not open it: " + text + with_cpu(), text);
    if (reason == nullptr) reason = "it cannot be read as an ONNX model; the log has the reason";
    return ModelError(label_ + ": " + reason + " (ONNX Runtime " + library_.version + ")", text);
  }

  const char* with_cpu() const { return is_cpu(provider_) ? "" : "; provider 'cpu' computes without it"; }

  void read_signature() {
    std::size_t count = 0;
    check(api().input_count(session_.get(), &count));
    for (std::size_t i = 0; i < count; ++i)
      inputs_.push_back(read_tensor(i, api().input_name, api().input_type));
    check(api().output_count(session_.get(), &count));
    for (std::size_t i = 0; i < count; ++i)
      outputs_.push_back(read_tensor(i, api().output_name, api().output_type));
    for (const auto& info : inputs_) input_names_.push_back(info.name.c_str());
    for (const auto& info : outputs_) output_names_.push_back(info.name.c_str());
  }

  template <typename GetName, typename GetType>
  facecap::TensorInfo read_tensor(std::size_t index, GetName get_name, GetType get_type) const {
    facecap::TensorInfo out;
    Allocator* allocator = nullptr;
    check(api().default_allocator(&allocator));
    char* name = nullptr;
    check(get_name(session_.get(), index, allocator, &name));
    try {
      out.name = name;
    } catch (...) {
      api().release_status(api().allocator_free(allocator, name));
      throw;
    }
    check(api().allocator_free(allocator, name));
    TypeInfo* type = nullptr;
    check(get_type(session_.get(), index, &type));
    const Owned<TypeInfo> owned(type, api().release_type_info);
    const TensorInfo* tensor = nullptr;
    check(api().tensor_info(type, &tensor));
    if (tensor == nullptr) throw ModelError(label_ + ": '" + out.name + "' is not a tensor, which is wanted");
    out.type = element_of(tensor, out.name);
    out.shape = shape_of(tensor);
    return out;
  }

  ElementType element_of(const TensorInfo* tensor, const std::string& name) const {
    Element element{};
    check(api().element_type(tensor, &element));
    const std::optional<ElementType> type = from_library(element);
    if (!type)
      throw ModelError(label_ + ": '" + name + "' has the ONNX element type " +
                       std::to_string(static_cast<int>(element)) +
                       ", wanted float32, int8, uint8, bfloat16, int32 or int64");
    return *type;
  }

  std::vector<std::int64_t> shape_of(const TensorInfo* tensor) const {
    std::size_t rank = 0;
    check(api().rank(tensor, &rank));
    std::vector<std::int64_t> shape(rank);
    check(api().dimensions(tensor, shape.data(), rank));
    return shape;
  }

  OwnedValue wrap(void* data, ElementType type, const std::vector<std::int64_t>& shape) const {
    Value* value = nullptr;
    check(api().create_tensor(memory_.get(), data, byte_size(type, shape), shape.data(), shape.size(),
                              to_library(type), &value));
    return OwnedValue(value, api().release_value);
  }

  std::vector<std::int64_t> origin_of(const std::vector<TensorView>& inputs) const {
    std::vector<std::int64_t> origin{identity_};
    for (const TensorView& input : inputs)
      origin.insert(origin.end(), input.shape.begin(), input.shape.end());
    return origin;
  }

  bool made_by(const std::vector<Tensor>& outputs, const std::vector<std::int64_t>& origin) const {
    if (outputs.size() != outputs_.size()) return false;
    for (const Tensor& output : outputs)
      if (output.origin != origin || output.storage.empty() ||
          output.storage.size() != byte_size(output.type, output.shape))
        return false;
    return true;
  }

  std::string call(const std::vector<OwnedValue>& inputs, std::vector<Value*>& outputs) const {
    std::vector<const Value*> values;
    for (const OwnedValue& input : inputs) values.push_back(input.get());
    return library_.message(api().run(session_.get(), nullptr, input_names_.data(), values.data(),
                                      values.size(), output_names_.data(), outputs.size(), outputs.data()));
  }

  bool run_into(const std::vector<OwnedValue>& inputs, std::vector<Tensor>& outputs) const {
    std::vector<OwnedValue> owned;
    std::vector<Value*> values;
    for (Tensor& output : outputs) {
      owned.push_back(wrap(output.storage.data(), output.type, output.shape));
      values.push_back(owned.back().get());
    }
    return call(inputs, values).empty();
  }

  void run_and_copy(const std::vector<OwnedValue>& inputs, std::vector<Tensor>& outputs) const {
    std::vector<Value*> values(outputs_.size(), nullptr);
    std::vector<OwnedValue> owned;
    owned.reserve(values.size());
    const std::string text = call(inputs, values);
    for (Value* value : values) owned.emplace_back(value, api().release_value);
    if (!text.empty()) {
      const std::string who = is_cpu(provider_) ? "ONNX Runtime" : full_name(provider_);
      throw ModelError(label_ + ": " + who + " failed: " + text + with_cpu());
    }
    outputs.resize(outputs_.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) copy(owned[i].get(), i, outputs[i]);
  }

  void copy(Value* value, std::size_t index, Tensor& output) const {
    TensorInfo* raw = nullptr;
    check(api().value_info(value, &raw));
    const Owned<TensorInfo> info(raw, api().release_tensor_info);
    output.type = element_of(raw, outputs_[index].name);
    output.shape = shape_of(raw);
    output.storage.resize(byte_size(output.type, output.shape));
    if (output.storage.empty()) return;
    void* data = nullptr;
    check(api().tensor_data(value, &data));
    std::memcpy(output.storage.data(), data, output.storage.size());
  }

  const Library& library_ = library();
  const std::int64_t identity_ = next_identity();
  std::string label_;
  const Provider& provider_;
  std::vector<std::string> providers_;
  std::string runtime_ = "onnx";
  Owned<SessionHandle> session_{nullptr, library_.api.release_session};
  Owned<MemoryInfo> memory_{nullptr, library_.api.release_memory_info};
  std::vector<facecap::TensorInfo> inputs_;
  std::vector<facecap::TensorInfo> outputs_;
  std::vector<const char*> input_names_;
  std::vector<const char*> output_names_;
};

}  // namespace

std::shared_ptr<Session> open_session(const std::string& path, const std::string& bytes,
                                      const std::string& label, const SessionOptions& options) {
  return std::make_shared<OnnxSession>(path, bytes, label, options);
}

}  // namespace facecap::onnx
