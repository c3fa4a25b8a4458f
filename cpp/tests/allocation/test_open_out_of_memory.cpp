#include "failing_new.hpp"
#include "fake_cvimodel.hpp"

using failing_new::each_allocation;

TEST(a_model_whose_opening_ran_out_of_memory_opens_at_the_next_try) {
  fake_cvimodel::Fake fake;
  const facecap::ModelSource source = fake.source();
  session_suite::open(source);  // the library stays loaded
  const auto opens_now = [&](int) {
    EXPECT_EQ(fake->open, 0);
    const facecap::Model model = session_suite::open(source);
    EXPECT_EQ(fake->open, 1);
    std::vector<facecap::Tensor> outputs;
    const std::vector<float> values(3 * session_suite::kSide * session_suite::kSide, 1.5f);
    model.session->run({session_suite::pictures(values)}, outputs);
    EXPECT_NEAR(outputs.at(0).floats()[0], 1.5, 1e-6);
    return check::failures() == 0;
  };
  EXPECT(each_allocation([] { return 0; }, [&](int) { session_suite::open(source); }, opens_now) > 50);
}

TEST(a_manifest_that_ran_out_of_memory_is_read_at_the_next_try) {
  const std::string text = manifests::detector("levels", "native");
  const auto parse = [&](int) { return facecap::Manifest::parse(text, "m.json").outputs.size() == 2; };
  EXPECT(each_allocation([] { return 0; }, parse, parse) > 50);
}
