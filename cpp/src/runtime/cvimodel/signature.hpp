#pragma once

#include <string>
#include <vector>

#include "facecap/session.hpp"
#include "runtime/cvimodel/model_header.hpp"
#include "runtime/cvimodel/tensor_layout.hpp"

namespace facecap::cvimodel {

/// The tensors of a file as a session shows them, and as they lie in memory.
struct Signature {
  std::vector<TensorInfo> inputs;         // float32 (pictures, channels, height, width)
  std::vector<TensorInfo> native_inputs;  // type, order and scale of the file
  std::vector<TensorInfo> outputs;        // float32, without the sides that the format pads with
  std::vector<TensorLayout> input_layouts;
  std::vector<TensorLayout> output_layouts;
};

/// Holds a file against its manifest: chip, tensors, and for an input of raw pixels colour order, mean and
/// std. Throws ModelError that names both sides.
Signature signature_of(const ModelHeader& header, const Manifest& manifest, const std::string& label);

}  // namespace facecap::cvimodel
