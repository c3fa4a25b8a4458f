#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "check.hpp"
#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "manifests.hpp"
#include "runtime/sha256.hpp"
#include "tiny_onnx.hpp"

using facecap::Model;
using facecap::ModelError;
using facecap::ModelSource;
using facecap::Task;
using facecap::Tensor;
using facecap::TensorView;

namespace {

constexpr int kSide = 4;

/// Tests that compute need the library; where FACECAP_ONNXRUNTIME does not name it they have nothing to show.
bool library_given() {
  return std::getenv("FACECAP_ONNXRUNTIME") != nullptr;
}

std::string sha256(const std::string& text) {
  facecap::Sha256 hash;
  hash.update(text.data(), text.size());
  return hash.hex();
}

std::string manifest_for(const std::string& model) {
  using manifests::with;
  return with(with(manifests::mask("sigmoid", kSide), std::string(64, 'a'), sha256(model)), R"("bytes": 10)",
              R"("bytes": )" + std::to_string(model.size()));
}

ModelSource tiny() {
  const std::string model = tiny_onnx::mean_of_pictures(kSide);
  return {"", model, manifest_for(model)};
}

Model open(const ModelSource& source, const facecap::SessionOptions& options = {}) {
  return facecap::open_model(source, Task::mask, options);
}

TensorView pictures(const std::vector<float>& values) {
  const auto count = static_cast<std::int64_t>(values.size()) / (3 * kSide * kSide);
  return {facecap::ElementType::float32, {count, 3, kSide, kSide}, values.data()};
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
                "chip: found 'bm1684', wanted cv180x");
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
  if (!library_given()) return;
  const Model model = open(tiny());
  EXPECT_EQ(model.session->runtime(), "onnx");
  std::vector<float> values(3 * kSide * kSide, 2.0f);
  std::vector<Tensor> outputs;
  const void* buffer = nullptr;
  for (int i = 1; i < 4; ++i) {
    values[0] = static_cast<float>(48 * i);
    model.session->run({pictures(values)}, outputs);
    EXPECT_NEAR(outputs[0].floats()[0], i + 2.0 * 47 / 48, 1e-5);
    if (i > 1) EXPECT(outputs[0].storage.data() == buffer);
    buffer = outputs[0].storage.data();
  }
  values.resize(2 * values.size(), 4.0f);
  model.session->run({pictures(values)}, outputs);
  EXPECT_EQ(outputs[0].elements(), 2u);
  EXPECT_NEAR(outputs[0].floats()[1], 4.0, 1e-5);
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
  if (!library_given()) return;
  const Model model = open(tiny());
  const std::vector<float> values(3 * kSide * kSide);
  std::vector<Tensor> outputs;
  TensorView view = pictures(values);
  EXPECT_THROWS(ModelError, model.session->run({}, outputs), "found 0 input tensors");
  EXPECT_THROWS(ModelError, model.session->run({view, view}, outputs), "found 2 input tensors");
  view.type = facecap::ElementType::int32;
  EXPECT_THROWS(ModelError, model.session->run({view}, outputs),
                "int32 (1, 3, 4, 4), wanted 'x' float32 (?, 3, 4, 4)");
  view = pictures(values);
  view.shape[3] = 5;
  EXPECT_THROWS(ModelError, model.session->run({view}, outputs), "(1, 3, 4, 5)");
  view = pictures(values);
  view.shape[0] = -1;
  EXPECT_THROWS(ModelError, model.session->run({view}, outputs), "impossible shape");
  view = pictures(values);
  view.data = nullptr;
  EXPECT_THROWS(ModelError, model.session->run({view}, outputs), "no data");
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
  const ModelSource source = tiny();
  const Model first = open(source);
  EXPECT(open(source).session == first.session);
  EXPECT(open(source, {"onnx", 1}).session == first.session);
  EXPECT(open(source, {"auto", 2}).session != first.session);
  std::vector<Model> models(8);
  std::vector<std::thread> threads;
  for (Model& model : models) threads.emplace_back([&] { model = open(source); });
  for (std::thread& thread : threads) thread.join();
  for (const Model& model : models) EXPECT(model.session == first.session);
}

TEST(open_notices_a_file_that_changed) {
  if (!library_given()) return;
  const std::string stem = std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") +
                           "/facecap_session_test_" + std::to_string(std::rand());
  const ModelSource source = tiny();
  std::ofstream(stem + ".onnx", std::ios::binary) << source.bytes;
  std::ofstream(stem + ".json") << source.manifest;
  const ModelSource file{stem + ".onnx", "", ""};
  const Model first = open(file);
  EXPECT(open(file).session == first.session);
  std::ofstream(stem + ".json") << manifests::with(source.manifest, sha256(source.bytes),
                                                   std::string(64, '0'));
  EXPECT_THROWS(ModelError, open(file), "found the sha256");
  std::ofstream(stem + ".onnx", std::ios::binary) << source.bytes << '\0';
  EXPECT_THROWS(ModelError, open(file), "another file");
  std::remove((stem + ".onnx").c_str());
  std::remove((stem + ".json").c_str());
}

TEST(session_serves_several_threads_at_once) {
  if (!library_given()) return;
  const Model model = open(tiny());
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::vector<float> values(3 * kSide * kSide * (1 + t), static_cast<float>(t));
      std::vector<Tensor> outputs;
      for (int i = 0; i < 200; ++i) {
        model.session->run({pictures(values)}, outputs);
        wrong[t] += outputs[0].elements() != static_cast<std::size_t>(1 + t) ||
                    std::abs(outputs[0].floats()[t] - static_cast<float>(t)) > 1e-6f;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) EXPECT_EQ(count, 0);
}
