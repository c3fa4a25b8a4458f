#include <new>

#include "benchmark/scripted_models.hpp"
#include "capture_folder.hpp"
#include "check.hpp"
#include "facecap/pipeline.hpp"
#include "heap.hpp"
#include "memory_plan.hpp"
#include "png_writer.hpp"
#include "scripted_session.hpp"

using namespace facecap;
using namespace facecap::board;

namespace {

FaceCapture scripted_pipeline() {
  CaptureConfig config;
  config.mode = CaptureMode::fast;
  config.min_hits = 1;
  config.interval = 5;
  config.max_captures = 0;
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(scripted_detector({320, 256}, 3), DetectorOptions{});
  parts.classifier = std::make_unique<MaskClassifier>(scripted_classifier());
  parts.refiner = std::make_unique<Refiner>(scripted::scripted_refiner({}));
  return FaceCapture(config, std::move(parts), 10);
}

}  // namespace

TEST(frames_make_nothing_large_and_leave_nothing_behind) {
  const std::vector<std::uint8_t> pixels(640 * 480 * 3 / 2, 128);
  const YuvView frame{pixels.data(), pixels.data() + 640 * 480, 640, 480, 640, 640};
  FaceCapture capture = scripted_pipeline();
  std::vector<std::uint8_t> png;
  int captures = 0;
  const auto process = [&](int frames) {
    for (int k = 0; k < frames; ++k)
      for (const Capture& each : capture.process(frame, {}, {}).captures) {
        encode_png(each.crop.view(), png);
        ++captures;
      }
  };
  process(20);
  heap::mark();
  const std::size_t before = heap::in_use();
  process(300);
  EXPECT(captures >= 100);
  // The largest is the crop of a capture; a frame is 460800 bytes, the network's input 983040.
  EXPECT(heap::largest() <= 64 * 1024);
  EXPECT(heap::peak() - before < 512 * 1024);
  EXPECT(heap::in_use() <= before + 4096);
}

TEST(memory_ceiling_that_a_32_bit_system_cannot_count_is_none) {
  MemoryPlan plan(4096);
  EXPECT(plan.ceiling() > std::size_t{1} << 31);
  const std::vector<char> fits(1 << 20);
}

TEST(memory_stays_under_its_ceiling) {
  const std::size_t before = heap::in_use();
  {
    MemoryPlan plan(2);
    const std::vector<char> fits(1 << 20);
    plan.made("a test");
    EXPECT(plan.words().find("ceiling 2.0 MiB beside the models; made at start: 1.0 MiB for a test") !=
           std::string::npos);
    bool refused = false;
    try {
      const std::vector<char> too_much(1 << 20);
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    EXPECT(refused);
    EXPECT(plan.peak() <= plan.ceiling());
    plan.lift();
    const std::vector<char> free_again(4 << 20);
    EXPECT(plan.peak() <= plan.ceiling());
  }
  EXPECT(heap::in_use() <= before + 1024);
}
