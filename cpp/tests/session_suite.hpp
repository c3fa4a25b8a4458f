#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "check.hpp"
#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "manifests.hpp"
#include "runtime/sha256.hpp"

// What every runtime must do with a network that answers (n, 3, kSide, kSide) with (n, 1), the mean of each
// picture.

namespace session_suite {

using facecap::Model;
using facecap::ModelError;
using facecap::ModelSource;
using facecap::Task;
using facecap::Tensor;
using facecap::TensorView;

constexpr int kSide = 4;

struct Subject {
  ModelSource source;
  std::string runtime;
  std::string suffix;
  bool any_batch = false;  // else one picture at a time
};

inline std::string sha256(const std::string& text) {
  facecap::Sha256 hash;
  hash.update(text.data(), text.size());
  return hash.hex();
}

/// `manifest` with the size and sha256 of `model`.
inline std::string manifest_for(const std::string& model,
                                const std::string& manifest = manifests::mask("sigmoid", kSide)) {
  using manifests::with;
  return with(with(manifest, std::string(64, 'a'), sha256(model)), R"("bytes": 10)",
              R"("bytes": )" + std::to_string(model.size()));
}

inline Model open(const ModelSource& source, const facecap::SessionOptions& options = {}) {
  return facecap::open_model(source, Task::mask, options);
}

inline TensorView pictures(const std::vector<float>& values) {
  const auto count = static_cast<std::int64_t>(values.size()) / (3 * kSide * kSide);
  return {facecap::ElementType::float32, {count, 3, kSide, kSide}, values.data()};
}

inline void computes_and_keeps_its_buffers(const Subject& subject) {
  const Model model = open(subject.source);
  EXPECT_EQ(model.session->runtime(), subject.runtime);
  std::vector<float> values(3 * kSide * kSide, 2.0f);
  std::vector<Tensor> outputs;
  const void* buffer = nullptr;
  for (int i = 1; i < 4; ++i) {
    values[0] = static_cast<float>(48 * i);
    model.session->run({pictures(values)}, outputs);
    EXPECT_NEAR(outputs[0].floats()[0], i + 2.0 * 47 / 48, 1e-5);
    EXPECT(outputs[0].shape == std::vector<std::int64_t>({1, 1}));
    if (i > 1) EXPECT(outputs[0].storage.data() == buffer);
    buffer = outputs[0].storage.data();
  }
  if (!subject.any_batch) return;
  values.resize(2 * values.size(), 4.0f);
  model.session->run({pictures(values)}, outputs);
  EXPECT_EQ(outputs[0].elements(), 2u);
  EXPECT_NEAR(outputs[0].floats()[1], 4.0, 1e-5);
}

inline void refuses_wrong_tensors(const Subject& subject) {
  const Model model = open(subject.source);
  const std::vector<float> values(3 * kSide * kSide);
  std::vector<Tensor> outputs;
  TensorView view = pictures(values);
  EXPECT_THROWS(ModelError, model.session->run({}, outputs), "found 0 input tensors");
  EXPECT_THROWS(ModelError, model.session->run({view, view}, outputs), "found 2 input tensors");
  view.type = facecap::ElementType::int32;
  const std::string batch = subject.any_batch ? "?" : "1";
  EXPECT_THROWS(ModelError, model.session->run({view}, outputs),
                "int32 (1, 3, 4, 4), wanted 'x' float32 (" + batch + ", 3, 4, 4)");
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

inline void is_shared_as_long_as_it_is_held(const Subject& subject) {
  const Model first = open(subject.source);
  EXPECT(open(subject.source).session == first.session);
  EXPECT(open(subject.source, {subject.runtime, 1}).session == first.session);
  std::vector<Model> models(8);
  std::vector<std::thread> threads;
  for (Model& model : models) threads.emplace_back([&] { model = open(subject.source); });
  for (std::thread& thread : threads) thread.join();
  for (const Model& model : models) EXPECT(model.session == first.session);
}

inline void notices_a_file_that_changed(const Subject& subject) {
  const std::string stem = std::string(std::getenv("TMPDIR") != nullptr ? std::getenv("TMPDIR") : "/tmp") +
                           "/facecap_session_test_" + std::to_string(std::rand());
  const std::string path = stem + subject.suffix;
  std::ofstream(path, std::ios::binary) << subject.source.bytes;
  std::ofstream(stem + ".json") << subject.source.manifest;
  const ModelSource file{path, "", ""};
  const Model first = open(file);
  EXPECT(open(file).session == first.session);
  std::ofstream(stem + ".json") << manifests::with(subject.source.manifest, sha256(subject.source.bytes),
                                                   std::string(64, '0'));
  EXPECT_THROWS(ModelError, open(file), "found the sha256");
  std::ofstream(path, std::ios::binary) << subject.source.bytes << '\0';
  EXPECT_THROWS(ModelError, open(file), "another file");
  std::remove(path.c_str());
  std::remove((stem + ".json").c_str());
}

inline void serves_several_threads_at_once(const Subject& subject) {
  const Model model = open(subject.source);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const int count = subject.any_batch ? 1 + t : 1;
      const std::vector<float> values(3 * kSide * kSide * count, static_cast<float>(t));
      std::vector<Tensor> outputs;
      for (int i = 0; i < 200; ++i) {
        model.session->run({pictures(values)}, outputs);
        wrong[t] += outputs[0].elements() != static_cast<std::size_t>(count) ||
                    std::abs(outputs[0].floats()[count - 1] - static_cast<float>(t)) > 1e-6f;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) EXPECT_EQ(count, 0);
}

}  // namespace session_suite
