#include "facecap/jpeg_fill.hpp"

#include <algorithm>
#include <utility>

#include "image/jpeg_codes.hpp"

namespace facecap {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Codes themselves may end in zeros: those of a grey picture in nine, without the encoder's own padding.
constexpr std::size_t kZerosOfCodes = 2;  // bytes

enum Marker { kFrame0 = 0xC0, kFrame1 = 0xC1, kTables = 0xC4, kRestart = 0xD0, kStart = 0xD8, kEnd = 0xD9 };
enum Segment { kScan = 0xDA, kInterval = 0xDD };

struct Component {
  int id = 0;
  int across = 0, down = 0;  // sampling factors
  int dc = 0, ac = 0;        // of the scan that is read
};

int ceil_divide(int value, int by) {
  return (value + by - 1) / by;
}

class Walk {
 public:
  Walk(const std::uint8_t* data, std::size_t bytes) : data_(data), end_(bytes) {}

  /// False where the picture is damaged or of a kind that is not followed.
  bool run() {
    if (end_ < 2 || data_[0] != 0xFF || data_[1] != kStart) return false;
    at_ = 2;
    for (;;) {
      const int marker = next_marker();
      if (marker == kEnd) {
        copy(end_);
        return removed_ > 0;
      }
      if (marker < 0 || marker == kStart || at_ + 2 > end_) return false;
      const std::size_t length = number(at_);
      if (length < 2 || at_ + length > end_) return false;
      const std::size_t first = at_ + 2, last = at_ + length;
      at_ = last;
      if (!read_segment(marker, first, last)) return false;
    }
  }

  Bytes out;

 private:
  std::size_t number(std::size_t at) const { return std::size_t{data_[at]} << 8 | data_[at + 1]; }

  /// Steps behind the marker here; -1 where there is none.
  int next_marker() {
    if (at_ >= end_ || data_[at_] != 0xFF) return -1;
    while (at_ < end_ && data_[at_] == 0xFF) ++at_;
    return at_ < end_ ? data_[at_++] : -1;
  }

  void copy(std::size_t to) {
    out.insert(out.end(), data_ + copied_, data_ + to);
    copied_ = to;
  }

  bool read_segment(int marker, std::size_t at, std::size_t last) {
    if (marker == kFrame0 || marker == kFrame1) return read_frame(at, last);
    if (marker == kTables) return read_tables(at, last);
    if (marker == kScan) return read_scan(at, last);
    if (marker == kInterval) {
      if (last - at < 2) return false;
      interval_ = number(at);
      return true;
    }
    return marker > 0xCF || marker < kFrame0;  // the others are frames of kinds that are not followed
  }

  bool read_frame(std::size_t at, std::size_t last) {
    if (last - at < 6 || !components_.empty()) return false;
    height_ = static_cast<int>(number(at + 1));
    width_ = static_cast<int>(number(at + 3));
    const std::size_t many = data_[at + 5];
    if (last - at < 6 + 3 * many || width_ == 0 || height_ == 0) return false;
    for (at += 6; components_.size() < many; at += 3) {
      Component each{data_[at], data_[at + 1] >> 4, data_[at + 1] & 15, 0, 0};
      if (each.across < 1 || each.across > 4 || each.down < 1 || each.down > 4) return false;
      across_ = std::max(across_, each.across);
      down_ = std::max(down_, each.down);
      components_.push_back(each);
    }
    return true;
  }

  bool read_tables(std::size_t at, std::size_t last) {
    while (at < last) {
      if (last - at < 17) return false;
      const int kind = data_[at] >> 4, place = data_[at] & 15;
      std::size_t many = 0;
      for (std::size_t length = 1; length <= 16; ++length) many += data_[at + length];
      if (kind > 1 || place > 3 || last - at < 17 + many) return false;
      if (!codes_[kind][place].set(data_ + at + 1, data_ + at + 17, many)) return false;
      at += 17 + many;
    }
    return true;
  }

  bool read_scan(std::size_t at, std::size_t last) {
    std::vector<Component> scan;
    const std::size_t many = at < last ? data_[at] : 0;
    if (many == 0 || last - at < 1 + 2 * many) return false;
    for (++at; scan.size() < many; at += 2) {
      const auto found = std::find_if(components_.begin(), components_.end(),
                                      [&](const Component& each) { return each.id == data_[at]; });
      if (found == components_.end() || data_[at + 1] >> 4 > 3 || (data_[at + 1] & 15) > 3) return false;
      scan.push_back(*found);
      scan.back().dc = data_[at + 1] >> 4;
      scan.back().ac = data_[at + 1] & 15;
    }
    std::int64_t units;
    if (many == 1) {  // blocks of the component itself
      Component& only = scan[0];
      units = std::int64_t{ceil_divide(ceil_divide(width_ * only.across, across_), 8)} *
              ceil_divide(ceil_divide(height_ * only.down, down_), 8);
      only.across = only.down = 1;
    } else {
      units = std::int64_t{ceil_divide(width_, 8 * across_)} * ceil_divide(height_, 8 * down_);
    }
    for (;;) {
      const std::int64_t here = interval_ > 0 ? std::min(units, static_cast<std::int64_t>(interval_)) : units;
      if (!read_data(scan, here)) return false;
      units -= here;
      if (units == 0) return true;
      const int marker = next_marker();
      if (marker < kRestart || marker >= kStart) return false;
    }
  }

  /// Follows the codes up to the next marker and leaves out what fills the place between.
  bool read_data(const std::vector<Component>& scan, std::int64_t units) {
    const std::size_t first = at_;
    while (at_ + 1 < end_ && (data_[at_] != 0xFF || data_[at_ + 1] == 0)) ++at_;
    if (at_ + 1 >= end_) return false;
    bits_.assign(data_ + first, data_ + at_);
    for (; units > 0; --units)
      for (const Component& each : scan)
        for (int block = 0; block < each.across * each.down; ++block)
          if (!bits_.skip_block(codes_[0][each.dc], codes_[1][each.ac])) return false;
    const std::size_t zeros = bits_.zeros(), rest = bits_.size() - bits_.used();
    if (rest > zeros || zeros - rest > kZerosOfCodes) return false;
    copy(at_ - rest);
    copied_ = at_;
    removed_ += rest;
    return true;
  }

  const std::uint8_t* data_;
  std::size_t end_, at_ = 0;
  std::size_t copied_ = 0, removed_ = 0;
  int width_ = 0, height_ = 0;
  int across_ = 1, down_ = 1;  // the largest sampling factors
  std::size_t interval_ = 0;   // of restarts
  std::vector<Component> components_;
  JpegCodes codes_[2][4];  // dc, ac
  JpegBits bits_;
};

}  // namespace

std::vector<std::uint8_t> jpeg_without_fill(const std::uint8_t* data, std::size_t bytes) {
  Walk walk(data, bytes);
  return walk.run() ? std::move(walk.out) : Bytes{};
}

}  // namespace facecap
