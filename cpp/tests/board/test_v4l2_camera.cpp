#include <linux/videodev2.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>

#include "check.hpp"
#include "errors.hpp"
#include "tiny_jpeg.hpp"
#include "v4l2_camera.hpp"

using namespace facecap;
using namespace facecap::board;

namespace {

/// A driver in memory: the frames of `script`, one each time that somebody waits.
struct Driver {
  struct Shot {
    std::uint32_t sequence;
    std::uint32_t bytes;
    bool error = false;
    bool with_next = false;            // ready together with the next one
    std::vector<std::uint8_t> data{};  // where the content counts; else each byte is the number
  };

  std::vector<std::uint32_t> formats{V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV21};
  Size size{8, 4};
  std::map<std::uint32_t, Size> sizes;  // of the formats that have another one
  std::uint32_t refused = 0;            // a format that it will not be set to
  std::size_t room = 100;
  std::uint32_t capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
  std::deque<Shot> script;

  std::deque<Shot> ready;
  std::deque<int> queued;
  std::vector<std::vector<std::uint8_t>> memory;
  std::uint32_t chosen = 0;
  bool streaming = false;
  int mapped = 0, closed = 0;

  int control(unsigned long request, void* argument) {
    switch (request) {
      case VIDIOC_QUERYCAP:
        static_cast<v4l2_capability*>(argument)->capabilities = capabilities;
        return capabilities ? 0 : fail(ENOTTY);
      case VIDIOC_ENUM_FMT: {
        auto* each = static_cast<v4l2_fmtdesc*>(argument);
        if (each->index >= formats.size()) return fail(EINVAL);
        each->pixelformat = formats[each->index];
        return 0;
      }
      case VIDIOC_G_FMT:
      case VIDIOC_S_FMT: {
        v4l2_pix_format& pixels = static_cast<v4l2_format*>(argument)->fmt.pix;
        if (request == VIDIOC_S_FMT && pixels.pixelformat == refused) return fail(EINVAL);
        chosen = pixels.pixelformat;
        const Size given = sizes.count(chosen) ? sizes[chosen] : size;
        pixels.width = static_cast<unsigned>(given.width);
        pixels.height = static_cast<unsigned>(given.height);
        pixels.bytesperline = chosen == V4L2_PIX_FMT_YUYV ? pixels.width * 2 : pixels.width;
        return 0;
      }
      case VIDIOC_REQBUFS: {
        auto* buffers = static_cast<v4l2_requestbuffers*>(argument);
        buffers->count = 3;
        memory.assign(3, std::vector<std::uint8_t>(room));
        return 0;
      }
      case VIDIOC_QUERYBUF: {
        auto* buffer = static_cast<v4l2_buffer*>(argument);
        buffer->length = static_cast<std::uint32_t>(room);
        buffer->m.offset = buffer->index;
        return 0;
      }
      case VIDIOC_QBUF:
        queued.push_back(static_cast<int>(static_cast<v4l2_buffer*>(argument)->index));
        return 0;
      case VIDIOC_DQBUF: {
        if (ready.empty() || queued.empty()) return fail(EAGAIN);
        auto* buffer = static_cast<v4l2_buffer*>(argument);
        buffer->index = static_cast<std::uint32_t>(queued.front());
        buffer->bytesused = ready.front().bytes;
        buffer->sequence = ready.front().sequence;
        buffer->flags = ready.front().error ? V4L2_BUF_FLAG_ERROR : 0;
        std::vector<std::uint8_t>& place = memory[buffer->index];
        std::fill(place.begin(), place.end(), static_cast<std::uint8_t>(buffer->sequence));
        std::copy(ready.front().data.begin(), ready.front().data.end(), place.begin());
        queued.pop_front();
        ready.pop_front();
        return 0;
      }
      case VIDIOC_STREAMON:
        streaming = true;
        return 0;
      case VIDIOC_STREAMOFF:
        streaming = false;
        return 0;
      default:
        return fail(EINVAL);
    }
  }

