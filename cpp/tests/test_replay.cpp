#include <functional>

#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "facecap/replay.hpp"
#include "gate_play.hpp"
#include "scripted_session.hpp"

using namespace facecap;

namespace {

const std::vector<std::uint8_t> kPixels(std::size_t{3} * 640 * 640);
const ImageView kPicture{kPixels.data(), 640, 640, std::ptrdiff_t{3} * 640};
constexpr int kFrames = 30;

CaptureConfig at_once() {
  CaptureConfig config = facecap::config(kFast, 5, 0);
  config.min_hits = 2;
  return config;
}

std::string text(const std::vector<CaptureEvent>& events) {
  std::string out;
  for (const CaptureEvent& event : events) out += facecap::text(event);
  return out;
}

struct Recorded {
  std::vector<RecordedFrame> frames;
  Surroundings surroundings;
  std::string events;
};

Recorded record(const CaptureConfig& config, const Model& refiner) {
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(scripted::one_face(20), DetectorOptions{});
  Recorded out;
  if (refiner.session) {
    parts.refiner = std::make_unique<Refiner>(refiner);
    out.surroundings.refiner = parts.refiner->spec();
  }
  FaceCapture capture(config, std::move(parts), 2);
  for (int number = 0; number < kFrames; ++number) {
    const FrameResult& result = capture.process(kPicture, number, number * 0.1);
    RecordedFrame frame{number, number * 0.1, kPicture.size(), {}};
    for (std::size_t i = 0; i < result.faces.size(); ++i)
      frame.faces.push_back({result.faces.boxes[i], result.faces.scores[i], result.faces.landmarks[i],
                             result.laplacian[i], result.looks[i], std::nullopt});
    for (const Capture& captured : result.captures) out.events += facecap::text(captured.event);
    out.frames.push_back(std::move(frame));
  }
  for (const Capture& captured : capture.flush()) out.events += facecap::text(captured.event);
  return out;
}

struct Replayed {
  std::string events;
  int assumed = 0;
  std::optional<Reason> last;
};

Replayed replay(const Recorded& recorded, const CaptureConfig& config, const Areas& areas = {}) {
  Replay again(config, 2, recorded.surroundings);
  again.set_areas(areas);
  Replayed out;
  for (const RecordedFrame& frame : recorded.frames) {
    const ReplayedFrame& step = again.step(frame);
    out.events += text(step.step.events);
    for (const bool assumed : step.assumed) out.assumed += assumed;
    out.last = step.step.reasons.at(0);
  }
  out.events += text(again.flush());
  return out;
}

}  // namespace

TEST(replay_gives_what_the_recorded_run_gave) {
  for (const QualityMethod method : {QualityMethod::posture, QualityMethod::laplacian})
    for (const CaptureMode mode : {kAuto, kFast, kCycle, kOnce})
      for (const Model& refiner : {Model{}, scripted::scripted_refiner({9, -9})}) {
        CaptureConfig config = at_once();
        config.mode = mode;
        config.quality_method = method;
        config.min_quality = 0;
        const Recorded recorded = record(config, refiner);
        const Replayed again = replay(recorded, config);
        EXPECT_EQ(again.events, recorded.events);
        EXPECT_EQ(again.assumed, 0);
      }
}

TEST(replay_says_where_it_assumes_a_second_look) {
  CaptureConfig config = at_once();
  config.max_face = 100;  // the face is larger, nobody looks again
  const Recorded recorded = record(config, scripted::scripted_refiner({-9, -9}));
  EXPECT_EQ(recorded.events, "");
  config.max_face = -1;
  const Replayed again = replay(recorded, config);
  EXPECT(again.assumed > 0);
  EXPECT(!again.events.empty());
}

TEST(replay_knows_what_the_second_look_called_no_face) {
  const Recorded recorded = record(at_once(), scripted::scripted_refiner({-9, -9}));
  CaptureConfig config = at_once();
  config.interval = 1;
  const Replayed again = replay(recorded, config);
  EXPECT_EQ(again.assumed, 0);
  EXPECT(again.last == Reason::not_a_face);
}

TEST(replay_keeps_faces_out_of_areas) {
  const Recorded recorded = record(at_once(), {});
  const Areas none({{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}, {});
  const Replayed again = replay(recorded, at_once(), none);
  EXPECT_EQ(again.events, "");
  EXPECT(again.last == Reason::outside_area);
}

TEST(replay_refuses_frames_that_do_not_grow) {
  const Recorded recorded = record(at_once(), {});
  Replay again(at_once(), 2, {});
  again.step(recorded.frames[3]);
  EXPECT_THROWS(std::invalid_argument, again.step(recorded.frames[3]),
                "frame_index is 3, wanted more than 3");
}
