#include <linux/videodev2.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "errors.hpp"
#include "fuzz.hpp"
#include "v4l2_camera.hpp"

using namespace facecap;
using namespace facecap::board;

namespace {

/// A driver that answers every call with what the fuzzer says.
struct Driver {
  explicit Driver(FuzzedDataProvider& source) : given(source) {}

  int control(unsigned long request, void* argument) {
    if (given.ConsumeIntegralInRange<int>(0, 15) == 15) {
      const int errors[] = {EINVAL, EAGAIN, EIO, ENODEV, EBUSY, ENOTTY, EINTR};
      errno = given.PickValueInArray(errors);
      return -1;
    }
    switch (request) {
      case VIDIOC_QUERYCAP:
        static_cast<v4l2_capability*>(argument)->capabilities =
            given.ConsumeBool() ? V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING
                                : given.ConsumeIntegral<std::uint32_t>();
        return 0;
      case VIDIOC_ENUM_FMT: {
        constexpr std::uint32_t kFormats[] = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV21,
                                              V4L2_PIX_FMT_NV12};
        auto* each = static_cast<v4l2_fmtdesc*>(argument);
        if (each->index > 5) return fail(EINVAL);
        each->pixelformat = given.PickValueInArray(kFormats);
        return 0;
      }
      case VIDIOC_G_FMT:
      case VIDIOC_S_FMT: {
        v4l2_pix_format& pixels = static_cast<v4l2_format*>(argument)->fmt.pix;
        pixels.width = side();
        pixels.height = side();
        pixels.bytesperline = given.ConsumeBool() ? 0 : side() * 2;
        return 0;
      }
      case VIDIOC_REQBUFS:
        static_cast<v4l2_requestbuffers*>(argument)->count =
            given.ConsumeIntegralInRange<std::uint32_t>(0, 5);
        return 0;
      case VIDIOC_QUERYBUF: {
        auto* buffer = static_cast<v4l2_buffer*>(argument);
        buffer->length = given.ConsumeIntegralInRange<std::uint32_t>(0, 1 << 16);
        return 0;
      }
      case VIDIOC_DQBUF: {
        if (given.remaining_bytes() == 0) return fail(EAGAIN);  // no driver has frames for ever
        auto* buffer = static_cast<v4l2_buffer*>(argument);
        buffer->index = given.ConsumeIntegralInRange<std::uint32_t>(0, 6);
        buffer->bytesused = given.ConsumeIntegralInRange<std::uint32_t>(0, 1 << 17);
        buffer->sequence = given.ConsumeIntegral<std::uint32_t>();
        buffer->flags = given.ConsumeBool() ? V4L2_BUF_FLAG_ERROR : 0;
        return 0;
      }
      default:
        return 0;
    }
  }

  V4l2Calls calls() {
    return {[](const std::string&) { return 3; },
            [this](int, unsigned long request, void* argument) { return control(request, argument); },
            [this](int, std::size_t bytes, std::int64_t) -> void* {
              if (given.ConsumeIntegralInRange<int>(0, 15) == 15) return fail(ENOMEM), nullptr;
              void* memory = std::calloc(bytes ? bytes : 1, 1);  // its bounds are watched
              mapped[memory] = bytes;
              return memory;
            },
            [this](void* data, std::size_t bytes) {
              fuzz::hold(mapped.count(data) == 1 && mapped[data] == bytes, "what is unmapped was mapped so");
              mapped.erase(data);
              std::free(data);
            },
            [this](int, int) { return given.remaining_bytes() > 0; },
            [this](int) { ++closed; }};
  }

  std::uint32_t side() {
    return given.ConsumeBool() ? 2 * given.ConsumeIntegralInRange<std::uint32_t>(1, 64)
                               : given.ConsumeIntegral<std::uint32_t>();
  }
  static int fail(int error) {
    errno = error;
    return -1;
  }

  FuzzedDataProvider& given;
  std::map<void*, std::size_t> mapped;
  int closed = 0;
};

/// Reads every pixel, so that the sanitizer sees where the view leads.
unsigned sum_of(const FrameView& frame) {
  unsigned sum = 0;
  if (const auto* view = std::get_if<YuvView>(&frame)) {
    for (int y = 0; y < view->height; ++y)
      for (int x = 0; x < view->width; ++x) sum += view->luma[y * view->luma_stride + x];
    for (int y = 0; y < (view->height + 1) / 2; ++y)
      for (int x = 0; x < (view->width + 1) / 2 * 2; ++x) sum += view->chroma[y * view->chroma_stride + x];
  }
  if (const auto* view = std::get_if<ImageView>(&frame))
    for (int y = 0; y < view->height; ++y)
      for (int x = 0; x < 3 * view->width; ++x) sum += view->data[y * view->stride + x];
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider given(data, size);
  Driver driver(given);
  fuzz::may_throw<std::runtime_error>([&] {
    V4l2Camera camera("/dev/x", {}, given.ConsumeBool() ? std::optional<double>(25) : std::nullopt,
                      driver.calls());
    Frame frame;
    volatile unsigned sum = 0;
    std::int64_t last = -1;
    for (int i = 0; i < 64 && camera.next(frame); ++i) {
      sum = sum + sum_of(frame.view);
      fuzz::hold(frame.index > last, "frames are numbered upwards");
      last = frame.index;
    }
  });
  fuzz::hold(driver.mapped.empty() && driver.closed == 1, "all is given back");
  return 0;
}
