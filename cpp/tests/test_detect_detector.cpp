#include <algorithm>
#include <cmath>
#include <random>

#include "check.hpp"
#include "facecap/detector.hpp"
#include "facecap/error.hpp"
#include "manifests.hpp"

using namespace facecap;

namespace {

/// A network that answers what a test has written into `answers`, for an input of 64x64.
class ScriptedSession : public Session {
 public:
  explicit ScriptedSession(std::vector<TensorInfo> outputs) : outputs_(std::move(outputs)) {}
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<TensorView>& given, std::vector<Tensor>& outputs) override {
    shape = given.at(0).shape;
    outputs = answers;
  }
  const std::string& runtime() const override { return runtime_; }
  const std::string& runtime_version() const override { return runtime_; }
  std::vector<std::string> providers() const override { return {}; }

  std::vector<Tensor> answers;
  std::vector<std::int64_t> shape;  // of the last input

 private:
  std::vector<TensorInfo> inputs_{{"image", ElementType::float32, {1, 3, -1, -1}}};
  std::vector<TensorInfo> outputs_;
  std::string runtime_ = "scripted";
};

Tensor tensor(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  Tensor out;
  out.shape = std::move(shape);
  out.storage.resize(values.size() * sizeof(float));
  std::copy_n(reinterpret_cast<const std::uint8_t*>(values.data()), out.storage.size(), out.storage.data());
  return out;
}

/// All numbers of a detector with strides 16 and 32 and two priors a cell, by prior.
struct Answer {
  static constexpr int kPriors = 2 * (4 * 4 + 2 * 2);
  std::vector<float> logits = std::vector<float>(kPriors, -9);
  std::vector<float> boxes = std::vector<float>(4 * kPriors);
  std::vector<float> landmarks = std::vector<float>(10 * kPriors);
};

struct Scripted {
  std::shared_ptr<ScriptedSession> session;
  Model model;
};

Scripted scripted(const std::string& form) {
  const bool levels = form == "levels";
  const std::string outputs =
      levels
          ? R"([{"role": "level", "name": "a", "stride": 16}, {"role": "level", "name": "b", "stride": 32}])"
          : R"([{"role": "boxes", "name": "a"}, {"role": "scores", "name": "b"}, {"role": "landmarks", "name": "c"}])";
  const std::string json = manifests::common(
      "face_detection", manifests::input(64, 64, "native"), outputs,
      R"("detector": {"strides": [16, 32], "min_sizes": [[10, 20], [30, 60]], "variances": [0.1, 0.2],)"
      R"( "form": ")" +
          form + R"(", "score_threshold": 0.5, "nms_iou": 0.4})");
  const auto manifest = std::make_shared<Manifest>(Manifest::parse(json, "scripted.json"));
  std::vector<TensorInfo> infos;
  if (levels)
    infos = {{"b", ElementType::float32, {1, 30, -1, -1}}, {"a", ElementType::float32, {1, 30, -1, -1}}};
  else
    infos = {{"c", ElementType::float32, {1, -1, 10}},
             {"a", ElementType::float32, {1, -1, 4}},
             {"b", ElementType::float32, {1, -1, 2}}};
  auto session = std::make_shared<ScriptedSession>(infos);
  return {session, {session, manifest, "scripted.onnx"}};
}

Tensor level(const Answer& answer, int first, int side) {
  const int cells = side * side;
  std::vector<float> values(static_cast<std::size_t>(30 * cells));
  const auto put = [&](int channel, int cell, float value) {
    values[static_cast<std::size_t>(channel * cells + cell)] = value;
  };
  for (int cell = 0; cell < cells; ++cell)
    for (int prior = 0; prior < 2; ++prior) {
      const auto number = static_cast<std::size_t>(first + 2 * cell + prior);
      put(prior, cell, answer.logits[number]);
      for (std::size_t k = 0; k < 4; ++k)
        put(2 + 4 * prior + static_cast<int>(k), cell, answer.boxes[4 * number + k]);
      for (std::size_t k = 0; k < 10; ++k)
        put(10 + 10 * prior + static_cast<int>(k), cell, answer.landmarks[10 * number + k]);
    }
  return tensor({1, 30, side, side}, values);
}

