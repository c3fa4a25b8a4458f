#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>

#include "facecap/refiner.hpp"
#include "fake_cvimodel.hpp"

using namespace facecap;
using namespace fake_cvimodel;
using session_suite::open;
using session_suite::pictures;

namespace {

std::string raw_manifest(const std::string& color) {
  const std::string each = "[127.5, 127.5, 127.5]";
  return manifests::with(manifests::with(mask_manifest("cv182x", color), each, "[0, 0, 0]"), each,
                         "[1, 1, 1]");
}

std::vector<float> ramp() {
  std::vector<float> values(3 * kSide * kSide);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return values;
}

session_suite::Subject subject(const Fake& fake) {
  return {fake.source(), "cvimodel", ".cvimodel", false};
}

}  // namespace

TEST(cvimodel_library_that_is_missing_is_named) {
  // Only before the library is loaded: it is one for the whole process.
  set_cviruntime_path("/nowhere/libcviruntime.so");
  EXPECT_THROWS(ModelError, open(source(tiny())), "from '/nowhere/libcviruntime.so'");
  EXPECT_THROWS(ModelError, open(source(tiny())), "FACECAP_CVIRUNTIME");
  set_cviruntime_path("libdl.so.2");
  EXPECT_THROWS(ModelError, open(source(tiny())), "it has no CVI_NN_RegisterModelFromBuffer");
  set_cviruntime_path("");
}

TEST(cvimodel_is_held_against_its_manifest_before_the_library) {
  Fake fake;
  EXPECT_THROWS(ModelError, open(source(tiny(), manifests::mask("sigmoid", kSide))),
                "the key 'chip' is missing");
  EXPECT_THROWS(ModelError, open(source(tiny(), mask_manifest("cv181x"))),
                "made for the chip cv182x, the manifest says cv181x");
  EXPECT_THROWS(ModelError, open(fake.source(), {"auto", 1, "cv180x"}),
                "made for the chip cv182x, wanted cv180x");
  EXPECT_THROWS(ModelError, open(fake.source(), {"onnx", 1}), "a model of the runtime cvimodel");
  EXPECT_THROWS(ModelError, open(fake.source(), {"auto", 1, "", false, "cuda"}),
                "runs on its chip alone, but provider=\"cuda\"");
  File file = tiny();
  file.inputs[0].shape[3] = 5;
  EXPECT_THROWS(ModelError, open(source(file)),
                "takes 'x' float32 (1, 3, 4, 5), the manifest wants one input");
  file = tiny();
  file.outputs[0].shape[1] = 2;
  EXPECT_THROWS(ModelError, open(source(file)), "the network gives 'logits_Gemm_f32' float32 (1, 2)");
  file = tiny();
  file.inputs.push_back({"z", 0, {1, 1, 1, 1}});
  EXPECT_THROWS(ModelError, open(source(file)), "the manifest wants one input");
  EXPECT(fake->calls.empty());
}

TEST(cvimodel_of_raw_pixels_wants_a_manifest_without_normalisation) {
  Fake fake;
  File file = tiny();
  file.inputs = {{"image_raw", 7, {1, 3, kSide, kSide}, 1, "RGB_PLANAR"}};
  EXPECT_THROWS(ModelError, open(source(file)),
                "the manifest wants input.mean 0, 0, 0 and input.std 1, 1, 1");
  EXPECT_THROWS(ModelError, open(source(file, raw_manifest("bgr"))),
                "takes pixels as RGB_PLANAR, and input.color of the manifest is bgr");
  EXPECT(fake->calls.empty());
}

TEST(cvimodel_session_passes_what_every_session_passes) {
  Fake fake;
  session_suite::computes_and_keeps_its_buffers(subject(fake));
  session_suite::refuses_wrong_tensors(subject(fake));
  session_suite::is_shared_as_long_as_it_is_held(subject(fake));
  session_suite::notices_a_file_that_changed(subject(fake));
  session_suite::serves_several_threads_at_once(subject(fake));
  EXPECT(!fake->overlapped);
}

