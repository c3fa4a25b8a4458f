#include "facecap/detector.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>

#include "detect/nms.hpp"
#include "detect/reader.hpp"

namespace facecap {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLargestSide = 8192;  // pixels of a network's input

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

bool is_finite(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2);
}

bool is_finite(const Landmarks& points) {
  return std::all_of(points.begin(), points.end(),
                     [](Point point) { return std::isfinite(point.x) && std::isfinite(point.y); });
}

/// Corners become pixels of the picture.
Box clip(const Box& box, Size image) {
  const float right = static_cast<float>(image.width - 1);
  const float bottom = static_cast<float>(image.height - 1);
  return {std::clamp(box.x1, 0.0f, right), std::clamp(box.y1, 0.0f, bottom), std::clamp(box.x2, 0.0f, right),
          std::clamp(box.y2, 0.0f, bottom)};
}

[[noreturn]] void refuse(const std::string& what, const std::string& found, const std::string& wanted) {
  throw std::invalid_argument(what + " is " + found + ", wanted " + wanted);
}

std::string text_of(Size size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

}  // namespace

void Detections::clear() {
  boxes.clear();
  scores.clear();
  landmarks.clear();
}

void DetectorOptions::validate() const {
  if (score_threshold && !(*score_threshold >= 0 && *score_threshold <= 1))
    refuse("score_threshold", std::to_string(*score_threshold), "0 to 1");
  if (nms_iou && !(*nms_iou >= 0 && *nms_iou <= 1)) refuse("nms_iou", std::to_string(*nms_iou), "0 to 1");
  if (max_faces < 1) refuse("max_faces", std::to_string(max_faces), "at least 1");
  if (top_k < 1) refuse("top_k", std::to_string(top_k), "at least 1");
  if (input_size && (std::min(input_size->width, input_size->height) < 1 ||
                     std::max(input_size->width, input_size->height) > kLargestSide))
    refuse("input_size", text_of(*input_size), "1x1 to 8192x8192");
}

struct Detector::State {
  explicit State(const Model& model) : head(*model.manifest->detector->head), reader(model) {}

  void decode(const Letterbox& letterbox, Size image);
  Landmarks points_of(const ScoredAnswer& candidate, const Letterbox& letterbox) const;

  const DetectorHead& head;  // the model's
  AnswerReader reader;
  const Answer* answer = nullptr;
  NonMaximumSuppression suppression;
  std::vector<float> planes;
  std::vector<std::uint8_t> row;
  std::vector<Tensor> outputs;
  std::vector<ScoredAnswer> candidates;
  std::vector<Box> boxes;  // of the candidates, pixels of the network
  Detections detections;
};

/// In pixels of the picture.
Landmarks Detector::State::points_of(const ScoredAnswer& candidate, const Letterbox& letterbox) const {
  Landmarks points = head.landmarks(*answer, candidate);
  for (Point& point : points) point = letterbox.to_image(point);
  return points;
}

/// Fills the boxes and drops candidates that are not finite or show nothing of the picture.
void Detector::State::decode(const Letterbox& letterbox, Size image) {
  boxes.clear();
  std::size_t usable = 0;
  for (const ScoredAnswer& candidate : candidates) {
    const Box box = head.box(*answer, candidate);
    if (!is_finite(box)) continue;
    const Box visible = clip(letterbox.to_image(box), image);
    if (visible.width() <= 0 || visible.height() <= 0) continue;
    if (!is_finite(points_of(candidate, letterbox))) continue;
    boxes.push_back(box);
    candidates[usable++] = candidate;
  }
  candidates.resize(usable);
}

Detector::Detector(Model model, DetectorOptions options)
    : model_(std::move(model)), options_(std::move(options)) {
  options_.validate();
  const std::vector<std::int64_t>& shape = model_.session->inputs()[0].shape;
  const Size size = input_size();
  const bool fits = (shape[2] < 0 || shape[2] == size.height) && (shape[3] < 0 || shape[3] == size.width);
  if (!fits)
    refuse("input_size", text_of(size),
           text_of({static_cast<int>(shape[3]), static_cast<int>(shape[2])}) + ", the only size that " +
               model_.manifest->source + " computes");
  state_ = std::make_unique<State>(model_);
}

Detector::~Detector() = default;

Size Detector::input_size() const {
  return options_.input_size.value_or(model_.manifest->input.size);
}

const Detections& Detector::detect(const FrameView& frame) {
  const Size size = size_of(frame);
  const Clock::time_point start = Clock::now();
  const ManifestInput& input = model_.manifest->input;
  const DetectorSpec& spec = *model_.manifest->detector;
  const Letterbox letterbox = input.fit == ManifestInput::Fit::native
                                  ? fit_native(size, input_size(), input.multiple)
                                  : fit_letterbox(size, input_size());
  const Size target = letterbox.target;
  State& state = *state_;
  state.planes.resize(std::size_t{3} * target.width * target.height);
  if (const auto* image = std::get_if<ImageView>(&frame))
    letterbox_to_planes(*image, letterbox, input.normalization, state.planes.data(), state.row);
  else
    letterbox_to_planes(std::get<YuvView>(frame), letterbox, input.normalization, state.planes.data());
  const Clock::time_point prepared = Clock::now();

  model_.session->run({{ElementType::float32, {1, 3, target.height, target.width}, state.planes.data()}},
                      state.outputs);
  const Clock::time_point inferred = Clock::now();

  state.answer = &state.reader.read(state.outputs, target);
  state.candidates.clear();
  state.head.collect(*state.answer, options_.score_threshold.value_or(spec.score_threshold),
                     state.candidates);
  keep_best(state.candidates, options_.top_k);
  state.decode(letterbox, size);
  Detections& found = state.detections;
  found.clear();
  for (const int index : state.suppression.select(state.boxes, options_.nms_iou.value_or(spec.nms_iou),
                                                  options_.max_faces, state.head.edge())) {
    const ScoredAnswer& candidate = state.candidates[static_cast<std::size_t>(index)];
    found.boxes.push_back(clip(letterbox.to_image(state.boxes[static_cast<std::size_t>(index)]), size));
    found.scores.push_back(candidate.score);
    found.landmarks.push_back(state.points_of(candidate, letterbox));
  }
  timings_.preprocess = seconds_between(start, prepared);
  timings_.inference = seconds_between(prepared, inferred);
  timings_.postprocess = seconds_between(inferred, Clock::now());
  return found;
}

}  // namespace facecap