  bool wait() {
    if (script.empty()) return false;
    bool more = true;
    while (more && !script.empty()) {
      more = script.front().with_next;
      ready.push_back(script.front());
      script.pop_front();
    }
    return true;
  }

  static int fail(int error) {
    errno = error;
    return -1;
  }

  V4l2Calls calls() {
    return {[](const std::string&) { return 3; },
            [this](int, unsigned long request, void* argument) { return control(request, argument); },
            [this](int, std::size_t, std::int64_t offset) {
              ++mapped;
              return static_cast<void*>(memory[static_cast<std::size_t>(offset)].data());
            },
            [this](void*, std::size_t) { --mapped; },
            [this](int, int) { return wait(); },
            [this](int) { ++closed; }};
  }
};

}  // namespace

TEST(camera_gives_whole_frames_and_counts_the_others) {
  Driver driver;
  driver.script = {{5, 48}, {6, 40}, {7, 48, true}, {8, 48}, {10, 48}};
  {
    V4l2Camera camera("/dev/x", {}, {}, driver.calls());
    EXPECT_EQ(driver.chosen, std::uint32_t{V4L2_PIX_FMT_NV21});
    Frame frame;
    for (const int wanted : {0, 3, 5}) {
      EXPECT(camera.next(frame));
      EXPECT_EQ(frame.index, wanted);
      EXPECT_EQ(int{std::get<YuvView>(frame.view).luma[0]}, wanted + 5);
    }
    EXPECT_EQ(camera.damaged, 2);
    EXPECT_EQ(camera.dropped, 1);
    EXPECT_THROWS(Error, camera.next(frame), "no frame in 5 seconds");
  }
  EXPECT(!driver.streaming);
  EXPECT_EQ(driver.mapped, 0);
  EXPECT_EQ(driver.closed, 1);
}

TEST(camera_gives_the_newest_frame) {
  Driver driver;
  driver.script = {{1, 48}, {2, 48, false, true}, {3, 48}, {4, 48}};
  V4l2Camera camera("/dev/x", Size{8, 4}, {}, driver.calls());
  Frame frame;
  for (const int wanted : {0, 2, 3}) {
    EXPECT(camera.next(frame));
    EXPECT_EQ(frame.index, wanted);
  }
  EXPECT_EQ(camera.dropped, 1);
}

TEST(camera_turns_yuyv_into_semi_planar) {
  Driver driver;
  driver.formats = {V4L2_PIX_FMT_YUYV};
  driver.script = {{9, 64}};
  V4l2Camera camera("/dev/x", {}, {}, driver.calls());
  Frame frame;
  EXPECT(camera.next(frame));
  const auto& view = std::get<YuvView>(frame.view);
  EXPECT(view.order == ChromaOrder::uv);
  EXPECT_EQ(int{view.luma[31]}, 9);
  EXPECT_EQ(int{view.chroma[15]}, 9);
}

#ifdef FACECAP_WITH_JPEG
TEST(camera_with_motion_jpeg_alone_gives_pictures_and_counts_damaged_ones) {
  const std::vector<std::uint8_t> whole = tiny_jpeg();
  const auto bytes = static_cast<std::uint32_t>(whole.size());
  std::vector<std::uint8_t> larger = whole;
  larger[76] = 16;  // rows, where the camera was set to 8
  std::vector<std::uint8_t> padded = whole;
  padded.resize(whole.size() + 40);  // behind the end there may be anything
  Driver driver;
  driver.formats = {V4L2_PIX_FMT_MJPEG};
  driver.size = {16, 8};
  driver.room = 200;
  driver.script = {{0, bytes, false, false, whole},      {1, bytes - 4, false, false, whole},
                   {2, bytes, false, false, {1, 2, 3}},  {3, 0},
                   {4, bytes, true, false, whole},       {5, bytes, false, false, larger},
                   {6, bytes + 40, false, false, padded}};
  V4l2Camera camera("/dev/x", Size{16, 8}, {}, driver.calls());
  EXPECT(*camera.size() == (Size{16, 8}));
  Frame frame;
  for (const int wanted : {0, 6}) {
    EXPECT(camera.next(frame));
    EXPECT_EQ(frame.index, wanted);
    const auto& view = std::get<ImageView>(frame.view);
    EXPECT(view.size() == (Size{16, 8}));
    EXPECT_EQ(int{view.data[0]}, 142);
    EXPECT_EQ(int{view.data[3 * 16 * 8 - 1]}, 142);
  }
  EXPECT_EQ(camera.damaged, 5);
  EXPECT_EQ(camera.dropped, 0);
}