TEST(cvimodel_session_keeps_the_order_of_calls) {
  Fake fake;
  const std::vector<float> values = ramp();
  {
    const Model model = open(fake.source());
    EXPECT_EQ(model.session->runtime(), "cvimodel");
    EXPECT_EQ(model.session->outputs()[0].shape.size(), 2u);
    std::vector<Tensor> outputs;
    model.session->run({pictures(values)}, outputs);
    // Planes of float32 go to the library as they are, and the answer comes into the caller's own buffer.
    EXPECT(fake->memory == std::vector<const void*>({values.data(), outputs[0].storage.data()}));
  }
  EXPECT(fake->calls == std::vector<std::string>({"register", "tensors", "forward 1 1", "cleanup"}));
}

TEST(cvimodel_session_converts_integers) {
  File file = tiny();
  file.inputs = {{"x", 6, {1, 3, kSide, kSide}, 2}};
  file.outputs = {{"logits_Gemm", 6, {1, 1, 1, 1}, 0.25f}};
  Fake fake(file);
  fake->compute = [](const VendorTensor* inputs, VendorTensor* outputs) {
    outputs[0].memory[0] = static_cast<std::uint8_t>(-static_cast<std::int8_t>(inputs[0].memory[5]));
  };
  const Model model = open(fake.source());
  EXPECT(model.session->native_inputs()[0].type == ElementType::int8);
  EXPECT_NEAR(model.session->native_inputs()[0].scale, 2, 0);
  std::vector<Tensor> outputs;
  model.session->run({pictures(ramp())}, outputs);
  EXPECT_NEAR(outputs[0].floats()[0], -10 * 0.25, 0);
  std::vector<std::int8_t> own(3 * kSide * kSide, 7);
  model.session->run({{ElementType::int8, {1, 3, kSide, kSide}, own.data()}}, outputs);
  EXPECT_NEAR(outputs[0].floats()[0], -7 * 0.25, 0);
  EXPECT(fake->memory[2] == own.data());
}

TEST(cvimodel_of_a_refiner_answers_in_whole_steps_of_its_scales) {
  File file = tiny();
  file.outputs = {{"b_Gemm", 6, {1, 1, 1, 1}, 0.5f},
                  {"f_Gemm", 6, {1, 1, 1, 1}, 0.25f},
                  {"p_Gemm", 6, {1, 10, 1, 1}, 0.0625f}};
  Fake fake(file);
  fake->compute = [](const VendorTensor*, VendorTensor* outputs) {
    outputs[0].memory[0] = static_cast<std::uint8_t>(std::int8_t{-4});
    outputs[1].memory[0] = 8;
    for (std::uint8_t i = 0; i < 10; ++i) outputs[2].memory[i] = i;
  };
  using manifests::with;
  const std::string manifest =
      with(manifests::refiner(kSide), R"("licence")", R"("chip": "cv182x", "licence")");
  Refiner refiner(open_model(source(file, manifest), Task::face_refinement, {}));
  const std::vector<std::uint8_t> pixels(3 * 160 * 160, 90);
  const ImageView picture{pixels.data(), 160, 160, 3 * 160};
  // 0.25 of 32 pixels on each side: the crop is 48 pixels wide, from 48.
  const std::vector<Refinement>& answers = refiner.refine(picture, {{56, 56, 88, 88}, {56, 56, 88, 88}});
  EXPECT_EQ(answers.size(), 2u);
  for (const Refinement& answer : answers) {
    EXPECT_NEAR(answer.face_prob, 0.880797, 1e-6);  // of 2
    EXPECT_NEAR(answer.blur, 0.119203, 1e-6);       // of -2
    EXPECT_NEAR(answer.landmarks[4].x, 48 + 8 * 0.0625 * 48, 1e-4);
    EXPECT_NEAR(answer.landmarks[4].y, 48 + 9 * 0.0625 * 48, 1e-4);
  }
}

