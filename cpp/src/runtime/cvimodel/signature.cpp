#include "runtime/cvimodel/signature.hpp"

#include <algorithm>

#include "facecap/error.hpp"
#include "runtime/fit.hpp"

namespace facecap::cvimodel {
namespace {

/// The format pads every shape with ones to four sides; the manifest's roles say how many are meant.
std::vector<std::int64_t> without_padding(const std::array<std::int64_t, 4>& shape, std::size_t rank) {
  std::size_t sides = shape.size();
  while (sides > rank && shape[sides - 1] == 1) --sides;
  return {shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(sides)};
}

void check_pixels(const StoredTensor& input, const Manifest& manifest, const std::string& label) {
  if (input.pixel_format.empty()) return;
  const Normalization& normalization = manifest.input.normalization;
  const std::string wanted = normalization.color == ColorOrder::rgb ? "RGB" : "BGR";
  const std::string found = input.pixel_format.substr(0, 3);
  if ((found == "RGB" || found == "BGR") && found != wanted)
    throw ModelError(label + ": takes pixels as " + input.pixel_format +
                     ", and input.color of the manifest is " + (wanted == "RGB" ? "rgb" : "bgr"));
  const std::array<float, 3> zeros{0, 0, 0};
  const std::array<float, 3> ones{1, 1, 1};
  if (input.format == Format::uint8 && (normalization.mean != zeros || normalization.std != ones))
    throw ModelError(label +
                     ": takes raw pixels and normalises them itself, so the manifest wants input.mean "
                     "0, 0, 0 and input.std 1, 1, 1");
}

}  // namespace

Signature signature_of(const ModelHeader& header, const Manifest& manifest, const std::string& label) {
  if (header.chip != manifest.chip)
    throw ModelError(label + ": made for the chip " + header.chip + ", the manifest says " + manifest.chip);
  Signature out;
  for (const StoredTensor& input : header.inputs) {
    const TensorLayout layout = layout_of(input, header.chip, label);
    const std::vector<std::int64_t> planes{layout.pictures, layout.channels, layout.height, layout.width};
    out.inputs.push_back({input.name, ElementType::float32, planes});
    if (layout.type == ElementType::float32)
      out.native_inputs.push_back(out.inputs.back());
    else
      out.native_inputs.push_back(
          {input.name, layout.type, {input.shape.begin(), input.shape.end()}, layout.scale});
    out.input_layouts.push_back(layout);
  }
  const std::size_t rank = output_rank(manifest);
  for (const StoredTensor& output : header.outputs) {
    const TensorLayout layout = layout_of(output, header.chip, label);
    if (!layout.dense())
      throw ModelError(label + ": the output '" + output.name + "' has aligned rows, which is not taken");
    out.outputs.push_back({output.name, ElementType::float32, without_padding(output.shape, rank)});
    out.output_layouts.push_back(layout);
  }
  check_fit(out.inputs, out.outputs, manifest);
  for (const StoredTensor& input : header.inputs) check_pixels(input, manifest, label);
  return out;
}

}  // namespace facecap::cvimodel
