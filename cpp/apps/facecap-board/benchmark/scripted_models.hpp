#pragma once

#include <memory>
#include <string>
#include <vector>

#include "facecap/session.hpp"

namespace facecap::board {

/// A network that computes nothing and answers the same each time, so that what surrounds inference can be
/// timed and its memory seen.
class ScriptedSession final : public Session {
 public:
  ScriptedSession(TensorInfo input, std::vector<Tensor> answers, const std::vector<std::string>& names);
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) override;
  const std::string& runtime() const override { return name_; }
  const std::string& runtime_version() const override { return name_; }
  std::vector<std::string> providers() const override { return {}; }

 private:
  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<Tensor> answers_;
  std::string name_ = "scripted";
};

/// RetinaFace of this input that sees `faces` frontal faces side by side, each by a handful of priors.
Model scripted_detector(Size input, int faces);

/// A mask classifier of 112x112 that is sure of a mask.
Model scripted_classifier();

}  // namespace facecap::board
