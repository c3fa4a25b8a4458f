#include "check.hpp"
#include "facecap/error.hpp"
#include "manifests.hpp"
#include "runtime/fit.hpp"

using facecap::ElementType;
using facecap::Manifest;
using facecap::ModelError;
using facecap::TensorInfo;

namespace {

/// A network that only has a signature.
class Signature final : public facecap::Session {
 public:
  Signature(std::vector<TensorInfo> inputs, std::vector<TensorInfo> outputs)
      : inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}
  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }
  void run(const std::vector<facecap::TensorView>&, std::vector<facecap::Tensor>&) override {}
  const std::string& runtime() const override { return name_; }
  const std::string& runtime_version() const override { return name_; }
  std::vector<std::string> providers() const override { return {}; }

 private:
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
  std::string name_ = "none";
};

TensorInfo floats(const std::string& name, std::vector<std::int64_t> shape) {
  return {name, ElementType::float32, std::move(shape)};
}

Manifest parse(const std::string& json) {
  return Manifest::parse(json, "m.json");
}

const TensorInfo kFace = floats("x", {-1, 3, 112, 112});
const TensorInfo kPicture = floats("x", {1, 3, -1, -1});

}  // namespace

TEST(fit_takes_an_output_by_shape_whatever_its_name) {
  const Manifest manifest = parse(manifests::mask());
  const Signature session({kFace}, {floats("features", {-1, 1280}), floats("whatever", {-1, 1})});
  facecap::check_fit(session, manifest);
  EXPECT_EQ(facecap::find_output(session, manifest, "logits"), 1);
}

TEST(fit_prefers_the_named_output_of_several) {
  const Manifest manifest = parse(manifests::mask());
  const Signature named({kFace}, {floats("other", {-1, 1}), floats("y", {-1, 1})});
  EXPECT_EQ(facecap::find_output(named, manifest, "logits"), 1);
  const Signature unnamed({kFace}, {floats("one", {-1, 1}), floats("two", {-1, 1})});
  EXPECT_THROWS(ModelError, facecap::find_output(unnamed, manifest, "logits"), "several fit");
}

TEST(fit_lets_a_name_yield_to_the_shape) {
  const Manifest manifest = parse(manifests::mask());
  const Signature session({kFace}, {floats("y", {-1, 2}), floats("z", {-1, 1})});
  EXPECT_EQ(facecap::find_output(session, manifest, "logits"), 1);
}

TEST(fit_finds_rows_by_their_columns) {
  const Manifest manifest = parse(manifests::detector("concatenated", "native"));
  const Signature session({kPicture},
                          {floats("l", {1, -1, 10}), floats("conf", {1, -1, 2}), floats("loc", {-1, -1, 4})});
  facecap::check_fit(session, manifest);
  EXPECT_EQ(facecap::find_output(session, manifest, "boxes"), 2);
  EXPECT_EQ(facecap::find_output(session, manifest, "scores"), 1);
  EXPECT_EQ(facecap::find_output(session, manifest, "landmarks"), 0);
}

TEST(fit_counts_the_priors_of_a_fixed_input) {
  const Manifest manifest = parse(manifests::detector("concatenated", "fixed"));
  const TensorInfo picture = floats("x", {1, 3, 240, 320});
  const auto with_rows = [&](std::int64_t n) {
    return Signature({picture}, {floats("b", {1, n, 4}), floats("s", {1, n, 2}), floats("l", {1, n, 10})});
  };
  facecap::check_fit(with_rows(2 * (40 * 30 + 20 * 15)), manifest);
  EXPECT_THROWS(ModelError, facecap::check_fit(with_rows(4200), manifest), "float32 (1, 3000, 4)");
}

