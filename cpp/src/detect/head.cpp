#include "detect/head.hpp"

namespace facecap {
namespace {

int round_up(int length, int stride) {
  return (length + stride - 1) / stride;
}

constexpr const char* kLevel = "level";

}  // namespace

DetectorForm levels_form() {
  return {"levels", {kLevel}, true};
}

std::vector<Grid> DetectorHead::grids(Size input) const {
  std::vector<Grid> grids;
  int first = 0;
  for (std::size_t level = 0; level < strides_.size(); ++level) {
    const int stride = strides_[level];
    grids.push_back(
        {stride, round_up(input.width, stride), round_up(input.height, stride), first, anchors_[level]});
    first += grids.back().answers();
  }
  return grids;
}

std::vector<NetworkOutput> DetectorHead::levels(int channels, std::optional<Size> input) const {
  std::vector<NetworkOutput> outputs;
  for (std::size_t level = 0; level < strides_.size(); ++level) {
    const int stride = strides_[level];
    const auto cells = [&](int length) -> std::int64_t { return input ? round_up(length, stride) : -1; };
    const Size size = input.value_or(Size{});
    outputs.push_back({kLevel,
                       stride,
                       {1, std::int64_t{channels} * anchors_[level], cells(size.height), cells(size.width)}});
  }
  return outputs;
}

}  // namespace facecap
