#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "failing_new.hpp"
#include "gate_play.hpp"
#include "scripted_session.hpp"

// Whatever allocation of a call fails: nothing of the call stays, so that a second try and all that follows
// give what they give where memory never ran out.

using namespace facecap;
using failing_new::each_allocation;

namespace {

constexpr int kFrames = 9;  // the face is kept in 1 and emitted in 4 and 8; the next shot waits for the flush

/// A frame of its own grey, made before memory runs out.
struct Frame {
  explicit Frame(int number)
      : index(number), pixels(std::size_t{3} * 96 * 96, static_cast<std::uint8_t>(100 + number)) {}
  const FrameResult& give(FaceCapture& capture) const {
    return capture.process(ImageView{pixels.data(), 96, 96, std::ptrdiff_t{3} * 96}, index, index * 0.1);
  }
  int index;
  std::vector<std::uint8_t> pixels;
};

std::unique_ptr<FaceCapture> fresh(ClassifyOn when) {
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
  return std::make_unique<FaceCapture>(config, std::move(parts), 2);
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
  const FrameResult& result = Frame(frame).give(capture);
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

std::unique_ptr<FaceCapture> after(int frames, ClassifyOn when) {
  auto capture = fresh(when);
  process(*capture, 0, frames);
  return capture;
}

using Pointer = std::unique_ptr<FaceCapture>;

/// A check that what `call` says of the object is what is wanted.
template <typename Call>
auto says(const std::string& wanted, Call call) {
  return [wanted, call](Pointer& capture) {
    EXPECT_EQ(call(*capture), wanted);
    return check::failures() == 0;
  };
}

}  // namespace

TEST(a_frame_that_runs_out_of_memory_loses_no_capture_and_gives_none_twice) {
  for (const ClassifyOn when : kBoth) {
    const std::string all = process_and_flush(*fresh(when), 0);
    EXPECT(all.find("E(4;1;1;1") != std::string::npos && all.find("flush") != std::string::npos);
    for (int index = 0; index < kFrames; ++index) {
      const Frame frame(index);
      const auto rest = [&](FaceCapture& capture) { return process_and_flush(capture, index); };
      const std::string wanted = rest(*after(index, when));
      const long failures =
          each_allocation([&] { return after(index, when); }, [&](Pointer& capture) { frame.give(*capture); },
                          says(wanted, rest));
      EXPECT(failures > 3);
    }
  }
}

TEST(after_a_frame_that_ran_out_of_memory_the_waiting_captures_are_flushed) {
  const auto flush = [](FaceCapture& capture) { return text(capture.flush()); };
  const std::string wanted = flush(*after(3, ClassifyOn::capture));
  EXPECT(!wanted.empty());
  const Frame frame(3);
  each_allocation([] { return after(3, ClassifyOn::capture); },
                  [&](Pointer& capture) { frame.give(*capture); }, says(wanted, flush));
}

TEST(a_flush_that_runs_out_of_memory_can_be_asked_again) {
  for (const ClassifyOn when : kBoth) {
    const std::string wanted = flush_and_process(*after(kFrames, when));
    const long failures =
        each_allocation([&] { return after(kFrames, when); }, [](Pointer& capture) { capture->flush(); },
                        says(wanted, flush_and_process));
    EXPECT(failures > 1);
  }
}

TEST(a_reset_that_runs_out_of_memory_changes_nothing) {
  const auto rest = [](FaceCapture& capture) {
    std::string out = process_and_flush(capture, 4);
    capture.reset();
    return out += process(capture, 0, kFrames);
  };
  const std::string wanted = rest(*after(4, ClassifyOn::capture));
  const long failures = each_allocation([] { return after(4, ClassifyOn::capture); },
                                        [](Pointer& capture) { capture->reset(); }, says(wanted, rest));
  EXPECT(failures > 3);
}