void say(const Scripted& network, const Answer& answer) {
  if (network.session->outputs().size() == 2) {
    network.session->answers = {level(answer, 32, 2), level(answer, 0, 4)};
    return;
  }
  std::vector<float> scores;
  for (const float logit : answer.logits) {
    const float score = 1.0f / (1.0f + std::exp(-logit));
    scores.insert(scores.end(), {1 - score, score});
  }
  network.session->answers = {tensor({1, Answer::kPriors, 10}, answer.landmarks),
                              tensor({1, Answer::kPriors, 4}, answer.boxes),
                              tensor({1, Answer::kPriors, 2}, scores)};
}

DetectorOptions options(float threshold) {
  DetectorOptions out;
  out.score_threshold = threshold;
  return out;
}

struct Picture {
  std::vector<std::uint8_t> pixels;
  ImageView view;
  Picture(int width, int height) : pixels(std::size_t{3} * width * height, 100) {
    view = {pixels.data(), width, height, std::ptrdiff_t{3} * width, ColorOrder::bgr};
  }
};

const char* const kLevels = "levels";
const char* const kConcatenated = "concatenated";

}  // namespace

TEST(detect_finds_the_prior_that_speaks) {
  for (const char* form : {kLevels, kConcatenated}) {
    const Scripted network = scripted(form);
    Answer answer;
    answer.logits[2 * (4 * 1 + 2) + 1] = 3;  // stride 16, row 1, column 2, size 20
    answer.logits[32 + 2 * 3] = 1;           // stride 32, row 1, column 1, size 30
    say(network, answer);
    Detector detector(network.model, options(0.5f));
    const Picture picture(128, 128);  // shrunk to 64x64
    const Detections& found = detector.detect(picture.view);
    EXPECT_EQ(found.size(), std::size_t{2});
    EXPECT_NEAR(found.scores[0], 0.952574, 1e-6);
    EXPECT_NEAR(found.boxes[0].x1, 2 * (40 - 10), 1e-4);
    EXPECT_NEAR(found.boxes[0].y2, 2 * (24 + 10), 1e-4);
    EXPECT_NEAR(found.landmarks[0][4].x, 2 * 40, 1e-4);
    EXPECT_NEAR(found.scores[1], 0.731059, 1e-6);
    EXPECT_NEAR(found.boxes[1].x1, 2 * (48 - 15), 1e-4);
    EXPECT_NEAR(found.boxes[1].x2, 2 * (48 + 15), 1e-4);
  }
}

TEST(a_score_at_the_threshold_is_no_face) {
  for (const char* form : {kLevels, kConcatenated}) {
    const Scripted network = scripted(form);
    Answer answer;
    answer.logits[5] = 0;
    say(network, answer);
    const Picture picture(64, 64);
    EXPECT_EQ(Detector(network.model, options(0.5f)).detect(picture.view).size(), std::size_t{0});
    EXPECT_EQ(Detector(network.model, options(0.499f)).detect(picture.view).size(), std::size_t{1});
    EXPECT_EQ(Detector(network.model, options(0)).detect(picture.view).size() > 1, true);
    EXPECT_EQ(Detector(network.model, options(1)).detect(picture.view).size(), std::size_t{0});
  }
}

TEST(of_equal_scores_the_lower_prior_goes_first) {
  const Scripted network = scripted(kLevels);
  Answer answer;
  for (const int prior : {30, 0, 14}) answer.logits[static_cast<std::size_t>(prior)] = 2;
  say(network, answer);
  DetectorOptions two = options(0.5f);
  two.max_faces = 2;
  const Picture picture(64, 64);
  Detector all(network.model, options(0.5f));
  EXPECT_EQ(all.detect(picture.view).size(), std::size_t{3});
  Detector detector(network.model, two);
  const Detections& found = detector.detect(picture.view);
  EXPECT_EQ(found.size(), std::size_t{2});
  EXPECT_NEAR(found.landmarks[0][0].x, 8, 1e-4);   // prior 0: cell 0
  EXPECT_NEAR(found.landmarks[1][0].x, 56, 1e-4);  // prior 14: cell 7
}

