#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "facecap/session.hpp"
#include "manifests.hpp"

// Networks that answer what a test says.

namespace scripted {

using namespace facecap;

inline TensorInfo floats(const std::string& name, std::vector<std::int64_t> shape) {
  return {name, ElementType::float32, std::move(shape)};
}

/// Answers every picture with the same rows; a free first side becomes the number of pictures.
class ScriptedSession final : public Session {
 public:
  struct Answer {
    TensorInfo info;
    std::vector<float> row;
  };

  ScriptedSession(TensorInfo input, std::vector<Answer> answers)
      : inputs_{std::move(input)}, answers_(std::move(answers)) {
    for (const Answer& answer : answers_) outputs_.push_back(answer.info);
  }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) override {
    batches.push_back(inputs[0].shape[0]);
    outputs.resize(answers_.size());
    for (std::size_t k = 0; k < answers_.size(); ++k) {
      const std::size_t bytes = answers_[k].row.size() * sizeof(float);
      Tensor& out = outputs[k];
      out.shape = answers_[k].info.shape;
      out.shape[0] = inputs[0].shape[0];
      out.storage.resize(bytes * static_cast<std::size_t>(out.shape[0]));
      for (std::int64_t i = 0; i < out.shape[0]; ++i)
        std::memcpy(out.storage.data() + bytes * static_cast<std::size_t>(i), answers_[k].row.data(), bytes);
    }
  }
  const std::string& runtime() const override { return name_; }
  const std::string& runtime_version() const override { return name_; }
  std::vector<std::string> providers() const override { return {}; }

  std::vector<std::int64_t> batches;  // pictures of each run

 private:
  std::vector<TensorInfo> inputs_;
  std::vector<Answer> answers_;
  std::vector<TensorInfo> outputs_;
  std::string name_ = "scripted";
};

/// A detector that finds one frontal face in the middle of every picture.
inline Model one_face(float min_size) {
  const std::string json = manifests::common(
      "face_detection", manifests::input(64, 64, "fixed"),
      R"([{"role": "level", "name": "y", "stride": 64}])",
      R"("detector": {"strides": [64], "min_sizes": [[)" + std::to_string(min_size) +
          R"(]], "variances": [0.1, 0.2], "form": "levels", "score_threshold": 0.5, "nms_iou": 0.4})");
  std::vector<float> values(15);
  values[0] = 9;
  const float fractions[] = {.30f, .40f, .70f, .40f, .50f, .60f, .35f, .78f, .65f, .78f};
  std::transform(std::begin(fractions), std::end(fractions), values.begin() + 5,
                 [](float fraction) { return 10 * (fraction - 0.5f); });
  return {std::make_shared<ScriptedSession>(
              floats("x", {1, 3, 64, 64}),
              std::vector<ScriptedSession::Answer>{{floats("y", {1, 15, 1, 1}), values}}),
          std::make_shared<Manifest>(Manifest::parse(json, "scripted.json")), ""};
}

/// A mask classifier of 16x16 that answers every crop with this logit.
inline Model scripted_classifier(float logit) {
  const std::string json = manifests::mask("sigmoid", 16);
  return {std::make_shared<ScriptedSession>(
              floats("x", {-1, 3, 16, 16}),
              std::vector<ScriptedSession::Answer>{{floats("y", {-1, 1}), {logit}}}),
          std::make_shared<Manifest>(Manifest::parse(json, "scripted.json")), ""};
}

/// A mask classifier of three classes that answers every crop with these logits: mask, no_mask, incorrect.
inline Model scripted_classifier_of_three(const std::vector<float>& logits) {
  return {
      std::make_shared<ScriptedSession>(floats("x", {-1, 3, 16, 16}),
                                        std::vector<ScriptedSession::Answer>{{floats("y", {-1, 3}), logits}}),
      std::make_shared<Manifest>(Manifest::parse(manifests::mask_of_three(16), "scripted.json")), ""};
}

/// An embedder to which everybody is the same person.
inline Model scripted_embedder() {
  const std::string json = manifests::embedding(4);
  return {std::make_shared<ScriptedSession>(
              floats("x", {-1, 3, 112, 112}),
              std::vector<ScriptedSession::Answer>{{floats("y", {-1, 4}), {1, 2, 3, 4}}}),
          std::make_shared<Manifest>(Manifest::parse(json, "scripted.json")), ""};
}

struct Logits {
  float face = 9;
  float blur = -9;
};

/// Cuts the box without a border; a face is none below 0.1.
inline Model scripted_refiner(const Logits& logits,
                              const std::vector<float>& points = {.30f, .40f, .70f, .40f, .50f, .60f, .35f,
                                                                  .78f, .65f, .78f},
                              std::int64_t batch = -1) {
  auto manifest = std::make_shared<Manifest>();
  manifest->source = "scripted refiner";
  manifest->task = Task::face_refinement;
  manifest->input.size = {112, 112};
  manifest->outputs = {{"face", "face", 0}, {"points", "points", 0}, {"blur", "blur", 0}};
  manifest->refiner = RefinerSpec{0.0f, 0.1f};
  auto session = std::make_shared<ScriptedSession>(
      floats("crops", {batch, 3, 112, 112}),
      std::vector<ScriptedSession::Answer>{{floats("blur", {batch, 1}), {logits.blur}},
                                           {floats("points", {batch, 10}), points},
                                           {floats("face", {batch, 1}), {logits.face}}});
  return {std::move(session), std::move(manifest), ""};
}

}  // namespace scripted
