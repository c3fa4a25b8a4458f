#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "check.hpp"
#include "facecap/error.hpp"
#include "runtime/cvimodel/tensor_layout.hpp"

using facecap::ElementType;
using facecap::ModelError;
using facecap::cvimodel::Format;
using facecap::cvimodel::layout_of;
using facecap::cvimodel::StoredTensor;
using facecap::cvimodel::TensorLayout;

namespace {

StoredTensor stored(Format format, std::array<std::int64_t, 4> shape, const std::string& pixels = "",
                    bool aligned = false, float scale = 1) {
  StoredTensor out;
  out.name = "image";
  out.format = format;
  out.shape = shape;
  out.pixel_format = pixels;
  out.aligned = aligned;
  out.scale = scale;
  return out;
}

TensorLayout layout(const StoredTensor& tensor, const std::string& chip = "cv182x") {
  return layout_of(tensor, chip, "m.cvimodel");
}

template <typename Stored>
std::vector<Stored> store_all(const std::vector<float>& values, Format format, float scale) {
  const TensorLayout to =
      layout(stored(format, {1, 1, 1, static_cast<std::int64_t>(values.size())}, "", false, scale));
  std::vector<Stored> out(values.size());
  facecap::cvimodel::store(values.data(), to, reinterpret_cast<std::uint8_t*>(out.data()));
  return out;
}

}  // namespace

TEST(cvimodel_layout_of_aligned_rows) {
  const TensorLayout packed = layout(stored(Format::uint8, {1, 12, 20, 3}, "RGB_PACKED", true));
  EXPECT_EQ(packed.row_bytes, 64u);
  EXPECT_EQ(packed.bytes(), 12u * 64);
  const TensorLayout planar = layout(stored(Format::uint8, {1, 3, 11, 65}, "RGB_PLANAR", true));
  EXPECT_EQ(planar.row_bytes, 128u);
  EXPECT_EQ(planar.plane_bytes, 11u * 128);
  const TensorLayout older = layout(stored(Format::uint8, {2, 3, 11, 33}, "RGB_PLANAR", true), "cv183x");
  EXPECT_EQ(older.row_bytes, 64u);
  EXPECT_EQ(older.plane_bytes, 4096u);
  EXPECT_EQ(older.bytes(), 2u * 3 * 4096);
  EXPECT(!packed.dense() && !planar.dense());
  EXPECT(layout(stored(Format::uint8, {1, 12, 20, 3}, "RGB_PACKED")).dense());
}

TEST(cvimodel_layout_refuses_what_it_cannot_fill) {
  EXPECT_THROWS(ModelError, layout(stored(Format::uint8, {1, 3, 12, 20}, "YUV_NV21", true)),
                "m.cvimodel: 'image' takes frames as YUV_NV21, wanted RGB or BGR");
  EXPECT_THROWS(ModelError, layout(stored(Format::int16, {1, 3, 12, 20})),
                "the element type int16, wanted float32");
  EXPECT_THROWS(ModelError, layout(stored(Format::float32, {1, 3, 12, 20}, "RGB_PLANAR", true)),
                "aligned rows of float32");
}

TEST(cvimodel_integers_are_rounded_and_saturated) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> values{0,   0.25f, 0.75f, -0.25f, -0.75f, 63.4f, 63.6f,
                                  -64, -70,   1e9f,  -1e9f,  inf,    -inf};
  const std::vector<std::int8_t> wanted{0, 1, 2, -1, -2, 127, 127, -128, -128, 127, -128, 127, -128};
  EXPECT(store_all<std::int8_t>(values, Format::int8, 2) == wanted);
  const std::vector<std::uint8_t> bytes{0, 0, 1, 254, 255, 255, 0};
  EXPECT(store_all<std::uint8_t>({-3, 0.4f, 0.5f, 254.4f, 254.5f, 300, -inf}, Format::uint8, 1) == bytes);
  store_all<std::int8_t>({nan}, Format::int8, 1);
}

