#include <algorithm>
#include <cstdlib>

#include "session_suite.hpp"
#include "tiny_onnx.hpp"

using session_suite::kSide;
using session_suite::manifest_for;
using session_suite::open;
using session_suite::pictures;
using namespace facecap;

namespace {

/// Tests that compute need the library; where FACECAP_ONNXRUNTIME does not name it they have nothing to show.
bool library_given() {
  return std::getenv("FACECAP_ONNXRUNTIME") != nullptr;
}

ModelSource tiny() {
  const std::string model = tiny_onnx::mean_of_pictures(kSide);
  return {"", model, manifest_for(model)};
}

session_suite::Subject subject() {
  return {tiny(), "onnx", ".onnx", true};
}

}  // namespace

TEST(open_refuses_what_is_no_model) {
  const std::string manifest = manifests::mask();
  EXPECT_THROWS(ModelError, open({"/nowhere/x.onnx", "", ""}), "/nowhere/x.onnx: No such file");
  EXPECT_THROWS(ModelError, open({"/", "", ""}), "/: a folder");
  EXPECT_THROWS(ModelError, open({"/dev/null", "", ""}), "not a regular file");
  EXPECT_THROWS(ModelError, open({"", "", manifest}), "empty");
  EXPECT_THROWS(ModelError, open({"", "\x89PNG\r\n\x1a\n", manifest}), "a PNG picture");
  EXPECT_THROWS(ModelError, open({"", std::string("PK\x03\x04rest"), manifest}), "facecap models import");
  EXPECT_THROWS(ModelError, open({"", "hello", manifest}), "a text");
  EXPECT_THROWS(ModelError, open({"", "CviModel....", manifest}), "the key 'chip' is missing");
  EXPECT_THROWS(ModelError, open({"", "\x08\x08", ""}), "bytes need their manifest");
}

TEST(open_holds_a_file_against_its_manifest) {
  ModelSource source = tiny();
  EXPECT_THROWS(ModelError, facecap::open_model(source, Task::face_detection, {}),
                "a model of the task mask, wanted face_detection");
  source.bytes.pop_back();
  EXPECT_THROWS(ModelError, open(source), "truncated");
  source.bytes.push_back('x');
  EXPECT_THROWS(ModelError, open(source), "found the sha256");
  EXPECT_THROWS(ModelError, open(tiny(), {"cvimodel", 1}), "runtime=\"cvimodel\" was asked for");
  EXPECT_THROWS(std::invalid_argument, open(tiny(), {"tpu", 1}), "wanted auto, onnx or cvimodel");
  EXPECT_THROWS(std::invalid_argument, open(tiny(), {"auto", 0}), "threads: found 0");
  EXPECT_THROWS(std::invalid_argument, open(tiny(), {"auto", 1, "bm1684"}),
                "chip: found 'bm1684', wanted one of: cv180x");
  EXPECT_THROWS(std::invalid_argument, open(tiny(), {"auto", 1, "", false, "gpu"}),
                "provider: found 'gpu', wanted one of: cpu, cuda, openvino, coreml");
}

TEST(open_says_which_library_it_tried) {
  // Only before the library is loaded: it is one for the whole process.
  facecap::set_onnxruntime_path("/nowhere/libonnxruntime.so");
  EXPECT_THROWS(ModelError, open(tiny()), "from '/nowhere/libonnxruntime.so'");
  facecap::set_onnxruntime_path("libdl.so.2");
  EXPECT_THROWS(ModelError, open(tiny()), "libdl.so.2");
  facecap::set_onnxruntime_path("");
}

TEST(session_computes_and_keeps_its_buffers) {
  if (library_given()) session_suite::computes_and_keeps_its_buffers(subject());
}

TEST(session_says_what_computes) {
  if (!library_given()) return;
  EXPECT(open(tiny()).session->providers() == std::vector<std::string>{"CPUExecutionProvider"});
  const std::vector<std::string> here = onnxruntime_providers();
  EXPECT_EQ(here.front(), "cpu");
  for (const std::string& name : provider_names())
    if (std::find(here.begin(), here.end(), name) == here.end())
      EXPECT_THROWS(ModelError, open(tiny(), {"auto", 1, "", false, name}), "provider '" + name + "'");
}

TEST(session_follows_outputs_whose_shape_depends_on_values) {
  if (!library_given()) return;
  const Model model = open(tiny());
  std::vector<Tensor> outputs;
  for (const float second : {1.0f, 0.0f, 0.0f, 1.0f}) {
    std::vector<float> values(2 * 3 * kSide * kSide, 1.0f);
    std::fill(values.begin() + 3 * kSide * kSide, values.end(), second);
    model.session->run({pictures(values)}, outputs);
    EXPECT_EQ(outputs[1].shape[1], second > 0 ? 2 : 1);
    EXPECT_NEAR(outputs[0].floats()[1], second, 1e-6);
  }
}

TEST(session_writes_into_no_buffer_of_another_session) {
  if (!library_given()) return;
  const Model one = open(tiny(), {"auto", 1});
  const Model two = open(tiny(), {"auto", 2});
  const std::vector<float> values(3 * kSide * kSide, 1.5f);
  std::vector<Tensor> outputs;
  for (const Model* model : {&one, &two, &one}) {
    model->session->run({pictures(values)}, outputs);
    EXPECT_NEAR(outputs[0].floats()[0], 1.5, 1e-6);
  }
}

TEST(session_refuses_wrong_tensors) {
  if (library_given()) session_suite::refuses_wrong_tensors(subject());
}

TEST(session_refuses_a_damaged_model_with_a_fitting_manifest) {
  if (!library_given()) return;
  const std::string whole = tiny_onnx::mean_of_pictures(kSide);
  for (std::size_t length = 1; length < whole.size(); length += 7) {
    const std::string part = whole.substr(0, length);
    EXPECT_THROWS(ModelError, open({"", part, manifest_for(part)}), "");
  }
}

TEST(open_shares_a_session_as_long_as_it_is_held) {
  if (!library_given()) return;
  session_suite::is_shared_as_long_as_it_is_held(subject());
  const Model first = open(tiny());
  EXPECT(open(tiny(), {"auto", 2}).session != first.session);
}

TEST(open_notices_a_file_that_changed) {
  if (library_given()) session_suite::notices_a_file_that_changed(subject());
}

TEST(session_serves_several_threads_at_once) {
  if (library_given()) session_suite::serves_several_threads_at_once(subject());
}
