#include "detect/reader.hpp"

#include "facecap/error.hpp"
#include "runtime/tensor.hpp"

namespace facecap {

AnswerReader::AnswerReader(const Model& model) : manifest_(model.manifest) {
  for (const NetworkOutput& output : manifest_->detector->head->outputs(std::nullopt)) {
    places_.push_back(find_output(*model.session, *manifest_, output.role, output.stride));
    names_.push_back(model.session->outputs()[static_cast<std::size_t>(places_.back())].name);
  }
}

void AnswerReader::lay_out(Size size) {
  if (size == size_) return;
  std::vector<NetworkOutput> wanted = manifest_->detector->head->outputs(size);
  answer_.grids = manifest_->detector->head->grids(size);
  wanted_ = std::move(wanted);
  size_ = size;
}

const Answer& AnswerReader::read(const std::vector<Tensor>& outputs, Size size) {
  lay_out(size);
  answer_.outputs.clear();
  for (std::size_t i = 0; i < wanted_.size(); ++i) {
    const Tensor& tensor = outputs.at(static_cast<std::size_t>(places_[i]));
    if (tensor.type != ElementType::float32 || tensor.shape != wanted_[i].shape)
      throw ModelError(
          manifest_->source + ": output " + names_[i] + " is " + describe(tensor.type, tensor.shape) +
          ", wanted " + describe(ElementType::float32, wanted_[i].shape) + " for an input of " +
          std::to_string(size.width) + "x" + std::to_string(size.height) + " and the manifest's detector");
    answer_.outputs.push_back(tensor.floats());
  }
  return answer_;
}

}  // namespace facecap