TEST(cvimodel_session_takes_aligned_packed_pixels) {
  File file = tiny();
  file.inputs = {{"image_raw", 7, {1, kSide, kSide, 3}, 1, "BGR_PACKED", true}};
  Fake fake(file);
  fake->inputs[0].bytes = kSide * 64;
  fake->compute = [](const VendorTensor* inputs, VendorTensor* outputs) {
    *reinterpret_cast<float*>(outputs[0].memory) = inputs[0].memory[64 + 3 * 2 + 1];
  };
  const Model model = open(source(file, raw_manifest("bgr")));
  EXPECT(model.session->inputs()[0].shape == std::vector<std::int64_t>({1, 3, kSide, kSide}));
  EXPECT(model.session->native_inputs()[0].shape == std::vector<std::int64_t>({1, kSide, kSide, 3}));
  std::vector<Tensor> outputs;
  model.session->run({pictures(ramp())}, outputs);
  EXPECT_NEAR(outputs[0].floats()[0], 16 + 4 + 2, 0);  // channel 1, row 1, column 2
  std::vector<std::uint8_t> pixels(3 * kSide * kSide);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i);
  model.session->run({{ElementType::uint8, {1, kSide, kSide, 3}, pixels.data()}}, outputs);
  EXPECT_NEAR(outputs[0].floats()[0], (4 + 2) * 3 + 1, 0);
  EXPECT_THROWS(ModelError,
                model.session->run({{ElementType::uint8, {1, 3, kSide, kSide}, pixels.data()}}, outputs),
                "found the input tensor uint8 (1, 3, 4, 4), wanted 'image_raw' uint8 (1, 4, 4, 3)");
}

TEST(cvimodel_failures_are_said_in_words) {
  Fake fake;
  fake->register_code = static_cast<std::int32_t>(0xC0778003);
  EXPECT_THROWS(ModelError, open(fake.source()),
                "cannot be loaded: the runtime answers 0xC0778003, an argument is not valid");
  fake->register_code = static_cast<std::int32_t>(0xC077800C);
  EXPECT_THROWS(ModelError, open(fake.source()), "no memory left for the chip");
  fake->register_code = -1;
  EXPECT_THROWS(ModelError, open(fake.source()), "0xFFFFFFFF, a failure without a reason");
  fake->register_code = 77;
  EXPECT_THROWS(ModelError, open(fake.source()), "0x4D, a code without a known meaning");
  fake->register_code = 0;
  fake->gives_model = false;
  EXPECT_THROWS(ModelError, open(fake.source()), "says it is loaded but gives no model");
  fake->gives_model = true;
  fake->tensors_code = 5;
  EXPECT_THROWS(ModelError, open(fake.source()), "its tensors cannot be had: the runtime answers 0x5");
  fake->tensors_code = 0;
  const Model model = open(fake.source());
  std::vector<Tensor> outputs;
  fake->forward_code = 3;
  EXPECT_THROWS(ModelError, model.session->run({pictures(ramp())}, outputs),
                "the network fails: the runtime answers 0x3, it took too long");
  fake->forward_code = 0;
  fake->memory_code = 6;
  EXPECT_THROWS(ModelError, model.session->run({pictures(ramp())}, outputs), "a buffer is refused");
  fake->memory_code = 0;
  model.session->run({pictures(ramp())}, outputs);
  EXPECT_NEAR(outputs[0].floats()[0], 23.5, 1e-5);
}

