#include "runtime/cvimodel/cvimodel_session.hpp"

#include "facecap/error.hpp"
#include "runtime/at_work.hpp"
#include "runtime/cvimodel/loaded_model.hpp"
#include "runtime/cvimodel/model_header.hpp"
#include "runtime/cvimodel/signature.hpp"
#include "runtime/cvimodel/tensor_layout.hpp"
#include "runtime/tensor.hpp"

namespace facecap::cvimodel {
namespace {

std::string describe(const VendorTensor& tensor) {
  std::string shape;
  for (std::size_t i = 0; i < tensor.shape.rank && i < 6; ++i)
    shape += (i == 0 ? "" : ", ") + std::to_string(tensor.shape.dimensions[i]);
  return "'" + std::string(tensor.name != nullptr ? tensor.name : "") + "' (" + shape + ") of " +
         std::to_string(tensor.bytes) + " bytes, format " +
         std::to_string(static_cast<std::int32_t>(tensor.format));
}

class CvimodelSession final : public Session {
 public:
  CvimodelSession(const std::string& bytes, std::string label, const ModelHeader& header, Signature signature)
      : label_(std::move(label)),
        signature_(std::move(signature)),
        library_(library()),
        model_(bytes, header.chip, label_),
        buffers_(header.inputs.size() + header.outputs.size()) {
#ifdef __x86_64__
    provider_ = header.chip + " simulator";
#else
    provider_ = header.chip;
#endif
    const std::lock_guard<std::timed_mutex> lock(library_mutex());
    VendorTensor* inputs = nullptr;
    VendorTensor* outputs = nullptr;
    std::int32_t input_count = 0;
    std::int32_t output_count = 0;
    library_.check(library_.api.get_tensors(model_.get(), &inputs, &input_count, &outputs, &output_count),
                   label_ + ": its tensors cannot be had");
    take(inputs, input_count, header.inputs, signature_.input_layouts, inputs_);
    take(outputs, output_count, header.outputs, signature_.output_layouts, outputs_);
  }

  const std::vector<TensorInfo>& inputs() const override { return signature_.inputs; }
  const std::vector<TensorInfo>& outputs() const override { return signature_.outputs; }
  const std::vector<TensorInfo>& native_inputs() const override { return signature_.native_inputs; }
  const std::string& runtime() const override { return runtime_; }
  const std::string& runtime_version() const override { return library_.version; }
  std::vector<std::string> providers() const override { return {provider_}; }

  void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) override {
    const AtWork at_work;
    check(inputs);
    outputs.resize(outputs_.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i].type = ElementType::float32;
      outputs[i].shape = signature_.outputs[i].shape;
      outputs[i].storage.resize(signature_.output_layouts[i].elements() * sizeof(float));
      outputs[i].origin.clear();
    }
    const std::lock_guard<std::timed_mutex> lock(library_mutex());
    const ModelHandle model = model_.get();
    for (std::size_t i = 0; i < inputs.size(); ++i) hand_in(inputs_[i], memory_for(i, inputs[i]));
    for (std::size_t i = 0; i < outputs.size(); ++i) hand_in(outputs_[i], memory_for(i, outputs[i]));
    library_.check(library_.api.forward(model, inputs_.data(), static_cast<std::int32_t>(inputs_.size()),
                                        outputs_.data(), static_cast<std::int32_t>(outputs_.size())),
                   label_ + ": the network fails");
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (signature_.output_layouts[i].type != ElementType::float32)
        load(buffer_of_output(i).data(), signature_.output_layouts[i],
             reinterpret_cast<float*>(outputs[i].storage.data()));
  }

 private:
  /// Copies the library's descriptions of the tensors, which must be those of the file.
  void take(const VendorTensor* found, std::int32_t count, const std::vector<StoredTensor>& wanted,
            const std::vector<TensorLayout>& layouts, std::vector<VendorTensor>& out) const {
    if (found == nullptr || count != static_cast<std::int32_t>(wanted.size()))
      throw ModelError(label_ + ": the runtime gives " + std::to_string(found == nullptr ? 0 : count) +
                       " tensors where the file has " + std::to_string(wanted.size()));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const VendorTensor& tensor = found[i];
      bool same = tensor.name != nullptr && tensor.name == wanted[i].name && tensor.shape.rank == 4 &&
                  tensor.format == wanted[i].format && tensor.elements == wanted[i].elements() &&
                  tensor.aligned == wanted[i].aligned;
      for (std::size_t k = 0; same && k < 4; ++k) same = tensor.shape.dimensions[k] == wanted[i].shape[k];
      // Aligned memory is at times larger than its rows, by the vendor's own sum.
      const std::size_t bytes = layouts[i].bytes();
      same = same && (wanted[i].aligned ? tensor.bytes >= bytes : tensor.bytes == bytes);
      if (!same)
        throw ModelError(label_ + ": the runtime gives the tensor " + describe(tensor) + ", the file has '" +
                         wanted[i].name + "' of " + std::to_string(bytes) + " bytes");
      out.push_back(tensor);
    }
  }

  void check(const std::vector<TensorView>& inputs) const {
    std::vector<TensorInfo> wanted = signature_.inputs;
    for (std::size_t i = 0; i < inputs.size() && i < wanted.size(); ++i)
      if (inputs[i].type != ElementType::float32 && inputs[i].type == signature_.native_inputs[i].type)
        wanted[i] = signature_.native_inputs[i];
    check_inputs(wanted, inputs, label_);
  }

  void hand_in(VendorTensor& tensor, void* memory) const {
    library_.check(library_.api.set_memory(&tensor, memory), label_ + ": a buffer is refused");
  }

  /// The caller's own memory where it is what the runtime reads, else a buffer with its values.
  void* memory_for(std::size_t index, const TensorView& input) {
    const TensorLayout& layout = signature_.input_layouts[index];
    const bool own = input.type == layout.type;
    const bool in_order = input.type != ElementType::float32 || !layout.packed;
    if (own && in_order && layout.dense() && inputs_[index].bytes == layout.bytes())
      return const_cast<void*>(input.data);
    std::vector<std::uint8_t>& buffer = buffers_[index];
    buffer.resize(inputs_[index].bytes);
    if (own && in_order)
      store_rows(static_cast<const std::uint8_t*>(input.data), layout, buffer.data());
    else
      store(static_cast<const float*>(input.data), layout, buffer.data());
    return buffer.data();
  }

  void* memory_for(std::size_t index, Tensor& output) {
    if (signature_.output_layouts[index].type == ElementType::float32) return output.storage.data();
    std::vector<std::uint8_t>& buffer = buffer_of_output(index);
    buffer.resize(outputs_[index].bytes);
    return buffer.data();
  }

  std::vector<std::uint8_t>& buffer_of_output(std::size_t index) { return buffers_[inputs_.size() + index]; }

  std::string label_;
  std::string runtime_ = "cvimodel";
  std::string provider_;
  Signature signature_;
  const Library& library_;
  LoadedModel model_;
  // Used with the library's lock held:
  std::vector<VendorTensor> inputs_;
  std::vector<VendorTensor> outputs_;
  std::vector<std::vector<std::uint8_t>> buffers_;  // of the tensors that are converted, inputs first
};

}  // namespace

std::shared_ptr<Session> open_session(const std::string& bytes, const std::string& label,
                                      const Manifest& manifest, bool unchecked) {
  const ModelHeader header = read_header(bytes, label, unchecked);
  Signature signature = signature_of(header, manifest, label);
  return std::make_shared<CvimodelSession>(bytes, label, header, std::move(signature));
}

}  // namespace facecap::cvimodel
