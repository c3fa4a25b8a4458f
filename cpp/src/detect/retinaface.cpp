#include <cmath>

#include "detect/anchor_planes.hpp"
#include "detect/decode.hpp"
#include "detect/families.hpp"

namespace facecap {
namespace {

// Outputs of the concatenated form, in the order in which `outputs` lists them.
constexpr const char* kBoxes = "boxes";
constexpr const char* kScores = "scores";
constexpr const char* kPoints = "landmarks";

/// One answer for every prior: squares of `min_sizes` about the centres of the cells.
class RetinaFace : public DetectorHead {
 public:
  RetinaFace(std::vector<int> strides, std::vector<std::vector<float>> min_sizes,
             std::array<float, 2> variances)
      : DetectorHead(std::move(strides), counts(min_sizes)),
        min_sizes_(std::move(min_sizes)),
        coding_{variances[0], variances[1]} {}

  float edge() const override { return 1; }  // as published

 protected:
  Prior prior(const Answer& answer, const ScoredAnswer& candidate) const {
    const auto level = static_cast<std::size_t>(candidate.level);
    const Grid& grid = answer.grids[level];
    const auto stride = static_cast<float>(grid.stride);
    return {(grid.column(candidate.cell) + 0.5f) * stride, (grid.row(candidate.cell) + 0.5f) * stride,
            min_sizes_[level][static_cast<std::size_t>(candidate.anchor)]};
  }

  const BoxCoding& coding() const { return coding_; }

 private:
  static std::vector<int> counts(const std::vector<std::vector<float>>& min_sizes) {
    std::vector<int> counts;
    for (const std::vector<float>& sizes : min_sizes) counts.push_back(static_cast<int>(sizes.size()));
    return counts;
  }

  std::vector<std::vector<float>> min_sizes_;
  BoxCoding coding_;
};

/// One output a stride, scores as logits.
class Levels final : public RetinaFace {
 public:
  using RetinaFace::RetinaFace;
  std::vector<NetworkOutput> outputs(std::optional<Size> input) const override {
    return levels(AnchorPlanes::kChannels, input);
  }
  void collect(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) const override {
    collect_logits(answer, threshold, out);
  }
  Box box(const Answer& answer, const ScoredAnswer& candidate) const override {
    return decode_box(prior(answer, candidate), AnchorPlanes(answer, candidate.level).box(candidate),
                      coding());
  }
  Landmarks landmarks(const Answer& answer, const ScoredAnswer& candidate) const override {
    return decode_landmarks(prior(answer, candidate), AnchorPlanes(answer, candidate.level).points(candidate),
                            coding());
  }
};

/// The rows of all levels in one output each for boxes, scores and points; scores as probabilities, of the
/// background and of a face.
class Concatenated final : public RetinaFace {
 public:
  using RetinaFace::RetinaFace;
  std::vector<NetworkOutput> outputs(std::optional<Size> input) const override {
    std::int64_t rows = input ? 0 : -1;
    if (input)
      for (const Grid& grid : grids(*input)) rows += grid.answers();
    return {{kBoxes, 0, {1, rows, 4}}, {kScores, 0, {1, rows, 2}}, {kPoints, 0, {1, rows, 10}}};
  }
  void collect(const Answer& answer, float threshold, std::vector<ScoredAnswer>& out) const override {
    for (std::size_t l = 0; l < answer.grids.size(); ++l) {
      const Grid& grid = answer.grids[l];
      for (int i = 0; i < grid.answers(); ++i) {
        const int number = grid.first + i;
        const float score = answer.outputs[1][2 * number + 1];
        if (!(score > threshold) || !std::isfinite(score)) continue;
        out.push_back({score, number, static_cast<int>(l), i / grid.anchors, i % grid.anchors});
      }
    }
  }
  Box box(const Answer& answer, const ScoredAnswer& candidate) const override {
    return decode_box(prior(answer, candidate), numbers_at<4>(answer.outputs[0] + 4 * candidate.number, 1),
                      coding());
  }
  Landmarks landmarks(const Answer& answer, const ScoredAnswer& candidate) const override {
    return decode_landmarks(prior(answer, candidate),
                            numbers_at<10>(answer.outputs[2] + 10 * candidate.number, 1), coding());
  }
};

std::shared_ptr<const DetectorHead> read(const Field& section, const std::vector<int>& strides) {
  const Field field = section.get("min_sizes");
  std::vector<std::vector<float>> min_sizes;
  for (const Field& level : field.list()) {
    min_sizes.emplace_back();
    for (const Field& size : level.list()) min_sizes.back().push_back(size.real());
  }
  if (min_sizes.size() != strides.size())
    field.fail("one list for each of the " + std::to_string(strides.size()) + " strides");
  const std::array<float, 2> variances = section.get("variances").numbers<2>();
  if (section.get("form").string() == levels_form().name)
    return std::make_shared<Levels>(strides, std::move(min_sizes), variances);
  return std::make_shared<Concatenated>(strides, std::move(min_sizes), variances);
}

}  // namespace

DetectorFamily retinaface() {
  return {"retinaface",
          {levels_form(), {"concatenated", {kBoxes, kScores, kPoints}}},
          {{"min_sizes", list(list(number(0.5, 8192), 1, 16), 1, 8)},
           {"variances", list(number(1e-6, 10), 2, 2)}},
          read};
}

}  // namespace facecap
