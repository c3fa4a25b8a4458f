#include "check.hpp"

#ifdef __SANITIZE_THREAD__
// ONNX Runtime is not instrumented: the sanitizer does not see how it locks and sees only half of what it
// gives back. Nor does it see a lock that was taken with a time limit.
#define EXPORTED extern "C" __attribute__((visibility("default")))
EXPORTED const char* __tsan_default_suppressions() {
  return "called_from_lib:libonnxruntime\nrace:libonnxruntime\n";
}
EXPORTED const char* __tsan_default_options() {
  return "report_mutex_bugs=0";
}
#endif

int main(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  int run = 0;
  for (const check::Test& test : check::tests()) {
    if (std::string(test.name).find(filter) == std::string::npos) continue;
    ++run;
    const int before = check::failures();
    try {
      test.body();
    } catch (const std::exception& error) {
      check::fail(test.name, 0, std::string("threw ") + error.what());
    }
    if (check::failures() != before) std::printf("FAILED %s\n", test.name);
  }
  std::printf("%d tests, %d failures\n", run, check::failures());
  return check::failures() == 0 && run > 0 ? 0 : 1;
}
