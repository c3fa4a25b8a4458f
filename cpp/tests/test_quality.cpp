#include <cmath>
#include <limits>
#include <random>

#include "check.hpp"
#include "facecap/quality.hpp"

using namespace facecap;

namespace {

constexpr double kRadian = 3.14159265358979323846 / 180;
constexpr Size kFullHd{1920, 1080};

/// The canonical face, docs/capture-flow.md, "Coordinates and units"; the values are those of "Pose" and
/// "Quality".
QualityInput canonical(float x, float y, float side, Size image = kFullHd) {
  QualityInput face;
  face.box = {x, y, x + side, y + side};
  face.landmarks = {Point{x + 0.3f * side, y + 0.4f * side}, Point{x + 0.7f * side, y + 0.4f * side},
                    Point{x + 0.5f * side, y + 0.6f * side}, Point{x + 0.35f * side, y + 0.78f * side},
                    Point{x + 0.65f * side, y + 0.78f * side}};
  face.image = image;
  return face;
}

QualityInput with_nose(float x, float y) {
  QualityInput face = canonical(800, 400, 200);
  face.landmarks[2] = {x, y};
  return face;
}

void expect_score(const QualityInput& face, double detector, double refined) {
  QualityInput again = face;
  again.refined = true;
  EXPECT_NEAR(posture_quality(face), detector, 1e-4);
  EXPECT_NEAR(posture_quality(again), refined, 1e-4);
}

void expect_pose(const QualityInput& face, double yaw, double pitch, double roll) {
  const Pose pose = face_pose(face.landmarks);
  EXPECT_NEAR(pose.yaw * kRadian, yaw, 2e-6);
  EXPECT_NEAR(pose.pitch * kRadian, pitch, 2e-6);
  EXPECT_NEAR(pose.roll / 90, roll, 2e-6);
}

}  // namespace

TEST(quality_frontal_face) {
  expect_pose(canonical(800, 400, 200), 0, -0.052583, 0);
  expect_score(canonical(800, 400, 200), 1.358176, 1.358176);
}

TEST(quality_follows_the_size) {
  const double wanted[][3] = {{100, 1.225703, 1.225703}, {74, 1.156067, 1.156067}, {73, 0.847469, 1.007469},
                              {65, 0.763740, 0.923740},  {64, 0.392989, 0.392989}, {60, 0.392989, 0.392989},
                              {50, 0.392989, 0.392989},  {25, 0.392989, 0.392989}, {24, 0, 0}};
  for (const auto& [side, detector, refined] : wanted)
    expect_score(canonical(800, 400, static_cast<float>(side)), detector, refined);
}

TEST(quality_border_costs) {
  expect_score(canonical(50, 400, 200), 1.158176, 1.158176);
  expect_score(canonical(500, 200, 200, {1280, 720}), 1.414801, 1.414801);
  expect_score(canonical(500, 200, 100, {1280, 720}), 1.308555, 1.308555);
}

TEST(quality_follows_the_nose) {
  expect_pose(with_nose(920, 520), 0.553935, -0.052555, 0);
  expect_pose(with_nose(880, 520), -0.553935, -0.052555, 0);
  expect_score(with_nose(920, 520), 1.210467, 1.210467);
  expect_score(with_nose(880, 520), 1.210467, 1.210467);
  EXPECT_NEAR(face_pose(with_nose(940, 520).landmarks).yaw * kRadian, 1, 1e-6);
  EXPECT_NEAR(face_pose(with_nose(900, 500).landmarks).pitch * kRadian, 0.442374, 2e-6);
  expect_score(with_nose(900, 500), 1.254231, 1.254231);
  EXPECT_NEAR(face_pose(with_nose(900, 540).landmarks).pitch * kRadian, -0.524796, 2e-6);
  expect_pose(with_nose(900, 518), 0, 0, 0);
  expect_score(with_nose(900, 518), 1.372198, 1.372198);
}

TEST(quality_follows_the_roll) {
  for (const float tilt : {10.0f, -10.0f}) {
    QualityInput face = canonical(800, 400, 200);
    face.landmarks[0].y -= tilt;
    face.landmarks[1].y += tilt;
    EXPECT_NEAR(face_pose(face.landmarks).roll / 90, tilt > 0 ? -0.155958 : 0.155958, 2e-6);
    expect_score(face, 1.339843, 1.339843);
  }
}

