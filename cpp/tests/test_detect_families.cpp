#include <cmath>
#include <random>

#include "check.hpp"
#include "detect/head.hpp"
#include "facecap/manifest.hpp"
#include "manifests.hpp"

using namespace facecap;

// What a network of each family says in one cell, and the face that is meant; strides 8 and 16.

namespace {

constexpr Size kInput{64, 48};

/// A head with room for the values of its outputs, all of them silent.
struct Scripted {
  Manifest manifest;
  std::vector<std::vector<float>> values;
  Answer answer;

  explicit Scripted(const std::string& json) : manifest(Manifest::parse(json, "m.json")) {
    answer.grids = head().grids(kInput);
    for (const NetworkOutput& output : head().outputs(kInput)) {
      std::size_t size = 1;
      for (const std::int64_t side : output.shape) size *= static_cast<std::size_t>(side);
      values.emplace_back(size, -20.0f);
    }
    for (const std::vector<float>& output : values) answer.outputs.push_back(output.data());
  }
  const DetectorHead& head() const { return *manifest.detector->head; }
  void say(std::size_t level, int channel, int cell, std::initializer_list<float> numbers) {
    for (const float number : numbers)
      values[level][static_cast<std::size_t>(channel++ * answer.grids[level].cells() + cell)] = number;
  }
  std::vector<ScoredAnswer> candidates(float threshold) const {
    std::vector<ScoredAnswer> found;
    head().collect(answer, threshold, found);
    return found;
  }
};

void expect_box(const Box& found, const Box& wanted) {
  EXPECT_NEAR(found.x1, wanted.x1, 1e-4);
  EXPECT_NEAR(found.y1, wanted.y1, 1e-4);
  EXPECT_NEAR(found.x2, wanted.x2, 1e-4);
  EXPECT_NEAR(found.y2, wanted.y2, 1e-4);
}

}  // namespace

TEST(yunet_tells_centre_and_size_from_the_corner_of_its_cell) {
  Scripted yunet(manifests::family("yunet"));
  const int cell = 2 * 4 + 3;  // stride 16: row 2, column 3
  yunet.say(1, 0, cell, {3, 1, 0.5f, -0.25f, std::log(2.0f), 0, -0.5f, 0.25f, 1, 1, 2, 2, 3, 3, 4, 4.5f});
  const std::vector<ScoredAnswer> found = yunet.candidates(0.5f);
  EXPECT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, std::sqrt(0.952574 * 0.731059), 1e-6);
  expect_box(yunet.head().box(yunet.answer, found[0]), {56 - 16, 28 - 8, 56 + 16, 28 + 8});
  const Landmarks points = yunet.head().landmarks(yunet.answer, found[0]);
  EXPECT_NEAR(points[0].x, 40, 1e-4);
  EXPECT_NEAR(points[0].y, 36, 1e-4);
  EXPECT_NEAR(points[4].x, 7 * 16, 1e-4);
  EXPECT_NEAR(points[4].y, 6.5 * 16, 1e-4);
}

TEST(yunet_needs_both_its_scores) {
  Scripted yunet(manifests::family("yunet"));
  yunet.say(0, 0, 0, {20, -3});
  yunet.say(0, 0, 1, {-3, 20});
  yunet.say(0, 0, 2, {NAN, 20});
  yunet.say(0, 0, 3, {20, INFINITY});
  EXPECT_EQ(yunet.candidates(0.5f).size(), 0u);
  EXPECT_EQ(yunet.candidates(0.2f).size(), 2u);  // the root of .0474 is .2178
  EXPECT_EQ(yunet.candidates(1).size(), 0u);
}

TEST(scrfd_tells_distances_to_the_sides_for_each_anchor) {
  Scripted scrfd(manifests::family("scrfd", R"(, "anchors": 2)"));
  const int cell = 1 * 8 + 5;  // stride 8: row 1, column 5
  scrfd.say(0, 1, cell, {2});  // the second anchor
  scrfd.say(0, 2 + 4, cell, {1, 0.5f, 2, 3});
  scrfd.say(0, 10 + 10, cell, {-1, -0.5f, 0, 0, 1, 1, 0, 0, 0.25f, 2});
  const std::vector<ScoredAnswer> found = scrfd.candidates(0.5f);
  EXPECT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].number, 2 * cell + 1);
  EXPECT_NEAR(found[0].score, 0.880797, 1e-6);
  expect_box(scrfd.head().box(scrfd.answer, found[0]), {40 - 8, 8 - 4, 40 + 16, 8 + 24});
  const Landmarks points = scrfd.head().landmarks(scrfd.answer, found[0]);
  EXPECT_NEAR(points[0].x, 32, 1e-4);
  EXPECT_NEAR(points[0].y, 4, 1e-4);
  EXPECT_NEAR(points[4].x, 42, 1e-4);
  EXPECT_NEAR(points[4].y, 24, 1e-4);
}

TEST(no_answer_above_the_threshold_is_missed_and_none_below_is_given) {
  std::mt19937 random(5);
  std::normal_distribution<float> noise(0, 3);
  for (const std::string& json :
       {manifests::family("yunet"), manifests::family("scrfd", R"(, "anchors": 3)")}) {
    Scripted network(json);
    for (std::vector<float>& output : network.values)
      for (float& value : output) value = noise(random);
    const std::vector<ScoredAnswer> all = network.candidates(0);
    int answers = 0;
    for (const Grid& grid : network.answer.grids) answers += grid.answers();
    EXPECT_EQ(static_cast<int>(all.size()), answers);
    for (const float threshold : {0.02f, 0.3f, 0.5f, 0.9f, 0.999f}) {
      std::size_t above = 0;
      for (const ScoredAnswer& candidate : all) above += candidate.score > threshold ? 1 : 0;
      EXPECT_EQ(network.candidates(threshold).size(), above);
    }
  }
}

TEST(outputs_follow_from_the_input_or_are_free) {
  const Scripted scrfd(manifests::family("scrfd", R"(, "anchors": 2)"));
  const std::vector<NetworkOutput> outputs = scrfd.head().outputs(Size{100, 60});
  EXPECT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].stride, 8);
  EXPECT(outputs[0].shape == (std::vector<std::int64_t>{1, 30, 8, 13}));
  EXPECT(scrfd.head().outputs(std::nullopt)[1].shape == (std::vector<std::int64_t>{1, 30, -1, -1}));
  const Scripted yunet(manifests::family("yunet"));
  EXPECT(yunet.head().outputs(kInput)[1].shape == (std::vector<std::int64_t>{1, 16, 3, 4}));
}
