#include <cmath>

#include "check.hpp"
#include "facecap/error.hpp"
#include "facecap/refiner.hpp"
#include "scripted_session.hpp"

using namespace facecap;
using scripted::scripted_refiner;
using scripted::ScriptedSession;

namespace {

const std::vector<std::uint8_t> kPixels(std::size_t{3} * 640 * 480, 90);
const ImageView kPicture{kPixels.data(), 640, 480, std::ptrdiff_t{3} * 640};

}  // namespace

TEST(refiner_turns_logits_into_probabilities) {
  Refiner refiner(scripted_refiner({3, -1}));
  const Refinement answer = refiner.refine(kPicture, {{100, 100, 200, 200}})[0];
  EXPECT_NEAR(answer.face_prob, 0.952574, 1e-6);
  EXPECT_NEAR(answer.blur, 0.268941, 1e-6);
}

TEST(refiner_maps_points_back_through_the_rectangle_that_was_cut) {
  Refiner refiner(scripted_refiner({9, -9}, {0, 0, 1, 1, .5f, .25f, -.1f, 1.1f, 0, 1}));
  const auto points = [&](const Box& box) { return refiner.refine(kPicture, {box})[0].landmarks; };
  const Landmarks inside = points({100, 50, 300, 250});
  EXPECT_EQ(inside[0].x, 100.0f);
  EXPECT_EQ(inside[0].y, 50.0f);
  EXPECT_EQ(inside[1].x, 300.0f);
  EXPECT_EQ(inside[1].y, 250.0f);
  EXPECT_EQ(inside[2].x, 200.0f);
  EXPECT_EQ(inside[2].y, 100.0f);
  EXPECT_NEAR(inside[3].x, 80, 1e-4);
  EXPECT_NEAR(inside[3].y, 270, 1e-4);
  // What lies outside of the picture is not cut, and the crop covers the rest alone.
  const Rect rect = crop_rect({-60, 400, 140, 600}, kPicture.size(), 0);
  const Landmarks clipped = points({-60, 400, 140, 600});
  EXPECT_EQ(rect.x1, 0);
  EXPECT_EQ(rect.y2, 479);
  EXPECT_EQ(clipped[1].x, static_cast<float>(rect.x2));
  EXPECT_EQ(clipped[1].y, static_cast<float>(rect.y2));
  EXPECT_NEAR(clipped[2].x, rect.x1 + 0.5 * rect.width(), 1e-4);
}

TEST(refiner_answers_any_number_of_boxes_in_batches) {
  for (const std::int64_t batch : {std::int64_t{-1}, std::int64_t{1}, std::int64_t{4}}) {
    const Model model = scripted_refiner({9, -9}, {0, 0, 1, 1, 0, 0, 0, 0, 0, 0}, batch);
    Refiner refiner(model);
    std::vector<Box> boxes;
    for (int i = 0; i < 10; ++i) boxes.push_back({10.0f * i, 20, 10.0f * i + 40, 60});
    const std::vector<Refinement>& answers = refiner.refine(kPicture, boxes);
    EXPECT_EQ(answers.size(), 10u);
    for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].landmarks[0].x, 10.0f * i);
    const auto& session = static_cast<const ScriptedSession&>(*model.session);
    EXPECT_EQ(session.batches.size(), batch < 0 ? 2u : batch == 1 ? 10u : 3u);
  }
  Refiner refiner(scripted_refiner({}));
  EXPECT_EQ(refiner.refine(kPicture, {}).size(), 0u);
}

TEST(refiner_takes_frames_of_a_camera) {
  const std::vector<std::uint8_t> plane(640 * 480, 128);
  const YuvView frame{plane.data(), plane.data(), 640, 480, 640, 640};
  Refiner refiner(scripted_refiner({}));
  EXPECT_NEAR(refiner.refine(frame, {{100, 50, 300, 250}})[0].landmarks[0].x, 160, 1e-3);
}

TEST(refiner_refuses_boxes_outside_and_answers_that_are_no_numbers) {
  Refiner refiner(scripted_refiner({}));
  EXPECT_THROWS(std::invalid_argument, refiner.refine(kPicture, {{700, 10, 800, 110}}), "covers no pixel");
  Refiner infinite(scripted_refiner({HUGE_VALF, 0}));
  EXPECT_THROWS(ModelError, infinite.refine(kPicture, {{100, 50, 300, 250}}), "not finite in 'face'");
  Refiner lost(scripted_refiner({}, std::vector<float>(10, std::nanf(""))));
  EXPECT_THROWS(ModelError, lost.refine(kPicture, {{100, 50, 300, 250}}), "not finite in 'points'");
}
