#include "runtime/crop_batch.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "facecap/error.hpp"
#include "runtime/tensor.hpp"

namespace facecap {

namespace {

const float* answers(const Model& model, const Tensor& tensor, std::int64_t rows, std::int64_t columns) {
  const std::vector<std::int64_t> wanted{rows, columns};
  if (tensor.type == ElementType::float32 && tensor.shape == wanted) return tensor.floats();
  throw ModelError(model.manifest->source + ": the network answers " + std::to_string(rows) + " crops with " +
                   describe(tensor.type, tensor.shape) + ", wanted " +
                   describe(ElementType::float32, wanted));
}

}  // namespace

void run_in_batches(const Model& model, const std::vector<ImageView>& crops,
                    const std::vector<RowOutput>& wanted, std::vector<float>& planes,
                    std::vector<Tensor>& outputs,
                    const std::function<void(const std::vector<const float*>& rows, int count)>& take) {
  constexpr std::int64_t kLargestBatch = 8;
  const ManifestInput& input = model.manifest->input;
  for (const ImageView& crop : crops) {
    if (crop.size() == input.size) continue;
    throw std::invalid_argument("crop is " + std::to_string(crop.width) + "x" + std::to_string(crop.height) +
                                ", wanted " + std::to_string(input.size.width) + "x" +
                                std::to_string(input.size.height) + " as " + model.manifest->source +
                                " says");
  }
  const std::int64_t batch = model.session->inputs()[0].shape[0];
  const std::size_t step = static_cast<std::size_t>(batch < 0 ? kLargestBatch : batch);
  const std::size_t plane_values = std::size_t{3} * input.size.width * input.size.height;
  std::vector<const float*> first_rows;
  for (std::size_t begin = 0; begin < crops.size(); begin += step) {
    const std::size_t count = std::min(step, crops.size() - begin);
    // A network of a fixed batch gets zeros in the rows that no crop fills.
    const std::size_t rows = batch < 0 ? count : step;
    planes.assign(rows * plane_values, 0.0f);
    for (std::size_t i = 0; i < count; ++i)
      to_planes(crops[begin + i], input.normalization, planes.data() + i * plane_values);
    const TensorView tensor{ElementType::float32,
                            {static_cast<std::int64_t>(rows), 3, input.size.height, input.size.width},
                            planes.data()};
    model.session->run({tensor}, outputs);
    first_rows.clear();
    for (const RowOutput& each : wanted)
      first_rows.push_back(
          answers(model, outputs[static_cast<std::size_t>(each.index)], tensor.shape[0], each.columns));
    take(first_rows, static_cast<int>(count));
  }
}

}  // namespace facecap