TEST(quality_implausible_faces_score_nothing) {
  expect_score(with_nose(1001, 520), 0, 0);
  expect_score(with_nose(945, 520), 0, 0);
  QualityInput eyes = canonical(800, 400, 200);
  eyes.landmarks[0].x = 880;
  eyes.landmarks[1].x = 928;
  expect_score(eyes, 0, 0);
  QualityInput mouth = canonical(800, 400, 200);
  mouth.landmarks[3].x = 886;
  mouth.landmarks[4].x = 915;
  expect_score(mouth, 0, 0);
}

TEST(quality_blur_costs) {
  QualityInput face = canonical(800, 400, 200);
  face.refined = true;
  face.blur = 0.5f;
  EXPECT_NEAR(posture_quality(face), 1.258176, 1e-4);
  face.blur = 1;
  EXPECT_NEAR(posture_quality(face), 1.158176, 1e-4);
}

TEST(quality_eye_distance) {
  EXPECT_NEAR(eye_distance_quality(canonical(0, 0, 100).landmarks), 0.5, 1e-6);
  EXPECT_NEAR(eye_distance_quality(canonical(0, 0, 200).landmarks), 1, 1e-6);
  EXPECT_NEAR(eye_distance_quality(canonical(0, 0, 240).landmarks), 1, 1e-6);
}

TEST(quality_small_faces_are_less_sharp) {
  EXPECT_NEAR(sharpness(300, {0, 0, 60, 60}), 133.3333, 1e-3);
  EXPECT_NEAR(sharpness(300, {0, 0, 100, 100}), 300, 1e-3);
  EXPECT_NEAR(sharpness(200, {0, 0, 60, 60}), 88.8889, 1e-3);
}

TEST(quality_sharpness_is_measured_between_eyes_and_mouth) {
  const QualityInput face = canonical(800.6f, 400.2f, 200);
  const Rect area = sharpness_area(face.box, face.landmarks, kFullHd);
  EXPECT_EQ(area.x1, 860);
  EXPECT_EQ(area.x2, 940);
  EXPECT_EQ(area.y1, 480);
  EXPECT_EQ(area.y2, 556);
  const QualityInput outside = canonical(-100, 1000, 200);
  const Rect clipped = sharpness_area(outside.box, outside.landmarks, kFullHd);
  EXPECT(clipped.x1 >= 0 && clipped.y2 <= 1080);
  EXPECT(sharpness_area(canonical(3000, 0, 100).box, canonical(3000, 0, 100).landmarks, kFullHd).empty());
}

TEST(quality_degenerate_faces_score_nothing) {
  QualityInput flat = canonical(800, 400, 200);
  for (Point& point : flat.landmarks) point.y = 500;
  EXPECT(!face_pose(flat.landmarks).valid());
  EXPECT_EQ(posture_quality(flat), 0.0f);
}

TEST(quality_is_finite_for_any_input) {
  std::mt19937 random(7);
  const float odd[] = {0,
                       -0.0f,
                       1,
                       -1,
                       1e-45f,
                       1e30f,
                       -3e38f,
                       3.4e38f,
                       std::numeric_limits<float>::quiet_NaN(),
                       std::numeric_limits<float>::infinity(),
                       -std::numeric_limits<float>::infinity(),
                       900};
  for (int round = 0; round < 20000; ++round) {
    QualityInput face = canonical(800, 400, 200);
    float* values[] = {&face.box.x1,         &face.box.y2,         &face.landmarks[0].x, &face.landmarks[0].y,
                       &face.landmarks[1].y, &face.landmarks[2].x, &face.landmarks[4].y, &face.blur,
                       &face.landmarks[3].y, &face.landmarks[2].y, &face.box.x2};
    for (int change = 0; change < 3; ++change) *values[random() % 11] = odd[random() % 12];
    face.refined = random() % 2 != 0;
    EXPECT(std::isfinite(posture_quality(face)));
    EXPECT(std::isfinite(eye_distance_quality(face.landmarks)));
    EXPECT(std::isfinite(sharpness(100, face.box)));
    const Pose pose = face_pose(face.landmarks);
    EXPECT(!pose.valid() ||
           (std::abs(pose.yaw) < 57.3f && std::abs(pose.pitch) < 57.3f && std::abs(pose.roll) <= 90));
    const Rect area = sharpness_area(face.box, face.landmarks, kFullHd);
    EXPECT(area.empty() || (area.x1 >= 0 && area.y1 >= 0 && area.x2 <= 1920 && area.y2 <= 1080));
  }
}
