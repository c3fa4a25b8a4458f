#include <algorithm>
#include <array>
#include <cmath>

#include "facecap/motion.hpp"
#include "image/multiversion.hpp"

namespace facecap {
namespace {

constexpr int kColumns = 96;
constexpr double kLargestBlock = 20;  // pixels of a frame: a larger one has more columns
constexpr double kReduced = 8;        // pixels of the frame in one of a reduced picture
constexpr int kLeastBlock = 4;        // pixels of a frame; one of a reduced picture is a mean already
constexpr int kMostLines = 128;       // of a block; their sum fits 16 bits

FACECAP_MULTIVERSION void add_line(const std::uint8_t* line, std::uint16_t* sums, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) sums[i] = static_cast<std::uint16_t>(sums[i] + line[i]);
}

/// Of one or three interleaved channels, which `weights` sum to luma.
template <std::size_t Channels>
LumaBlocks blocks_of(const std::uint8_t* data, Size size, std::ptrdiff_t stride,
                     const std::array<float, Channels>& weights, int least_block, double largest_block) {
  LumaBlocks blocks;
  blocks.picture = size;
  const int wanted = std::max(kColumns, static_cast<int>(std::ceil(size.width / largest_block)));
  blocks.columns = std::clamp(size.width / least_block, 1, wanted);
  const double block = static_cast<double>(size.width) / blocks.columns;
  blocks.rows = std::max(1, static_cast<int>(size.height / block));
  blocks.means.reserve(static_cast<std::size_t>(blocks.columns) * blocks.rows);
  const auto edge = [](int place, int length, int parts) {
    return static_cast<int>(std::int64_t{place} * length / parts);
  };
  std::vector<std::uint16_t> sums(Channels * static_cast<std::size_t>(size.width));
  for (int row = 0; row < blocks.rows; ++row) {
    const int top = edge(row, size.height, blocks.rows), bottom = edge(row + 1, size.height, blocks.rows);
    const int step = (bottom - top + kMostLines - 1) / kMostLines;
    std::fill(sums.begin(), sums.end(), std::uint16_t{0});
    int lines = 0;
    for (int y = top; y < bottom; y += step, ++lines) add_line(data + y * stride, sums.data(), sums.size());
    for (int column = 0; column < blocks.columns; ++column) {
      const int left = edge(column, size.width, blocks.columns);
      const int right = edge(column + 1, size.width, blocks.columns);
      std::array<std::uint32_t, Channels> total{};
      for (int x = left; x < right; ++x)
        for (std::size_t c = 0; c < Channels; ++c) total[c] += sums[Channels * x + c];
      float mean = 0;
      for (std::size_t c = 0; c < Channels; ++c) mean += weights[c] * static_cast<float>(total[c]);
      blocks.means.push_back(mean / static_cast<float>(lines * (right - left)));
    }
  }
  return blocks;
}

constexpr float kRed = 0.299f, kGreen = 0.587f, kBlue = 0.114f;

LumaBlocks blocks_of(const ImageView& image) {
  const bool bgr = image.color == ColorOrder::bgr;
  return blocks_of<3>(image.data, image.size(), image.stride,
                      {bgr ? kBlue : kRed, kGreen, bgr ? kRed : kBlue}, kLeastBlock, kLargestBlock);
}

LumaBlocks blocks_of(const YuvView& image) {
  return blocks_of<1>(image.luma, image.size(), image.luma_stride, {1}, kLeastBlock, kLargestBlock);
}

}  // namespace

LumaBlocks luma_blocks(const LumaView& luma) {
  return blocks_of<1>(luma.data, {luma.width, luma.height}, luma.stride, {1}, 1, kLargestBlock / kReduced);
}

LumaBlocks luma_blocks(const FrameView& frame) {
  return std::visit([](const auto& picture) { return blocks_of(picture); }, frame);
}

}  // namespace facecap