TEST(cvimodel_tensors_that_are_not_those_of_the_file_are_refused) {
  Fake fake;
  fake->gives_tensors = false;
  EXPECT_THROWS(ModelError, open(fake.source()), "gives 0 tensors where the file has 1");
  fake->gives_tensors = true;
  const VendorTensor good = fake->inputs[0];
  fake->inputs.push_back(good);
  EXPECT_THROWS(ModelError, open(fake.source()), "gives 2 tensors where the file has 1");
  fake->inputs.pop_back();
  const auto refused = [&](void (*change)(VendorTensor&), const std::string& part) {
    fake->inputs[0] = good;
    change(fake->inputs[0]);
    EXPECT_THROWS(ModelError, open(fake.source()), part);
  };
  refused([](VendorTensor& t) { t.name = nullptr; }, "the runtime gives the tensor '' (1, 3, 4, 4)");
  refused([](VendorTensor& t) { t.shape.dimensions[3] = 5; }, "'x' (1, 3, 4, 5)");
  refused([](VendorTensor& t) { t.shape.rank = 6; }, "'x' (1, 3, 4, 4, 0, 0)");
  refused([](VendorTensor& t) { t.format = cvimodel::Format::int8; }, "format 6");
  refused([](VendorTensor& t) { t.bytes = 191; }, "of 191 bytes, format 0, the file has 'x' of 192 bytes");
  refused([](VendorTensor& t) { t.elements = 47; }, "the runtime gives the tensor");
  refused([](VendorTensor& t) { t.aligned = true; }, "the runtime gives the tensor");
}

TEST(cvimodel_of_a_second_chip_is_refused) {
  Fake fake;
  open(fake.source());
  File file = tiny();
  file.chip = file.target = "cv181x";
  EXPECT_THROWS(ModelError, open(source(file, mask_manifest("cv181x"))),
                "made for the cv181x, and this process already runs models of the cv182x");
}

TEST(cvimodel_without_checksum_opens_when_asked_for) {
  Fake fake;
  std::string bytes = tiny_cvimodel::write(tiny());
  bytes[14] ^= 1;
  const ModelSource damaged{"", bytes, manifest_for(bytes, mask_manifest())};
  EXPECT_THROWS(ModelError, open(damaged), "do not have the MD5");
  SessionOptions options;
  options.unchecked = true;
  open(damaged, options);
  EXPECT_THROWS(ModelError, open(damaged), "do not have the MD5");
}

#if defined(__GLIBC__) && defined(__x86_64__)

TEST(cvimodel_prints_are_kept_off_standard_output) {
  Fake fake;
  fake->prints = "device[0] opened";
  std::fflush(stdout);
  char name[] = "/tmp/facecap_stdout_XXXXXX";
  const int file = mkstemp(name);
  const int before = dup(1);
  dup2(file, 1);
  std::printf("mine\n");
  {
    const Model model = open(fake.source());
    std::vector<Tensor> outputs;
    model.session->run({pictures(ramp())}, outputs);
    fake->prints = "run cmdbuf failed:7";
    fake->forward_code = -1;
    EXPECT_THROWS(ModelError, model.session->run({pictures(ramp())}, outputs),
                  "it says: run cmdbuf failed:7");
    EXPECT_EQ(model.session->runtime_version(), "(0.0.0)fake");
  }
  std::fflush(stdout);
  dup2(before, 1);
  close(before);
  char text[64] = {};
  const bool read = pread(file, text, sizeof text - 1, 0) >= 0;
  close(file);
  unlink(name);
  EXPECT(read);
  EXPECT_EQ(std::string(text), "mine\n");
}

// These sanitizers have terabytes mapped themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

TEST(cvimodel_wants_room_for_the_simulator) {
  Fake fake;
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  if (before.rlim_cur != RLIM_INFINITY) return;
  rlimit small = before;
  small.rlim_cur = rlim_t{4} << 30;
  setrlimit(RLIMIT_AS, &small);
  std::string message;
  try {
    open(fake.source());
  } catch (const std::exception& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_AS, &before);
  EXPECT(message.find("5 GiB of address space, the process may have 4096 MiB") != std::string::npos);
}

#endif

#endif
