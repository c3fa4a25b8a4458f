#include "check.hpp"
#include "pipeline/identities.hpp"

using facecap::Identities;

TEST(a_person_captured_on_one_track_is_a_duplicate_on_the_next) {
  const float anna[] = {1, 0}, ben[] = {0, 1};
  Identities identities(0.8f);
  identities.observe(1, anna, 2);
  EXPECT(!identities.is_duplicate(1));
  identities.captured(1);
  identities.keep_only({});
  identities.observe(2, anna, 2);
  identities.observe(3, ben, 2);
  EXPECT(identities.is_duplicate(2));
  EXPECT(!identities.is_duplicate(3));
}

TEST(two_tracks_that_were_never_captured_are_no_duplicates) {
  const float anna[] = {1, 0};
  Identities identities(0.8f);
  identities.observe(1, anna, 2);
  identities.observe(2, anna, 2);
  EXPECT(!identities.is_duplicate(2));
}