TEST(fit_finds_levels_by_size_or_by_name) {
  const Manifest fixed = parse(manifests::detector("levels", "fixed"));
  const Signature sized({floats("x", {1, 3, 240, 320})},
                        {floats("a", {1, 30, 15, 20}), floats("b", {1, 30, 30, 40})});
  facecap::check_fit(sized, fixed);
  EXPECT_EQ(facecap::find_output(sized, fixed, "level", 8), 1);
  const Manifest native = parse(manifests::detector("levels", "native"));
  const Signature named({kPicture}, {floats("p4", {1, 30, -1, -1}), floats("p3", {1, 30, -1, -1})});
  facecap::check_fit(named, native);
  EXPECT_EQ(facecap::find_output(named, native, "level", 8), 1);
  const Signature nameless({kPicture}, {floats("a", {1, 30, -1, -1}), floats("b", {1, 30, -1, -1})});
  EXPECT_THROWS(ModelError, facecap::check_fit(nameless, native), "several fit");
  const Signature half({kPicture}, {floats("p3", {1, 30, -1, -1}), floats("b", {1, 30, -1, -1})});
  EXPECT_EQ(facecap::find_output(half, native, "level", 16), 1);
}

TEST(fit_refuses_with_both_sides_named) {
  const Manifest mask = parse(manifests::mask());
  const Manifest native = parse(manifests::detector("levels", "native"));
  const TensorInfo logits = floats("y", {-1, 1});
  EXPECT_THROWS(
      ModelError, facecap::check_fit(Signature({kFace}, {floats("y", {-1, 2})}), mask),
      "wants an output with the role 'logits', 'y' float32 (?, 1); the network gives 'y' float32 (?, 2)");
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({floats("x", {1, 3, 96, 96})}, {logits}), mask),
                "takes 'x' float32 (1, 3, 96, 96), the manifest wants one input float32 (?, 3, 112, 112)");
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({}, {logits}), mask), "takes none");
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({kFace, kFace}, {logits}), mask), "wants one input");
  EXPECT_THROWS(ModelError,
                facecap::check_fit(Signature({{"x", ElementType::uint8, {1, 3, 112, 112}}}, {logits}), mask),
                "uint8");
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({floats("x", {1, 3, 240, 320})}, {}), native),
                "height and width free");
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({floats("x", {4, 3, -1, -1})}, {}), native),
                "wants one input float32 (1, 3, ?, ?)");
  EXPECT_THROWS(
      ModelError,
      facecap::check_fit(Signature({kFace}, {floats("y", {-1, 127})}), parse(manifests::embedding(128))),
      "(?, 128)");
}

TEST(fit_tells_the_two_logits_of_a_refiner_by_their_names) {
  const Manifest manifest = parse(manifests::refiner());
  const Signature named({kFace}, {floats("b", {-1, 1}), floats("points", {-1, 10}), floats("f", {-1, 1})});
  facecap::check_fit(named, manifest);
  EXPECT_EQ(facecap::find_output(named, manifest, "face"), 2);
  EXPECT_EQ(facecap::find_output(named, manifest, "points"), 1);
  EXPECT_EQ(facecap::find_output(named, manifest, "blur"), 0);
  // Names as a chip's toolchain gives them are no names elsewhere.
  const Signature made(
      {kFace}, {floats("b_Gemm_f32", {1, 1}), floats("p_Gemm_f32", {1, 10}), floats("f_Gemm_f32", {1, 1})});
  EXPECT_THROWS(ModelError, facecap::check_fit(made, manifest), "several fit");
  const Manifest chip =
      parse(manifests::with(manifests::refiner(), R"("licence")", R"("chip": "cv182x", "licence")"));
  facecap::check_fit(made, chip);
  EXPECT_EQ(facecap::find_output(made, chip, "face"), 2);
  EXPECT_EQ(facecap::find_output(made, chip, "blur"), 0);
  const Signature nameless({kFace}, {floats("x", {-1, 1}), floats("p", {-1, 10}), floats("y", {-1, 1})});
  EXPECT_THROWS(ModelError, facecap::check_fit(nameless, manifest), "several fit");
}

TEST(fit_gives_no_output_two_roles) {
  const Manifest native = parse(manifests::detector("levels", "native"));
  EXPECT_THROWS(ModelError, facecap::check_fit(Signature({kPicture}, {floats("a", {1, 30, -1, -1})}), native),
                "two roles");
}