TEST(cvimodel_bfloat16_is_rounded_to_even) {
  const std::vector<float> values{1.0f, 1.00390625f, 1.01171875f, -2.5f, 3.0e38f, 1e-40f};
  const std::vector<std::uint16_t> found = store_all<std::uint16_t>(values, Format::bfloat16, 1);
  EXPECT(found == std::vector<std::uint16_t>({0x3F80, 0x3F80, 0x3F82, 0xC020, 0x7F62, 0x0001}));
  const auto nan = store_all<std::uint16_t>({std::numeric_limits<float>::quiet_NaN()}, Format::bfloat16, 1);
  const TensorLayout one = layout(stored(Format::bfloat16, {1, 1, 1, 1}));
  float back = 0;
  facecap::cvimodel::load(reinterpret_cast<const std::uint8_t*>(nan.data()), one, &back);
  EXPECT(std::isnan(back));
}

TEST(cvimodel_values_are_stored_where_their_pixel_lies) {
  std::mt19937 random(3);
  const auto between = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 200; ++round) {
    const bool packed = between(0, 1) == 1;
    const bool aligned = between(0, 1) == 1;
    const int n = between(1, 2), c = between(1, 4), h = between(1, 7), w = between(1, 70);
    const std::array<std::int64_t, 4> shape =
        packed ? std::array<std::int64_t, 4>{n, h, w, c} : std::array<std::int64_t, 4>{n, c, h, w};
    const TensorLayout to =
        layout(stored(Format::uint8, shape, packed ? "BGR_PACKED" : "BGR_PLANAR", aligned));
    std::vector<float> planes(to.elements());
    for (float& value : planes) value = static_cast<float>(between(0, 255));
    std::vector<std::uint8_t> memory(to.bytes(), 1);
    facecap::cvimodel::store(planes.data(), to, memory.data());
    std::vector<std::uint8_t> rows;
    bool right = true;
    std::size_t at = 0;
    for (int i = 0; i < n; ++i)
      for (int k = 0; k < c; ++k)
        for (int y = 0; y < h; ++y)
          for (int x = 0; x < w; ++x) {
            const std::size_t place =
                packed ? i * to.picture_bytes + y * to.row_bytes + static_cast<std::size_t>(x * c + k)
                       : i * to.picture_bytes + k * to.plane_bytes + y * to.row_bytes +
                             static_cast<std::size_t>(x);
            right = right && memory[place] == static_cast<std::uint8_t>(planes[at++]);
          }
    EXPECT(right);
    // The same picture as the tensor's own elements gives the same memory.
    for (std::size_t row = 0; row < to.elements() / static_cast<std::size_t>(packed ? w * c : w); ++row) {
      const std::size_t in_row = static_cast<std::size_t>(packed ? w * c : w);
      const std::size_t rows_a_plane = static_cast<std::size_t>(h);
      const std::size_t plane = row / rows_a_plane;
      const std::size_t start =
          packed ? plane * to.picture_bytes : plane / c * to.picture_bytes + plane % c * to.plane_bytes;
      const std::uint8_t* first = memory.data() + start + row % rows_a_plane * to.row_bytes;
      rows.insert(rows.end(), first, first + in_row);
    }
    std::vector<std::uint8_t> again(to.bytes(), 1);
    facecap::cvimodel::store_rows(rows.data(), to, again.data());
    EXPECT(again == memory);
  }
}

TEST(cvimodel_outputs_are_stored_times_scale) {
  const std::int8_t integers[] = {-128, -1, 0, 127};
  float values[4];
  facecap::cvimodel::load(reinterpret_cast<const std::uint8_t*>(integers),
                          layout(stored(Format::int8, {1, 4, 1, 1}, "", false, 0.5f)), values);
  EXPECT(values[0] == -64 && values[1] == -0.5f && values[2] == 0 && values[3] == 63.5f);
  const std::uint8_t bytes[] = {0, 128, 255, 1};
  facecap::cvimodel::load(bytes, layout(stored(Format::uint8, {1, 4, 1, 1}, "", false, 2)), values);
  EXPECT(values[1] == 256 && values[2] == 510);
}
