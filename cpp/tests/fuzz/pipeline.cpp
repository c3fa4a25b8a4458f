#include "facecap/pipeline.hpp"

#include <cmath>
#include <map>
#include <stdexcept>

#include "facecap/error.hpp"
#include "fuzz.hpp"
#include "scripted_session.hpp"

using namespace facecap;

namespace {

/// Networks whose answers the fuzzer writes, any float among them, and which may fail.
class Fuzzed final : public Session {
 public:
  Fuzzed(FuzzedDataProvider& given, TensorInfo input, std::vector<TensorInfo> outputs)
      : given_(given), inputs_{std::move(input)}, outputs_(std::move(outputs)) {}
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<TensorView>& inputs, std::vector<Tensor>& outputs) override {
    if (given_.ConsumeIntegralInRange<int>(0, 31) == 31) throw ModelError("the network fails");
    outputs.resize(outputs_.size());
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      Tensor& out = outputs[k];
      out.type = ElementType::float32;
      out.shape = outputs_[k].shape;
      if (out.shape[0] < 0) out.shape[0] = inputs[0].shape[0];
      out.storage.resize(out.elements() * sizeof(float));
      auto* values = reinterpret_cast<float*>(out.storage.data());
      for (std::size_t i = 0; i < out.elements(); ++i) values[i] = value();
    }
  }
  const std::string& runtime() const override { return name_; }
  const std::string& runtime_version() const override { return name_; }
  std::vector<std::string> providers() const override { return {}; }

 private:
  float value() {
    const int kind = given_.ConsumeIntegral<std::uint8_t>();
    if (kind < 240) return static_cast<float>(kind - 120) / 16;
    constexpr float kOdd[] = {INFINITY, -INFINITY, NAN, 1e30f, -1e30f, 1e-40f, 3e38f, 88.8f};
    return kOdd[kind % 8];
  }

  FuzzedDataProvider& given_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::string name_ = "fuzzed";
};

Model fuzzed(FuzzedDataProvider& given, const Model& like) {
  return {std::make_shared<Fuzzed>(given, like.session->inputs()[0], like.session->outputs()), like.manifest,
          ""};
}

CaptureConfig configuration(FuzzedDataProvider& given) {
  CaptureConfig config;
  constexpr CaptureMode kModes[] = {CaptureMode::automatic, CaptureMode::fast, CaptureMode::cycle,
                                    CaptureMode::once};
  constexpr QualityMethod kMethods[] = {QualityMethod::posture, QualityMethod::eye_distance,
                                        QualityMethod::laplacian, QualityMethod::posture_laplacian};
  config.mode = given.PickValueInArray(kModes);
  config.quality_method = given.PickValueInArray(kMethods);
  config.min_face = -1;
  config.max_face = -1;
  config.max_yaw = config.max_pitch = config.max_roll = 180;
  config.min_quality = -1;
  config.min_eye_distance = given.ConsumeBool() ? 0.0f : 3.0f;
  config.min_hits = given.ConsumeIntegralInRange<int>(1, 3);
  config.interval = given.ConsumeIntegralInRange<int>(1, 5);
  config.max_captures = given.ConsumeIntegralInRange<int>(0, 3);
  config.miss_limit = given.ConsumeIntegralInRange<int>(1, 4);
  config.early_first = given.ConsumeBool();
  config.classify_on = given.ConsumeBool() ? ClassifyOn::emit : ClassifyOn::capture;
  if (given.ConsumeBool()) config.interval_seconds = 0.2;
  return config;
}

void check(const FrameResult& result) {
  const std::size_t faces = result.faces.size();
  fuzz::hold(result.tracks.ids.size() == faces && result.reasons.size() == faces &&
                 result.stored.size() == faces && result.mask_prob.size() == faces,
             "arrays of a frame are as long as its faces");
  for (std::size_t i = 0; i < faces; ++i) {
    fuzz::hold(result.stored[i] != result.reasons[i].has_value(), "a face is kept or has a reason");
    const Box& box = result.faces.boxes[i];
    fuzz::hold(box.x1 >= 0 && box.x2 <= 96 && box.x1 < box.x2 && box.y1 < box.y2, "a box shows a part");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Model detector = scripted::one_face(20), refiner = scripted::scripted_refiner({}),
                     classifier = scripted::scripted_classifier(2), embedder = scripted::scripted_embedder();
  FuzzedDataProvider given(data, size);
  FaceCaptureParts parts;
  parts.detector = std::make_unique<Detector>(fuzzed(given, detector), DetectorOptions{});
  parts.classifier = std::make_unique<MaskClassifier>(fuzzed(given, classifier));
  if (given.ConsumeBool()) parts.refiner = std::make_unique<Refiner>(fuzzed(given, refiner));
  if (given.ConsumeBool()) parts.embedder = std::make_unique<Embedder>(fuzzed(given, embedder));
  FaceCapture capture(configuration(given), std::move(parts), given.ConsumeIntegralInRange<int>(1, 3));
  std::vector<std::uint8_t> pixels(std::size_t{3} * 96 * 96);
  std::map<std::pair<std::int64_t, int>, int> emitted;
  const auto count = [&](const std::vector<Capture>& captures) {
    for (const Capture& each : captures) {
      const int times = ++emitted[{each.event.track_id, each.event.sequence}];
      fuzz::hold(times == 1, "nothing is emitted twice");
      fuzz::hold(each.crop.pixels.size() == std::size_t{3} * each.crop.width * each.crop.height,
                 "a capture has its crop");
      fuzz::hold(each.event.shot_frame <= each.event.frame, "a shot is no later than its capture");
    }
  };
  std::int64_t index = 0;
  for (int frame = 0; frame < 24 && given.remaining_bytes() > 0; ++frame) {
    std::fill(pixels.begin(), pixels.end(), given.ConsumeIntegral<std::uint8_t>());
    index += given.ConsumeIntegralInRange<int>(1, 3);
    fuzz::may_throw<Error>([&] {
      const FrameResult& result =
          capture.process(ImageView{pixels.data(), 96, 96, std::ptrdiff_t{3} * 96}, index, index * 0.1);
      check(result);
      count(result.captures);
    });
    if (given.ConsumeIntegralInRange<int>(0, 15) == 0) count(capture.flush());
  }
  count(capture.flush());
  return 0;
}
