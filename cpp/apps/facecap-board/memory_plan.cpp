#include "memory_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "heap.hpp"

namespace facecap::board {
namespace {

constexpr double kMebibyte = 1024 * 1024;

/// A 32-bit system cannot count 4096 MiB; what it can is as good as no ceiling there.
std::size_t bytes_of(int count, std::size_t beside) {
  const std::uint64_t most = std::numeric_limits<std::size_t>::max() - beside;
  return static_cast<std::size_t>(std::min(std::uint64_t{1048576} * static_cast<std::uint64_t>(count), most));
}

std::string mebibytes(std::size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / kMebibyte);
  return text;
}

}  // namespace

MemoryPlan::MemoryPlan(int ceiling_mebibytes)
    : models_(heap::in_use()), ceiling_(bytes_of(ceiling_mebibytes, models_)), before_(models_) {
  heap::mark();
  heap::set_limit(models_ + ceiling_);
}

MemoryPlan::~MemoryPlan() {
  heap::set_limit(0);
}

void MemoryPlan::made(const char* what) {
  const std::size_t now = heap::in_use();
  parts_ += (parts_.empty() ? "" : ", ") + mebibytes(now > before_ ? now - before_ : 0) + " for " + what;
  before_ = now;
}

std::string MemoryPlan::words() const {
  return "memory: ceiling " + mebibytes(ceiling_) + " beside the models; made at start: " + parts_;
}

void MemoryPlan::lift() {
  final_peak_ = peak();
  heap::set_limit(0);
}

std::size_t MemoryPlan::peak() const {
  if (final_peak_) return *final_peak_;
  return heap::peak() > models_ ? heap::peak() - models_ : 0;
}

std::string memory_words() {
  return "the memory ceiling is reached: take a smaller frame or input_size, or raise memory";
}

void warm_up(FaceCaptureParts& parts, std::optional<Size> frame) {
  const Size size = frame.value_or(parts.detector->input_size());
  // Every row of a grey picture is the same.
  const std::vector<std::uint8_t> row(static_cast<std::size_t>(size.width) + 1, 128);
  const YuvView grey{row.data(), row.data(), size.width, size.height, 0, 0};
  parts.detector->detect(grey);
  if (parts.refiner)
    parts.refiner->refine(grey, {Box{0, 0, static_cast<float>(size.width), static_cast<float>(size.height)}});
  const Size crop = parts.classifier->crop_size();
  const std::vector<std::uint8_t> pixels(std::size_t{3} * crop.width * crop.height, 128);
  parts.classifier->predict(
      {ImageView{pixels.data(), crop.width, crop.height, std::ptrdiff_t{3} * crop.width}});
}

}  // namespace facecap::board
