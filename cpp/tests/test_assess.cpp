#include <limits>

#include "check.hpp"
#include "pipeline/assess.hpp"

using namespace facecap;

namespace {

/// The canonical face of docs/capture-flow.md in a 1920x1080 picture; its nose may be moved.
Assessment assess_face(float side, const CaptureConfig& config, float nose_x = 0.5f, float nose_y = 0.6f) {
  static const Image picture{std::vector<std::uint8_t>(std::size_t{3} * 1920 * 1080), 1920, 1080};
  const Box box{800, 400, 800 + side, 400 + side};
  const auto at = [&](float x, float y) { return Point{800 + x * side, 400 + y * side}; };
  const Landmarks points{at(0.3f, 0.4f), at(0.7f, 0.4f), at(nose_x, nose_y), at(0.35f, 0.78f),
                         at(0.65f, 0.78f)};
  const ImageView view = picture.view();
  return assess({box, points, view.size(), measure_laplacian(view, box, points, config)}, config);
}

}  // namespace

TEST(assess_size_limits) {
  const CaptureConfig config;
  EXPECT(assess_face(31, config).rejection == Reason::too_small);
  EXPECT_EQ(assess_face(31, config).quality, 0.0f);
  EXPECT(!assess_face(32, config).rejection);
  EXPECT_NEAR(assess_face(32, config).quality, 0.392989, 1e-4);
  EXPECT(!assess_face(512, config).rejection);
  EXPECT(assess_face(513, config).rejection == Reason::too_large);
}

TEST(assess_pose_limits) {
  const CaptureConfig config;
  EXPECT(assess_face(200, config, 0.7f).rejection == Reason::extreme_yaw);
  EXPECT(assess_face(200, config, 0.5f, 0.7f).rejection == Reason::extreme_pitch);
  EXPECT(!assess_face(200, config, 0.6f).rejection);
  EXPECT_EQ(assess_face(200, config, 0.7f).quality, 0.0f);
}

TEST(assess_pose_limits_hold_without_size_limits) {
  CaptureConfig config;
  config.min_face = config.max_face = -1;
  EXPECT(assess_face(200, config, 0.7f).rejection == Reason::extreme_yaw);
  EXPECT(!assess_face(600, config).rejection);
}

TEST(assess_degenerate_face) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Assessment face = assess_face(200, {}, nan);
  EXPECT(face.rejection == Reason::invalid_pose);
  EXPECT_EQ(face.quality, 0.0f);
}

TEST(assess_a_blurred_face_scores_nothing_where_sharpness_counts) {
  CaptureConfig config;
  config.quality_method = QualityMethod::posture_laplacian;
  EXPECT_EQ(assess_face(200, config).quality, 0.0f);  // the picture is plain
  config.min_sharpness = 0;
  EXPECT_NEAR(assess_face(200, config).quality, 1.358176, 1e-4);
}
