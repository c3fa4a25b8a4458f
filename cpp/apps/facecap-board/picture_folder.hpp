#pragma once

#include <vector>

#include "frame_source.hpp"

namespace facecap::board {

/// The pictures of a folder in natural order (2.ppm before 10.ppm), numbered by their place. One that is
/// damaged is left out.
class PictureFolder final : public FrameSource {
 public:
  /// With `fps` a picture's time is counted from 0; without it has none. Throws Error where the folder holds
  /// no pictures.
  PictureFolder(const std::string& path, std::optional<double> frames_a_second);
  bool next(Frame& frame) override;
  std::optional<Size> size() const override { return {}; }

 private:
  std::vector<std::string> files_;  // names
  std::vector<std::uint8_t> file_;  // bytes of the file
  Image picture_;
  std::size_t next_ = 0;
};

/// Whether `a` goes before `b`: digits are compared as numbers, letters without case.
bool natural_order(const std::string& a, const std::string& b);

}  // namespace facecap::board
