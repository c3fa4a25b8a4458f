#include "benchmark/scripted_models.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace facecap::board {
namespace {

constexpr int kPriors = 2;  // a cell

Tensor tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  Tensor out;
  out.shape = std::move(shape);
  out.storage.resize(values.size() * sizeof(float));
  std::memcpy(out.storage.data(), values.data(), out.storage.size());
  return out;
}

struct Level {
  int stride, columns, rows;
  std::vector<float> values;  // planes of 2 logits, 2 x 4 box numbers, 2 x 10 point numbers

  Level(int pixels, Size input)
      : stride(pixels),
        columns((input.width + pixels - 1) / pixels),
        rows((input.height + pixels - 1) / pixels),
        values(static_cast<std::size_t>(15 * kPriors * columns * rows), 0.0f) {
    std::fill_n(values.begin(), kPriors * columns * rows, -9.0f);
  }

  /// A prior of `side` pixels sees the face around it, exactly where the prior is.
  void see(int column, int row, int prior, float logit) {
    const std::size_t plane = static_cast<std::size_t>(columns) * rows;
    const std::size_t cell = static_cast<std::size_t>(row) * columns + column;
    values[plane * prior + cell] = logit;
    // Shares of the box, divided by the variance: eyes, nose, corners of the mouth.
    const float points[] = {-2.0f, -1.0f, 2.0f, -1.0f, 0.0f, 1.0f, -1.5f, 2.8f, 1.5f, 2.8f};
    for (std::size_t k = 0; k < 10; ++k)
      values[plane * (kPriors + 4 * kPriors + 10 * static_cast<std::size_t>(prior) + k) + cell] = points[k];
  }
};

std::string detector_manifest(Size input) {
  return R"({"schema": 1, "name": "scripted detector", "architecture": "none", "task": "face_detection",
    "file": {"sha256": ")" +
         std::string(64, '0') + R"(", "bytes": 1},
    "input": {"name": "image", "width": )" +
         std::to_string(input.width) + R"(, "height": )" + std::to_string(input.height) +
         R"(, "fit": "fixed", "color": "bgr", "mean": [104, 117, 123], "std": [1, 1, 1]},
    "outputs": [{"role": "level", "name": "level_8", "stride": 8},
                {"role": "level", "name": "level_16", "stride": 16},
                {"role": "level", "name": "level_32", "stride": 32}],
    "detector": {"form": "levels", "strides": [8, 16, 32], "min_sizes": [[10, 20], [32, 64], [128, 256]],
                 "variances": [0.1, 0.2], "score_threshold": 0.5, "nms_iou": 0.4},
    "licence": "none", "origin": "scripted"})";
}

}  // namespace

ScriptedSession::ScriptedSession(TensorInfo input, std::vector<Tensor> answers,
                                 const std::vector<std::string>& names)
    : inputs_{std::move(input)}, answers_(std::move(answers)) {
  for (std::size_t i = 0; i < answers_.size(); ++i)
    outputs_.push_back({names[i], ElementType::float32, answers_[i].shape});
}

void ScriptedSession::run(const std::vector<TensorView>&, std::vector<Tensor>& outputs) {
  outputs.resize(answers_.size());
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    outputs[i].type = answers_[i].type;
    outputs[i].shape = answers_[i].shape;
    outputs[i].storage = answers_[i].storage;
  }
}

Model scripted_detector(Size input, int faces) {
  const auto manifest =
      std::make_shared<Manifest>(Manifest::parse(detector_manifest(input), "scripted detector"));
  std::vector<Tensor> answers;
  std::vector<std::string> names;
  for (const int stride : manifest->detector->strides) {
    Level level(stride, input);
    if (stride == 16)
      for (int face = 0; face < faces; ++face) {
        const int column = (2 * face + 1) * level.columns / (2 * faces);
        for (int k = -1; k <= 1; ++k) {
          level.see(std::clamp(column + k, 0, level.columns - 1), level.rows / 2, 1, 4.0f - std::abs(k));
          level.see(column, std::clamp(level.rows / 2 + k, 0, level.rows - 1), 1, 4.0f - std::abs(k));
        }
      }
    names.push_back("level_" + std::to_string(stride));
    answers.push_back(tensor({1, 15 * kPriors, level.rows, level.columns}, level.values));
  }
  auto session = std::make_shared<ScriptedSession>(
      TensorInfo{"image", ElementType::float32, {1, 3, input.height, input.width}}, std::move(answers),
      names);
  return {session, manifest, ""};
}

Model scripted_classifier() {
  auto manifest = std::make_shared<Manifest>();
  manifest->source = manifest->name = "scripted classifier";
  manifest->task = Task::mask;
  manifest->input.size = {112, 112};
  manifest->input.normalization = {ColorOrder::rgb, {127.5f, 127.5f, 127.5f}, {127.5f, 127.5f, 127.5f}};
  manifest->classifier = ClassifierSpec{};
  manifest->classifier->classes = {"no_mask", "mask"};
  manifest->outputs = {{"logits", "logit", 0}};
  auto session = std::make_shared<ScriptedSession>(
      TensorInfo{"crops", ElementType::float32, {1, 3, 112, 112}},
      std::vector<Tensor>{tensor({1, 1}, {4.0f})}, std::vector<std::string>{"logit"});
  return {session, manifest, ""};
}

}  // namespace facecap::board
