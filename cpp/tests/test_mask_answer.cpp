#include <limits>
#include <string>

#include "check.hpp"
#include "facecap/mask_classifier.hpp"

using facecap::answer_mask;
using facecap::ClassifierSpec;
using facecap::mask_probability;
using facecap::MaskAnswer;

namespace {

ClassifierSpec two_way() {
  ClassifierSpec spec;
  spec.output = ClassifierSpec::Output::softmax;
  spec.classes = {"mask", "no_mask"};
  spec.mask_class = 0;
  return spec;
}

std::string answer(float probability, const ClassifierSpec& spec, std::optional<float> threshold = {}) {
  return facecap::to_string(answer_mask(probability, spec, threshold));
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
