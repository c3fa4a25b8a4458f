#include "detect/heads.hpp"

#include "facecap/error.hpp"
#include "runtime/tensor.hpp"

namespace facecap {

Prior HeadLevel::prior(int cell, int index) const {
  return {(static_cast<float>(cell % columns) + 0.5f) * static_cast<float>(stride),
          (static_cast<float>(cell / columns) + 0.5f) * static_cast<float>(stride), min_sizes[index]};
}

Heads::Heads(const Model& model) : manifest_(model.manifest), form_(model.manifest->detector->form) {
  for (const TensorInfo& output : model.session->outputs()) names_.push_back(output.name);
  const auto find = [&model](const char* role, int stride) {
    return find_output(*model.session, *model.manifest, role, stride);
  };
  if (form_ == DetectorSpec::Form::concatenated)
    outputs_ = {find("boxes", 0), find("scores", 0), find("landmarks", 0)};
  else
    for (const int stride : manifest_->detector->strides) outputs_.push_back(find("level", stride));
}

void Heads::lay_out(Size size) {
  if (size == size_) return;
  size_ = size;
  levels_.clear();
  const DetectorSpec& spec = *manifest_->detector;
  int first_prior = 0;
  for (std::size_t i = 0; i < spec.strides.size(); ++i) {
    HeadLevel level;
    level.stride = spec.strides[i];
    level.columns = (size.width + level.stride - 1) / level.stride;
    level.rows = (size.height + level.stride - 1) / level.stride;
    level.min_sizes = spec.min_sizes[i];
    level.first_prior = first_prior;
    first_prior += level.cells() * level.priors();
    levels_.push_back(std::move(level));
  }
}

const float* Heads::values(const std::vector<Tensor>& outputs, int index,
                           const std::vector<std::int64_t>& shape) const {
  const Tensor& tensor = outputs.at(static_cast<std::size_t>(index));
  if (tensor.type == ElementType::float32 && tensor.shape == shape) return tensor.floats();
  throw ModelError(manifest_->source + ": output " + names_[static_cast<std::size_t>(index)] + " is " +
                   describe(tensor.type, tensor.shape) + ", wanted " + describe(ElementType::float32, shape) +
                   " for an input of " + std::to_string(size_.width) + "x" + std::to_string(size_.height) +
                   " and the manifest's priors");
}

const std::vector<HeadLevel>& Heads::read(const std::vector<Tensor>& outputs, Size size) {
  lay_out(size);
  if (form_ == DetectorSpec::Form::levels) {
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      HeadLevel& level = levels_[i];
      const std::ptrdiff_t plane = level.cells();
      const int priors = level.priors();
      const float* data = values(outputs, outputs_[i], {1, priors * 15, level.rows, level.columns});
      level.scores = {data, 1, plane, plane};
      level.boxes = {data + priors * plane, 1, 4 * plane, plane};
      level.landmarks = {data + 5 * priors * plane, 1, 10 * plane, plane};
    }
    return levels_;
  }
  const std::int64_t total = levels_.back().first_prior + levels_.back().cells() * levels_.back().priors();
  const float* boxes = values(outputs, outputs_[0], {1, total, 4});
  const float* scores = values(outputs, outputs_[1], {1, total, 2});
  const float* landmarks = values(outputs, outputs_[2], {1, total, 10});
  for (HeadLevel& level : levels_) {
    const auto view = [&level](const float* data, int width) {
      return HeadValues{data + std::ptrdiff_t{width} * level.first_prior, level.priors() * width, width, 1};
    };
    level.boxes = view(boxes, 4);
    level.scores = view(scores + 1, 2);
    level.landmarks = view(landmarks, 10);
  }
  return levels_;
}

}  // namespace facecap
