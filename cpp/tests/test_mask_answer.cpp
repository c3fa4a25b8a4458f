#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "check.hpp"
#include "facecap/mask_classifier.hpp"

using facecap::answer_mask;
using facecap::ClassifierSpec;
using facecap::mask_probabilities;

namespace {

ClassifierSpec two_way() {
  ClassifierSpec spec;
  spec.output = ClassifierSpec::Output::softmax;
  spec.classes = {"mask", "no_mask"};
  spec.mask_class = 0;
  return spec;
}

ClassifierSpec three_way() {
  ClassifierSpec spec;
  spec.output = ClassifierSpec::Output::softmax;
  spec.classes = {"incorrect", "no_mask", "mask"};
  spec.incorrect_class = 0;
  spec.mask_class = 2;
  spec.unknown = {0.2f, 0.6f};
  return spec;
}

float mask_probability(const float* row, const ClassifierSpec& spec) {
  return mask_probabilities(row, spec).mask;
}

std::string answer(float probability, const ClassifierSpec& spec, std::optional<float> threshold = {}) {
  return facecap::to_string(answer_mask({probability}, spec, threshold));
}

std::string answer_of_three(float mask, float incorrect, std::optional<float> threshold = {}) {
  return facecap::to_string(answer_mask({mask, incorrect}, three_way(), threshold));
}

}  // namespace

TEST(two_logits_become_a_probability_of_the_mask_class) {
  const float mask[] = {2, -1}, bare[] = {-1, 2}, even[] = {3, 3};
  EXPECT_NEAR(mask_probability(mask, two_way()), 0.952574, 1e-6);
  EXPECT_NEAR(mask_probability(bare, two_way()), 0.047426, 1e-6);
  EXPECT_EQ(answer(mask_probability(mask, two_way()), two_way()), "mask");
  EXPECT_EQ(answer(mask_probability(bare, two_way()), two_way()), "no_mask");
  EXPECT_EQ(answer(mask_probability(even, two_way()), two_way()), "mask");
}

TEST(one_logit_speaks_for_the_last_class) {
  ClassifierSpec spec;
  const float logit[] = {3};
  EXPECT_NEAR(mask_probability(logit, spec), 0.952574, 1e-6);
  spec.mask_class = 0;
  EXPECT_NEAR(mask_probability(logit, spec), 0.047426, 1e-6);
}

TEST(huge_logits_do_not_overflow) {
  const float logits[] = {1e30f, -1e30f};
  EXPECT_EQ(mask_probability(logits, two_way()), 1.0f);
}

TEST(a_probability_inside_the_band_is_not_answered) {
  ClassifierSpec spec;
  spec.unknown = {0.3f, 0.8f};
  EXPECT_EQ(answer(0.3f, spec), "no_mask");
  EXPECT_EQ(answer(0.31f, spec), "unknown");
  EXPECT_EQ(answer(0.79f, spec), "unknown");
  EXPECT_EQ(answer(0.8f, spec), "mask");
  EXPECT_EQ(answer(0.5f, spec, 0.5f), "mask");
  EXPECT_EQ(answer(0.49f, spec, 0.5f), "no_mask");
  EXPECT_EQ(answer(std::numeric_limits<float>::quiet_NaN(), spec, 0.5f), "unknown");
}

TEST(a_model_of_two_classes_says_nothing_of_masks_worn_wrongly) {
  const float row[] = {2, -1};
  EXPECT(std::isnan(mask_probabilities(row, two_way()).incorrect));
  EXPECT_EQ(facecap::answers_of(two_way()).size(), 3u);
  EXPECT_EQ(answer(0.3f, two_way()), "no_mask");
}

TEST(three_logits_become_probabilities_that_sum_to_one) {
  const ClassifierSpec spec = three_way();
  const float row[] = {1, -2, 3};
  EXPECT_NEAR(mask_probabilities(row, spec).mask, 0.875601, 1e-6);
  EXPECT_NEAR(mask_probabilities(row, spec).incorrect, 0.118500, 1e-6);
  std::mt19937 random(3);
  std::uniform_real_distribution<float> logit(-50, 50);
  for (int round = 0; round < 1000; ++round) {
    const float any[] = {logit(random), logit(random), logit(random)};
    ClassifierSpec turned = spec;
    turned.mask_class = 1;
    const facecap::MaskProbabilities said = mask_probabilities(any, spec);
    EXPECT_NEAR(said.mask + said.incorrect + mask_probabilities(any, turned).mask, 1, 1e-6);
  }
  const float huge[] = {1e30f, -1e30f, 0};
  EXPECT_EQ(mask_probabilities(huge, spec).incorrect, 1.0f);
  EXPECT_EQ(mask_probabilities(huge, spec).mask, 0.0f);
  EXPECT_EQ(facecap::answers_of(spec).size(), 4u);
}

TEST(of_three_classes_the_likeliest_is_answered_from_the_band_s_upper_end_on) {
  EXPECT_EQ(answer_of_three(0.6f, 0.4f), "mask");
  EXPECT_EQ(answer_of_three(0.59f, 0.4f), "unknown");
  EXPECT_EQ(answer_of_three(0.3f, 0.6f), "incorrect");
  EXPECT_EQ(answer_of_three(0.3f, 0.59f), "unknown");
  EXPECT_EQ(answer_of_three(0.1f, 0.2f), "no_mask");
  EXPECT_EQ(answer_of_three(0.3f, 0.3f), "unknown");
}

TEST(with_a_threshold_the_likelier_of_the_other_two_classes_is_answered_below_it) {
  EXPECT_EQ(answer_of_three(0.3f, 0.6f, 0.3f), "mask");
  EXPECT_EQ(answer_of_three(0.29f, 0.36f, 0.3f), "incorrect");
  EXPECT_EQ(answer_of_three(0.29f, 0.35f, 0.3f), "no_mask");
}

TEST(of_three_classes_nothing_is_answered_where_a_probability_is_not_known) {
  EXPECT_EQ(answer_of_three(0.9f, facecap::kNotKnown), "unknown");
  EXPECT_EQ(answer_of_three(0.9f, facecap::kNotKnown, 0.5f), "unknown");
  EXPECT_EQ(answer_of_three(facecap::kNotKnown, 0.9f), "unknown");
}