TEST(camera_whose_frames_are_all_of_another_size_ends_and_says_which) {
  const std::vector<std::uint8_t> whole = tiny_jpeg();
  const auto bytes = static_cast<std::uint32_t>(whole.size());
  Driver driver;
  driver.formats = {V4L2_PIX_FMT_MJPEG};
  driver.room = 200;
  for (std::uint32_t sequence = 0; sequence < 500; ++sequence)
    driver.script.push_back({sequence, bytes, false, false, whole});
  V4l2Camera camera("/dev/x", Size{8, 4}, {}, driver.calls());
  Frame frame;
  EXPECT_THROWS(Error, camera.next(frame), "in a row are damaged; the last: it is 16x8 pixels, wanted 8x4");
}

TEST(camera_gives_motion_jpeg_where_it_gives_the_size_in_no_other_format) {
  Driver driver;
  driver.room = 200;
  driver.sizes[V4L2_PIX_FMT_MJPEG] = {16, 8};
  const V4l2Camera large("/dev/x", Size{16, 8}, {}, driver.calls());
  EXPECT_EQ(driver.chosen, std::uint32_t{V4L2_PIX_FMT_MJPEG});
  const V4l2Camera small("/dev/x", Size{8, 4}, {}, driver.calls());
  EXPECT_EQ(driver.chosen, std::uint32_t{V4L2_PIX_FMT_NV21});
  driver.sizes[V4L2_PIX_FMT_YUYV] = {16, 4};
  const V4l2Camera wide("/dev/x", Size{16, 4}, {}, driver.calls());
  EXPECT_EQ(driver.chosen, std::uint32_t{V4L2_PIX_FMT_YUYV});
}
#endif

TEST(camera_that_refuses_one_format_gives_the_next) {
  Driver driver;
  driver.refused = V4L2_PIX_FMT_NV21;
  const V4l2Camera camera("/dev/x", {}, {}, driver.calls());
  EXPECT_EQ(driver.chosen, std::uint32_t{V4L2_PIX_FMT_YUYV});
  driver.formats = {V4L2_PIX_FMT_NV21};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()), "gives nothing as NV21");
}

TEST(camera_says_what_it_is_not) {
  Driver driver;
  driver.formats = {V4L2_PIX_FMT_H264, V4L2_PIX_FMT_RGB24};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()),
                "offers H264, RGB3, wanted one of NV21, NV12, YUYV");
  driver.formats = {};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()), "offers no format");
  driver = {};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", Size{16, 8}, {}, driver.calls()),
                "gives 8x4 as NV21, 8x4 as YUYV");
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", Size{16, 8}, {}, driver.calls()), "wanted 16x8");
  driver = {};
  driver.size = {7, 4};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()), "even sides");
  driver = {};
  driver.size = {64, 64};
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()),
                "buffers of 100 bytes, a frame has 6144");
  EXPECT_EQ(driver.closed, 1);
  driver = {};
  driver.capabilities = 0;
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()), "no V4L2 device");
  driver.capabilities = V4L2_CAP_VIDEO_OUTPUT;
  EXPECT_THROWS(Error, V4l2Camera("/dev/x", {}, {}, driver.calls()), "no camera");
  EXPECT_THROWS(Error, V4l2Camera("/dev/absent", {}, {}, system_calls()), "No such file");
  EXPECT_THROWS(Error, V4l2Camera("/dev/null", {}, {}, system_calls()), "/dev/null: no V4L2 device");
}