TEST(both_forms_give_the_same_faces) {
  std::mt19937 random(11);
  std::normal_distribution<float> noise(0, 2);
  const Scripted levels = scripted(kLevels), concatenated = scripted(kConcatenated);
  for (const Size size : {Size{64, 64}, Size{333, 301}, Size{50, 49}}) {
    const Picture picture(size.width, size.height);
    Answer answer;
    for (std::vector<float>* values : {&answer.logits, &answer.boxes, &answer.landmarks})
      for (float& value : *values) value = noise(random);
    say(levels, answer);
    say(concatenated, answer);
    Detector left(levels.model, options(0.02f)), right(concatenated.model, options(0.02f));
    const Detections& a = left.detect(picture.view);
    const Detections& b = right.detect(picture.view);
    EXPECT(a.size() > 0);
    EXPECT(a.scores == b.scores);
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      EXPECT(a.boxes[i].x1 == b.boxes[i].x1 && a.boxes[i].y2 == b.boxes[i].y2);
      EXPECT(a.landmarks[i][3].y == b.landmarks[i][3].y);
      EXPECT(i == 0 || a.scores[i] <= a.scores[i - 1]);
      EXPECT(a.boxes[i].x1 >= 0 && a.boxes[i].x1 < a.boxes[i].x2 && a.boxes[i].x2 <= size.width - 1);
      EXPECT(a.boxes[i].y1 >= 0 && a.boxes[i].y1 < a.boxes[i].y2 && a.boxes[i].y2 <= size.height - 1);
    }
  }
}

TEST(numbers_that_are_not_finite_are_no_faces) {
  for (const char* form : {kLevels, kConcatenated})
    for (const float bad : {NAN, INFINITY, -INFINITY, 3e38f}) {
      const Scripted network = scripted(form);
      Answer answer;
      for (const std::size_t prior : {4, 12, 20, 28}) answer.logits[prior] = 4;
      answer.logits[4] = std::isfinite(bad) ? -9 : bad;
      answer.boxes[4 * 12 + 2] = bad;
      answer.boxes[4 * 20] = bad;
      answer.landmarks[10 * 28 + 9] = std::isfinite(bad) ? INFINITY : bad;
      say(network, answer);
      const Picture picture(64, 64);
      Detector detector(network.model, options(0.5f));
      const Detections& found = detector.detect(picture.view);
      for (const Box& box : found.boxes) EXPECT(std::isfinite(box.x1) && box.x1 < box.x2);
      for (const Landmarks& points : found.landmarks) EXPECT(std::isfinite(points[4].y));
    }
}

TEST(tiny_pictures_are_not_enlarged_and_very_wide_ones_fitted) {
  const Scripted network = scripted(kLevels);
  Detector detector(network.model, options(0.5f));
  network.session->answers = {tensor({1, 30, 1, 1}, std::vector<float>(30, -9)),
                              tensor({1, 30, 2, 2}, std::vector<float>(120, -9))};
  detector.detect(Picture(1, 1).view);
  EXPECT_EQ(network.session->shape[3], 32);
  network.session->answers = {tensor({1, 30, 1, 2}, std::vector<float>(60, -9)),
                              tensor({1, 30, 2, 4}, std::vector<float>(240, -9))};
  EXPECT_EQ(detector.detect(Picture(9000, 1).view).size(), std::size_t{0});
  EXPECT_EQ(network.session->shape[2], 32);
}

TEST(outputs_that_do_not_fit_are_refused) {
  const Scripted network = scripted(kLevels);
  Detector detector(network.model, options(0.5f));
  say(network, Answer{});
  network.session->answers[1] = tensor({1, 30, 4, 3}, std::vector<float>(360));
  EXPECT_THROWS(ModelError, detector.detect(Picture(64, 64).view), "output a is");
}

TEST(detector_options_are_checked) {
  const Scripted network = scripted(kLevels);
  EXPECT_THROWS(std::invalid_argument, Detector(network.model, options(1.5f)), "score_threshold");
  EXPECT_THROWS(std::invalid_argument, Detector(network.model, options(NAN)), "score_threshold");
  DetectorOptions none;
  none.max_faces = 0;
  EXPECT_THROWS(std::invalid_argument, Detector(network.model, none), "max_faces");
  DetectorOptions flat;
  flat.input_size = Size{0, 64};
  EXPECT_THROWS(std::invalid_argument, Detector(network.model, flat), "0x64");
}
