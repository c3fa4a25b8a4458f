#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "facecap/geometry.hpp"

namespace facecap::board {

/// The system's ioctl on a device that is open.
using V4l2Control = std::function<int(unsigned long request, void* argument)>;

/// What a camera was set to give.
struct V4l2Format {
  std::uint32_t pixels = 0;  // V4L2_PIX_FMT_NV21, ..._NV12, ..._YUYV or ..._MJPEG
  Size size;
  std::uint32_t stride = 0;     // bytes from row to row; 0 of Motion JPEG
  std::size_t frame_bytes = 0;  // of a whole frame; 0 of Motion JPEG, where each has its own
};

/// Sets the first format, in the order NV21, NV12, YUYV, Motion JPEG, that the camera gives at the wanted
/// size, or at its present one where none is wanted. Motion JPEG only where this build reads JPEG. Throws
/// Error that begins with `name` where there is none.
V4l2Format set_format(const std::string& name, const V4l2Control& control, std::optional<Size> wanted);

}  // namespace facecap::board
