#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "facecap/frame_view.hpp"
#include "facecap/quality.hpp"
#include "fuzz.hpp"

using namespace facecap;

namespace {

/// Often a plain number of pixels, else any float at all.
float number(FuzzedDataProvider& given) {
  if (given.ConsumeBool()) return static_cast<float>(given.ConsumeIntegralInRange<int>(-400, 800)) / 2;
  const std::uint32_t bits = given.ConsumeIntegral<std::uint32_t>();
  float value;
  static_assert(sizeof value == sizeof bits);
  std::copy_n(reinterpret_cast<const char*>(&bits), sizeof bits, reinterpret_cast<char*>(&value));
  return value;
}

struct Scene {
  explicit Scene(FuzzedDataProvider& given)
      : width(given.ConsumeIntegralInRange<int>(1, 130)),
        height(given.ConsumeIntegralInRange<int>(1, 130)),
        low(given.ConsumeIntegral<std::uint8_t>()),
        high(std::max(low, given.ConsumeIntegral<std::uint8_t>())) {
    const std::size_t chroma_bytes = static_cast<std::size_t>((width + 1) / 2 * 2) * ((height + 1) / 2);
    pixels.resize(std::size_t{3} * width * height);
    chroma.resize(chroma_bytes);
    std::uint32_t state = given.ConsumeIntegral<std::uint32_t>();
    for (std::vector<std::uint8_t>* bytes : {&pixels, &chroma})
      for (std::uint8_t& value : *bytes) {
        state = state * 1664525 + 1013904223;
        value = static_cast<std::uint8_t>(low + (state >> 24) % (high - low + 1));
      }
  }
  ImageView image() const { return {pixels.data(), width, height, std::ptrdiff_t{3} * width}; }
  YuvView yuv() const {
    return {pixels.data(), chroma.data(), width, height, width, std::ptrdiff_t{(width + 1) / 2 * 2}};
  }
  int width, height;
  std::uint8_t low, high;
  std::vector<std::uint8_t> pixels, chroma;
};

void cut(FuzzedDataProvider& given, const Scene& scene) {
  const Box box{number(given), number(given), number(given), number(given)};
  const float border = given.ConsumeFloatingPointInRange<float>(0, 2);
  const Rect rect = crop_rect(box, {scene.width, scene.height}, border);
  if (!rect.empty())
    fuzz::hold(rect.x1 >= 0 && rect.y1 >= 0 && rect.x2 < scene.width && rect.y2 < scene.height,
               "a crop lies in the picture");
  fuzz::may_throw<std::invalid_argument>([&] { crop_face(scene.image(), box, 16, border); });
  const int x1 = given.ConsumeIntegralInRange<int>(0, scene.width - 1);
  const int y1 = given.ConsumeIntegralInRange<int>(0, scene.height - 1);
  const Rect source{x1, y1, given.ConsumeIntegralInRange<int>(x1 + 1, scene.width),
                    given.ConsumeIntegralInRange<int>(y1 + 1, scene.height)};
  const int width = given.ConsumeIntegralInRange<int>(1, 200);
  const int height = given.ConsumeIntegralInRange<int>(1, 40);
  std::vector<std::uint8_t> out(std::size_t{3} * width * height);
  resize(scene.image(), source, width, height, out.data());
  for (const std::uint8_t value : out)
    fuzz::hold(value >= scene.low && value <= scene.high, "a resized value lies between those it is made of");
  resize(scene.yuv(), source, width, height, out.data());
  const float variance = laplacian_variance(scene.image(), source);
  fuzz::hold(std::isfinite(variance) && variance >= 0, "a variance is not negative");
  fuzz::hold(std::isfinite(laplacian_variance(scene.yuv(), source)), "a variance is finite");
}

void warp(FuzzedDataProvider& given, const Scene& scene) {
  Landmarks points;
  for (Point& point : points) point = {number(given), number(given)};
  const int size = given.ConsumeIntegralInRange<int>(1, 40);
  fuzz::may_throw<std::invalid_argument>([&] { align_face(scene.image(), points, size); });
  fuzz::may_throw<std::invalid_argument>([&] { align_face(scene.yuv(), points, size); });
  const Box box{number(given), number(given), number(given), number(given)};
  posture_quality({box, points, {scene.width, scene.height}});
  const Pose pose = face_pose(points);
  if (pose.valid())
    fuzz::hold(std::abs(pose.yaw) <= 180 && std::abs(pose.roll) <= 180, "an angle is at most half a turn");
}

void fit(FuzzedDataProvider& given, const Scene& scene) {
  const Size target{given.ConsumeIntegralInRange<int>(1, 100), given.ConsumeIntegralInRange<int>(1, 100)};
  const Letterbox box = given.ConsumeBool() ? fit_letterbox({scene.width, scene.height}, target)
                                            : fit_native({scene.width, scene.height}, target, 32);
  std::vector<float> planes(std::size_t{3} * box.target.width * box.target.height, NAN);
  std::vector<std::uint8_t> scratch;
  letterbox_to_planes(scene.image(), box, {}, planes.data(), scratch);
  for (const float value : planes) fuzz::hold(value >= 0 && value <= 255, "every value of the planes is set");
  std::fill(planes.begin(), planes.end(), NAN);
  letterbox_to_planes(scene.yuv(), box, {}, planes.data());
  for (const float value : planes) fuzz::hold(std::isfinite(value), "every value of the planes is set");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider given(data, size);
  const Scene scene(given);
  cut(given, scene);
  warp(given, scene);
  fit(given, scene);
  return 0;
}
