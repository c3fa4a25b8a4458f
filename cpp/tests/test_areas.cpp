#include <limits>

#include "check.hpp"
#include "facecap/areas.hpp"
#include "facecap/config_text.hpp"

using namespace facecap;

namespace {

constexpr Size kFrame{1920, 1080};
const Polygon kLeft{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}};

/// The box of C(x, y, 200) of docs/capture-flow.md.
Box face(float x, float y = 400) {
  return {x, y, x + 200, y + 200};
}

std::string text(const std::vector<Polygon>& polygons) {
  std::string out;
  for (const Polygon& polygon : polygons) {
    for (const Corner& corner : polygon) {
      char number[48];
      std::snprintf(number, sizeof number, "%g,%g ", corner.x, corner.y);
      out += number;
    }
    out += "; ";
  }
  return out;
}

}  // namespace

TEST(areas_golden_values) {
  const Areas left({}, {kLeft});
  EXPECT(left.allow(face(860), kFrame));
  EXPECT(!left.allow(face(861), kFrame));
  EXPECT(left.allow(face(-300), kFrame));
  const Areas not_left({kLeft}, {});
  EXPECT(!not_left.allow(face(860), kFrame));
  EXPECT(not_left.allow(face(861), kFrame));
}

TEST(areas_are_everywhere_where_there_are_none) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT(Areas().allow(face(5000), kFrame));
  EXPECT(Areas().allow(face(nan), kFrame));
  EXPECT(!Areas({}, {kLeft}).allow(face(nan), kFrame));
  EXPECT(!Areas({kLeft}, {}).allow(face(std::numeric_limits<float>::infinity()), kFrame));
}

TEST(areas_refuse_what_is_no_polygon_of_the_frame) {
  EXPECT_THROWS(std::invalid_argument, Areas({{{0, 0}, {1, 1}}}, {}),
                "ignore[0] has 2 corners, wanted 3 to 256");
  EXPECT_THROWS(std::invalid_argument, Areas({}, {kLeft, {{0, 0}, {1, 0}, {1, 2}}}),
                "only[1][2] is (1, 2), wanted shares of the frame's width and height, 0 to 1");
  EXPECT_THROWS(std::invalid_argument, Areas({{{0, 0}, {.2, .2}, {1, 1}}}, {}), "ignore[0] has no area");
  EXPECT_THROWS(std::invalid_argument, Areas({}, std::vector<Polygon>(65, kLeft)), "only has 65 polygons");
}

TEST(areas_of_a_text) {
  EXPECT_EQ(text(read_polygons("0.1,0.2 0.9,0.2  0.9,1; 0,0 1,0 1e-1,+1 ;")),
            "0.1,0.2 0.9,0.2 0.9,1 ; 0,0 1,0 0.1,1 ; ");
  EXPECT_EQ(text(read_polygons("")), "");
  EXPECT_EQ(text(read_polygons("; 0,0")), "; 0,0 ; ");
  for (const char* wrong : {"0.1", "0.1,", ",1", "0,0,0", "0;1", "nan,0", "0,1x", "a,b"})
    EXPECT_THROWS(std::invalid_argument, read_polygons(wrong), "', wanted corners x,y such as \"0.1,0.2");
}
