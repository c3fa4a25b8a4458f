#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "failing_new.hpp"
#include "gate_play.hpp"
#include "scripted_session.hpp"

// Whatever allocation of a call fails: nothing of the call stays, so that a second try and all that follows
// give what they give where memory never ran out.

using namespace facecap;
using failing_new::each_allocation;
using failing_new::runs_out;

namespace {

constexpr int kFrames =
    9;  // the face is kept in 1 and given out in 4 and 8; the next shot waits for the flush

std::vector<std::uint8_t> grey(int frame) {
  return std::vector<std::uint8_t>(std::size_t{3} * 96 * 96, static_cast<std::uint8_t>(100 + frame));
}

FaceCapture make(ClassifyOn when) {
  CaptureConfig config;
  config.min_hits = 2;
  config.interval = 3;
  config.max_captures = 0;
  config.min_face = -1;
  config.min_eye_distance = 1;
  config.classify_on = when;
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(scripted::one_face(20), DetectorOptions{});
  parts.refiner = std::make_unique<Refiner>(scripted::scripted_refiner({}));
  parts.classifier = std::make_unique<MaskClassifier>(scripted::scripted_classifier(2));
  parts.embedder = std::make_unique<Embedder>(scripted::scripted_embedder());
  return FaceCapture(config, std::move(parts), 2);
}

/// All that a user sees of captures.
std::string text(const std::vector<Capture>& captures) {
  std::string out;
  for (const Capture& capture : captures)
    out += facecap::text(capture.event) + to_string(capture.mask) + " of grey " +
           std::to_string(capture.crop.pixels.at(0)) + "; ";
  return out;
}

std::string process(FaceCapture& capture, int frame) {
  const std::vector<std::uint8_t> pixels = grey(frame);
  const ImageView view{pixels.data(), 96, 96, std::ptrdiff_t{3} * 96};
  const FrameResult& result = capture.process(view, frame, frame * 0.1);
  const std::string reason = result.reasons.at(0) ? to_string(*result.reasons[0]) : "stored";
  return reason + " track " + std::to_string(result.tracks.ids.at(0)) + " " +
         std::to_string(result.mask_prob.at(0)) + "; " + text(result.captures);
}

std::string process(FaceCapture& capture, int from, int to) {
  std::string out;
  for (int frame = from; frame < to; ++frame) out += process(capture, frame);
  return out;
}

std::string process_and_flush(FaceCapture& capture, int from) {
  std::string out = process(capture, from, kFrames);
  return out += text(capture.flush());
}

std::string flush_and_process(FaceCapture& capture) {
  std::string out = text(capture.flush());
  return out += process(capture, kFrames, 2 * kFrames);
}

const ClassifyOn kBoth[] = {ClassifyOn::capture, ClassifyOn::emit};

}  // namespace

TEST(a_frame_that_runs_out_of_memory_loses_no_capture_and_gives_none_twice) {
  for (const ClassifyOn when : kBoth) {
    FaceCapture plain = make(when);
    const std::string wanted = process_and_flush(plain, 0);
    EXPECT(wanted.find("E(4;1;1;1") != std::string::npos && wanted.find("flush") != std::string::npos);
    for (int frame = 0; frame < kFrames; ++frame) {
      const long failures = each_allocation([&](long allocation) {
        FaceCapture capture = make(when);
        std::string found = process(capture, 0, frame);
        const std::vector<std::uint8_t> pixels = grey(frame);
        const ImageView view{pixels.data(), 96, 96, std::ptrdiff_t{3} * 96};
        if (!runs_out(allocation, [&] { capture.process(view, frame, frame * 0.1); })) return false;
        found += process_and_flush(capture, frame);
        EXPECT_EQ(found, wanted);
        return check::failures() == 0;
      });
      EXPECT(failures > 3);
    }
  }
}

TEST(after_a_frame_that_ran_out_of_memory_the_waiting_captures_are_flushed) {
  FaceCapture plain = make(ClassifyOn::capture);
  process(plain, 0, 3);
  const std::string wanted = text(plain.flush());
  each_allocation([&](long allocation) {
    FaceCapture capture = make(ClassifyOn::capture);
    process(capture, 0, 3);
    const std::vector<std::uint8_t> pixels = grey(3);
    const ImageView view{pixels.data(), 96, 96, std::ptrdiff_t{3} * 96};
    if (!runs_out(allocation, [&] { capture.process(view, 3, 0.3); })) return false;
    EXPECT_EQ(text(capture.flush()), wanted);
    return check::failures() == 0;
  });
}

TEST(a_flush_that_runs_out_of_memory_can_be_asked_again) {
  for (const ClassifyOn when : kBoth) {
    FaceCapture plain = make(when);
    process(plain, 0, kFrames);
    const std::string wanted = flush_and_process(plain);
    const long failures = each_allocation([&](long allocation) {
      FaceCapture capture = make(when);
      process(capture, 0, kFrames);
      if (!runs_out(allocation, [&] { capture.flush(); })) return false;
      EXPECT_EQ(flush_and_process(capture), wanted);
      return check::failures() == 0;
    });
    EXPECT(failures > 1);
  }
}

TEST(a_reset_that_runs_out_of_memory_changes_nothing) {
  FaceCapture plain = make(ClassifyOn::capture);
  const std::string fresh = process(plain, 0, 4);
  const std::string wanted = process_and_flush(plain, 4);
  const long failures = each_allocation([&](long allocation) {
    FaceCapture capture = make(ClassifyOn::capture);
    process(capture, 0, 4);
    if (!runs_out(allocation, [&] { capture.reset(); })) return false;
    EXPECT_EQ(process_and_flush(capture, 4), wanted);
    capture.reset();
    EXPECT_EQ(process(capture, 0, 4), fresh);
    return check::failures() == 0;
  });
  EXPECT(failures > 3);
}
