#include <cstdlib>
#include <set>
#include <thread>

#include "check.hpp"
#include "facecap/pipeline.hpp"

using namespace facecap;

namespace {

constexpr int kPipelines = 16;
constexpr int kFrames = 6;

/// Three of them, opened once and shared by all pipelines.
struct SharedModels {
  Model detector, refiner, classifier;
};

SharedModels shipped_models() {
  const auto open = [](const char* name, Task task) {
    return open_model({std::string(FACECAP_SHIPPED_MODELS "/") + name, "", ""}, task, {});
  };
  return {open("detector_yunet.onnx", Task::face_detection), open("refiner.onnx", Task::face_refinement),
          open("mask_ghostnet.onnx", Task::mask)};
}

/// What a pipeline of its own says of the frames.
std::string run(const SharedModels& models) {
  CaptureConfig config;
  config.mode = CaptureMode::fast;
  config.min_hits = 1;
  FaceCaptureParts parts;
  DetectorOptions options;
  options.input_size = models.detector.manifest->input.size;
  parts.detector = std::make_unique<Detector>(models.detector, options);
  parts.refiner = std::make_unique<Refiner>(models.refiner);
  parts.classifier = std::make_unique<MaskClassifier>(models.classifier);
  // A face or not, the stages behind the detector run on the shared models as well.
  const std::vector<std::uint8_t> pixels(std::size_t{3} * 320 * 240, 120);
  const ImageView view{pixels.data(), 320, 240, std::ptrdiff_t{3} * 320};
  parts.refiner->refine(view, {Box{10, 10, 200, 200}});
  const Size size = parts.classifier->crop_size();
  const std::vector<std::uint8_t> crop(std::size_t{3} * size.width * size.height, 90);
  const ImageView crop_view{crop.data(), size.width, size.height, std::ptrdiff_t{3} * size.width};
  std::string said = std::to_string(parts.classifier->predict({crop_view}).at(0).mask) + " ";
  FaceCapture capture(config, std::move(parts), 4);
  for (int frame = 0; frame < kFrames; ++frame)
    for (const Capture& each : capture.process(view, {}, {}).captures) said += to_string(each.mask);
  return said + " " + std::to_string(capture.flush().size());
}

}  // namespace

TEST(sixteen_pipelines_on_shared_models_say_the_same) {
  if (std::getenv("FACECAP_ONNXRUNTIME") == nullptr) return;
  const SharedModels held = shipped_models();
  std::vector<std::string> said(kPipelines);
  std::vector<std::thread> threads;
  // Each opens what the others hold.
  for (std::string& each : said) threads.emplace_back([&each] { each = run(shipped_models()); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(said.begin(), said.end()).size(), 1u);
  EXPECT(!said[0].empty());
}
