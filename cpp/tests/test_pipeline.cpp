#include <algorithm>
#include <cmath>
#include <limits>

#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "manifests.hpp"

using namespace facecap;

namespace {

/// A network of one cell that sees one frontal face in the middle of every picture.
class OneFace final : public Session {
 public:
  OneFace() {
    std::vector<float> values(15);
    values[0] = 9;
    const float fractions[] = {.30f, .40f, .70f, .40f, .50f, .60f, .35f, .78f, .65f, .78f};
    std::transform(std::begin(fractions), std::end(fractions), values.begin() + 5,
                   [](float fraction) { return 10 * (fraction - 0.5f); });
    answer_.shape = {1, 15, 1, 1};
    answer_.storage.resize(values.size() * sizeof(float));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(values.data()), answer_.storage.size(),
                answer_.storage.data());
  }
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<TensorView>&, std::vector<Tensor>& outputs) override { outputs = {answer_}; }
  const std::string& runtime() const override { return name_; }
  const std::string& runtime_version() const override { return name_; }
  std::vector<std::string> providers() const override { return {}; }

 private:
  std::vector<TensorInfo> inputs_{{"x", ElementType::float32, {1, 3, 64, 64}}};
  std::vector<TensorInfo> outputs_{{"y", ElementType::float32, {1, 15, 1, 1}}};
  Tensor answer_;
  std::string name_ = "scripted";
};

FaceCapture make(CaptureConfig config, Refine refine) {
  const std::string json = manifests::common(
      "face_detection", manifests::input(64, 64, "fixed"),
      R"([{"role": "level", "name": "y", "stride": 64}])",
      R"("detector": {"strides": [64], "min_sizes": [[20]], "variances": [0.1, 0.2], "form": "levels",)"
      R"( "score_threshold": 0.5, "nms_iou": 0.4})");
  const auto manifest = std::make_shared<Manifest>(Manifest::parse(json, "scripted.json"));
  FaceCaptureParts parts;
  parts.detector =
      std::make_unique<Detector>(Model{std::make_shared<OneFace>(), manifest, ""}, DetectorOptions{});
  parts.refine = std::move(refine);
  return FaceCapture(config, std::move(parts), 1);
}

CaptureConfig at_once() {
  CaptureConfig config;
  config.mode = CaptureMode::fast;
  config.min_hits = 1;
  return config;
}

const std::vector<std::uint8_t> kPixels(std::size_t{3} * 640 * 640);
const ImageView kPicture{kPixels.data(), 640, 640, std::ptrdiff_t{3} * 640};

}  // namespace

TEST(pipeline_keeps_the_refined_points_of_a_shot_and_their_pose) {
  FaceCapture capture = make(at_once(), [](const FrameView&, const Box&, const Landmarks& found) {
    Landmarks moved = found;
    moved[2].x += 20;
    return Refinement{moved};
  });
  const FrameResult& result = capture.process(kPicture, {}, {});
  EXPECT_EQ(result.captures.size(), 1u);
  EXPECT_NEAR(result.faces.landmarks[0][2].x, 320, 1e-2);
  EXPECT_NEAR(result.poses[0].yaw, 0, 1e-2);
  EXPECT_NEAR(result.captures[0].landmarks[2].x, 340, 1e-2);
  EXPECT_NEAR(result.captures[0].pose.yaw, 31.738, 1e-2);  // 0.553935 rad, specification T4
}

TEST(pipeline_asks_the_refinement_for_its_confidence) {
  FaceCapture capture = make(at_once(), [](const FrameView&, const Box&, const Landmarks& found) {
    return Refinement{found, 0.49f};
  });
  EXPECT(capture.process(kPicture, {}, {}).reasons[0] == Reason::low_landmark_confidence);
}

TEST(pipeline_refuses_times_and_frames_that_are_none) {
  FaceCapture capture = make(at_once(), {});
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  EXPECT_THROWS(std::invalid_argument, capture.process(kPicture, {}, std::nan("")), "finite seconds");
  EXPECT_THROWS(std::invalid_argument, capture.process(kPicture, kLargest, {}), "wanted less");
  EXPECT_EQ(capture.process(kPicture, kLargest - 1, {}).frame_index, kLargest - 1);
  EXPECT_THROWS(std::invalid_argument, capture.process(kPicture, {}, {}), "wanted less");
  EXPECT_EQ(capture.flush().size(), 0u);
}
