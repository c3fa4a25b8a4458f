#pragma once

#include "detect/head.hpp"
#include "facecap/session.hpp"

namespace facecap {

/// Finds the outputs of a detector and holds their values to what its head expects.
class AnswerReader {
 public:
  /// Throws ModelError where the session lacks an output of the manifest.
  explicit AnswerReader(const Model& model);
  /// The answer in `outputs` for an input of `size`; valid as long as the outputs are. Throws ModelError
  /// where a shape does not fit the input.
  const Answer& read(const std::vector<Tensor>& outputs, Size size);

 private:
  void lay_out(Size size);

  std::shared_ptr<const Manifest> manifest_;
  std::vector<std::string> names_;  // of the outputs, in the head's order
  std::vector<int> places_;         // among the session's
  std::vector<NetworkOutput> wanted_;
  Answer answer_;
  Size size_;
};

}  // namespace facecap
