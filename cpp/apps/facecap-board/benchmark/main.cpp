// facecap-board-bench: what surrounds inference, in milliseconds and against what the chip's maker quotes for
// the detector itself. Networks are scripted, so no model and no runtime is needed and memory is the
// program's own.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "benchmark/scripted_models.hpp"
#include "capture_folder.hpp"
#include "facecap/pipeline.hpp"
#include "heap.hpp"
#include "png_writer.hpp"
#include "summary.hpp"

namespace {

using namespace facecap;
using namespace facecap::board;

constexpr double kQuotedMs = 2.60;  // RetinaFace mobilenet0.25, int8, on a cv182x
constexpr int kWidth = 640, kHeight = 480, kFaces = 4;

/// Times of one step over the frames.
class Times {
 public:
  void add(double seconds) { times_.push_back(1000 * seconds); }
  double median_ms() {
    const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    if (times_.empty()) return 0;
    std::nth_element(times_.begin(), middle, times_.end());
    return *middle;
  }

 private:
  std::vector<double> times_;
};

void print(const char* what, double ms) {
  std::printf("  %-34s %8.3f ms  %6.1f %% of %.2f ms\n", what, ms, 100 * ms / kQuotedMs, kQuotedMs);
}

void run(const YuvView& frame, Size input, int repeats) {
  CaptureConfig config;
  config.mode = CaptureMode::fast;
  config.min_hits = 1;
  config.interval = 10;
  config.max_captures = 0;
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(scripted_detector(input, kFaces), DetectorOptions{});
  parts.classifier = std::make_unique<MaskClassifier>(scripted_classifier());
  const Detector& detector = *parts.detector;
  FaceCapture capture(config, std::move(parts), 10);
  std::vector<Capture> kept = capture.process(frame, {}, {}).captures;  // buffers are made here

  Times letterbox, decode, track, assess, crop, whole, writing;
  std::vector<std::uint8_t> png;
  std::size_t largest = 0;
  for (int k = 0; k < repeats; ++k) {
    heap::mark();
    const FrameResult& result = capture.process(frame, {}, {});
    largest = std::max(largest, heap::largest());
    letterbox.add(detector.timings().preprocess);
    decode.add(detector.timings().postprocess);
    track.add(result.seconds.track);
    assess.add(result.seconds.quality + result.seconds.gate);
    if (std::count(result.stored.begin(), result.stored.end(), true) > 0)
      crop.add(result.seconds.crop + result.seconds.classify);
    whole.add(result.seconds.total - detector.timings().inference);
    const double start = steady_seconds();
    encode_png(kept[0].crop.view(), png);
    capture_line(kept[0], crop_name(kept[0]));
    writing.add(steady_seconds() - start);
  }
  std::printf("NV21 %dx%d into a network of %dx%d, %d faces, medians of %d frames:\n", kWidth, kHeight,
              input.width, input.height, kFaces, repeats);
  print("NV21 into the network's input", letterbox.median_ms());
  print("decoding and NMS", decode.median_ms());
  print("tracking", track.median_ms());
  print("pose, quality, gate", assess.median_ms());
  print("cropping, in a frame that does", crop.median_ms());
  print("all that surrounds inference", whole.median_ms());
  print("for each capture: PNG and line", writing.median_ms());
  std::printf("  heap: %.2f MiB in use, largest piece asked for in a frame %zu bytes\n",
              static_cast<double>(heap::in_use()) / (1 << 20), largest);
}

}  // namespace

int main(int argc, char** argv) {
  const int repeats = argc > 1 ? std::atoi(argv[1]) : 200;
  if (repeats < 1) {
    std::fputs("usage: facecap-board-bench [FRAMES]\n", stderr);
    return 2;
  }
  std::mt19937 random(1);
  std::vector<std::uint8_t> pixels(std::size_t{kWidth} * kHeight * 3 / 2);
  for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(64 + random() % 128);
  const YuvView frame{pixels.data(), pixels.data() + kWidth * kHeight, kWidth, kHeight, kWidth, kWidth};
  run(frame, {320, 256}, repeats);
  run(frame, {640, 480}, repeats);
  std::printf("peak memory of the process: %.1f MiB\n",
              static_cast<double>(peak_resident_bytes()) / (1 << 20));
  return 0;
}
