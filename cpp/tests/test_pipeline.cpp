#include <algorithm>
#include <cmath>
#include <limits>

#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "scripted_session.hpp"

using namespace facecap;
using scripted::scripted_refiner;

namespace {

FaceCapture make(CaptureConfig config, const Model& refiner, float min_size = 20) {
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(scripted::one_face(min_size), DetectorOptions{});
  if (refiner.session) parts.refiner = std::make_unique<Refiner>(refiner);
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
  // The face is 200 pixels wide, and so is its crop: the nose moves by a tenth of it.
  FaceCapture capture =
      make(at_once(), scripted_refiner({}, {.30f, .40f, .70f, .40f, .60f, .60f, .35f, .78f, .65f, .78f}));
  const FrameResult& result = capture.process(kPicture, {}, {});
  EXPECT_EQ(result.captures.size(), 1u);
  EXPECT_EQ(result.refined, 1);
  EXPECT_NEAR(result.faces.landmarks[0][2].x, 320, 1e-2);
  EXPECT_NEAR(result.poses[0].yaw, 0, 1e-2);
  EXPECT_NEAR(result.captures[0].landmarks[2].x, 340, 1);
  EXPECT_NEAR(result.captures[0].pose.yaw, 31.738, 0.5);  // 0.553935 rad
}

TEST(pipeline_tells_what_is_surely_no_face_from_what_may_be_one) {
  const auto reason = [](float face_logit) {
    FaceCapture capture = make(at_once(), scripted_refiner({face_logit, 0}));
    return capture.process(kPicture, {}, {}).reasons[0];
  };
  EXPECT(reason(-3) == Reason::not_a_face);               // P = 0.047, below the manifest's 0.1
  EXPECT(reason(-2) == Reason::low_landmark_confidence);  // P = 0.119, below 0.5
  EXPECT(!reason(0.1f));
}

TEST(pipeline_takes_blur_off_the_refined_quality) {
  // A small face that fills the width scores 0.19; blur takes 0.2 off.
  const std::vector<std::uint8_t> pixels(std::size_t{3} * 60 * 900);
  const ImageView narrow{pixels.data(), 60, 900, std::ptrdiff_t{3} * 60};
  CaptureConfig config = at_once();
  config.min_eye_distance = 10;
  const auto reason = [&](float blur_logit) {
    FaceCapture capture = make(config, scripted_refiner({9, blur_logit}), 3.5f);
    return capture.process(narrow, {}, {}).reasons[0];
  };
  EXPECT(!reason(-9));
  EXPECT(reason(9) == Reason::refined_not_better);
}

TEST(pipeline_asks_the_refiner_only_about_what_could_be_kept) {
  CaptureConfig config = at_once();
  config.max_captures = 1;
  FaceCapture capture = make(config, scripted_refiner({9, -9}));
  EXPECT_EQ(capture.process(kPicture, {}, {}).refined, 1);
  for (int frame = 0; frame < 5; ++frame) {
    const FrameResult& result = capture.process(kPicture, {}, {});
    EXPECT_EQ(result.refined, 0);
    EXPECT(result.reasons[0] == Reason::count_exhausted || result.reasons[0] == Reason::not_better);
  }
  config.max_face = 100;
  FaceCapture strict = make(config, scripted_refiner({9, -9}));
  EXPECT_EQ(strict.process(kPicture, {}, {}).refined, 0);
}

TEST(pipeline_keeps_a_shot_whose_refiner_fails_and_says_so) {
  FaceCapture capture = make(at_once(), scripted_refiner({std::nanf(""), 0}));
  const FrameResult& result = capture.process(kPicture, {}, {});
  EXPECT_EQ(result.captures.size(), 1u);
  EXPECT_EQ(result.refined, 0);
  EXPECT_NEAR(result.captures[0].landmarks[2].x, 320, 1e-2);
  EXPECT_EQ(capture.stage_error(),
            "scripted refiner: the network answers with numbers that are not finite in "
            "'face'");
}

TEST(pipeline_without_a_refiner_keeps_the_points_of_the_detector) {
  FaceCapture capture = make(at_once(), {});
  const FrameResult& result = capture.process(kPicture, {}, {});
  EXPECT_EQ(result.captures.size(), 1u);
  EXPECT_EQ(result.refined, 0);
  EXPECT_NEAR(result.captures[0].landmarks[2].x, 320, 1e-2);
}

TEST(pipeline_answers_that_a_mask_is_worn_wrongly) {
  for (const ClassifyOn when : {ClassifyOn::capture, ClassifyOn::emit}) {
    CaptureConfig config = at_once();
    config.classify_on = when;
    FaceCaptureParts parts;
    parts.detector = std::make_unique<Detector>(scripted::one_face(20), DetectorOptions{});
    parts.classifier =
        std::make_unique<MaskClassifier>(scripted::scripted_classifier_of_three({0.0f, 0.0f, 3.0f}));
    FaceCapture capture(config, std::move(parts), 1);
    const FrameResult& result = capture.process(kPicture, {}, {});
    EXPECT_EQ(result.captures.size(), 1u);
    EXPECT(result.captures[0].mask == MaskAnswer::incorrect);
    EXPECT_NEAR(result.captures[0].incorrect_prob, 0.909443, 1e-6);
    EXPECT_NEAR(result.captures[0].mask_prob, 0.045279, 1e-6);
    EXPECT_EQ(result.incorrect_prob[0], result.captures[0].incorrect_prob);
  }
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

TEST(pipeline_takes_faces_that_were_detected_beforehand) {
  Detector ahead(scripted::one_face(20), DetectorOptions{});
  const Detections& found = ahead.detect(kPicture);
  FaceCapture alone = make(at_once(), {}), told = make(at_once(), {});
  for (int frame = 0; frame < 3; ++frame) {
    const FrameResult& one = alone.process(kPicture, {}, {});
    const FrameResult& two = told.process(kPicture, {}, {}, &found);
    EXPECT_EQ(one.faces.size(), two.faces.size());
    EXPECT(one.tracks.ids == two.tracks.ids);
    EXPECT(one.quality == two.quality);
    EXPECT_EQ(one.captures.size(), two.captures.size());
  }
}

TEST(pipeline_refuses_faces_that_cannot_be_of_the_frame) {
  Detector ahead(scripted::one_face(20), DetectorOptions{});
  FaceCapture capture = make(at_once(), {});
  Detections outside = ahead.detect(kPicture);
  outside.boxes[0].x2 = 640;
  EXPECT_THROWS(std::invalid_argument, capture.process(kPicture, {}, {}, &outside),
                "no area inside the frame");
  Detections uneven = ahead.detect(kPicture);
  uneven.scores.clear();
  EXPECT_THROWS(std::invalid_argument, capture.process(kPicture, {}, {}, &uneven), "1 boxes, 0 scores");
  EXPECT_EQ(capture.process(kPicture, {}, {}).frame_index, 0);
}
