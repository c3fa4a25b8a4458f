#include <algorithm>
#include <cmath>
#include <utility>

#include "facecap/motion.hpp"

namespace facecap {
namespace {

// With these the captures of the clips of docs/figures.md, "Still frames", are the same with and without.
constexpr float kLeastChange = 2;      // of 255, of a block
constexpr float kNoises = 6;           // standard deviations of the noise
constexpr float kTooNoisy = 12;        // of 255: a change that would have to be larger cannot be told
constexpr int kNeighbours = 3;         // of 3x3 blocks must change together
constexpr float kDeviation = 1.4826f;  // a normal distribution's standard deviation over its median deviation
constexpr int kFits = 2;
constexpr int kQuietFrames = 15;  // beyond those that a track needs: a face may be found now and then only
constexpr double kFramesASecond = 25;  // of frames without timestamps

float median(std::vector<float> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// |now - (gain * before + offset)| of each block, gain and offset by least squares on those that fit.
std::vector<float> residuals(const std::vector<float>& before, const std::vector<float>& now) {
  std::vector<float> rest(now.size(), 0);
  float most = 0;
  for (int fit = 0; fit < kFits; ++fit) {
    double count = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (rest[i] > most) continue;
      count += 1;
      x += before[i];
      y += now[i];
      xx += static_cast<double>(before[i]) * before[i];
      xy += static_cast<double>(before[i]) * now[i];
    }
    const double spread = xx / count - x / count * (x / count);
    const double gain = spread > 1 ? (xy / count - x / count * (y / count)) / spread : 1;
    const double offset = y / count - gain * (x / count);
    for (std::size_t i = 0; i < now.size(); ++i)
      rest[i] = static_cast<float>(std::abs(now[i] - (gain * before[i] + offset)));
    most = std::max(2 * median(rest), 1.0f);
  }
  return rest;
}

/// Whether so many of any 3x3 blocks are hot.
bool any_together(const std::vector<char>& hot, int columns, int rows) {
  std::vector<int> in_column(static_cast<std::size_t>(columns));
  for (int y = 0; y < rows; ++y) {
    const int top = std::max(0, y - 1), bottom = std::min(rows - 1, y + 1);
    for (int x = 0; x < columns; ++x) {
      in_column[x] = 0;
      for (int line = top; line <= bottom; ++line) in_column[x] += hot[std::size_t(line) * columns + x];
    }
    for (int x = 0; x < columns; ++x) {
      const int left = x > 0 ? in_column[x - 1] : 0;
      const int right = x + 1 < columns ? in_column[x + 1] : 0;
      if (left + in_column[x] + right >= kNeighbours) return true;
    }
  }
  return false;
}

}  // namespace

bool moved(const LumaBlocks& before, const LumaBlocks& now) {
  if (!(before.picture == now.picture) || before.means.size() != now.means.size() || now.means.empty())
    return true;
  const std::vector<float> rest = residuals(before.means, now.means);
  const float change = std::max(kLeastChange, kNoises * kDeviation * median(rest));
  if (change > kTooNoisy) return true;
  std::vector<char> hot(rest.size());
  for (std::size_t i = 0; i < rest.size(); ++i) hot[i] = rest[i] > change;
  return any_together(hot, now.columns, now.rows);
}

StillFrames::StillFrames(const CaptureConfig& config)
    : on_(config.motion == Motion::automatic),
      refresh_seconds_(config.motion_refresh_seconds),
      quiet_wanted_(config.min_hits + kQuietFrames) {}

bool StillFrames::may_skip(const LumaBlocks& now, std::optional<double> timestamp) const {
  return on_ && quiet_ >= quiet_wanted_ && !due(timestamp) && !moved(last_, now);
}

bool StillFrames::due(std::optional<double> timestamp) const {
  if (timestamp && last_timestamp_ && *timestamp - *last_timestamp_ >= refresh_seconds_) return true;
  return untimed_ + 1 >= refresh_seconds_ * kFramesASecond;
}

void StillFrames::skipped(std::optional<double> timestamp) {
  if (!timestamp || timestamp == skipped_timestamp_) ++untimed_;
  skipped_timestamp_ = timestamp;
}

void StillFrames::detected(LumaBlocks now, bool busy, std::optional<double> timestamp) {
  quiet_ = busy ? 0 : std::min(quiet_ + 1, quiet_wanted_);
  untimed_ = 0;
  last_timestamp_ = skipped_timestamp_ = timestamp;
  last_ = std::move(now);
}

}  // namespace facecap
