#include "push_queue.hpp"

#include <filesystem>
#include <fstream>

#include "board/temporary_folder.hpp"
#include "fuzz.hpp"

using namespace facecap::board;

namespace {

PushItem item(FuzzedDataProvider& given) {
  PushItem out;
  out.camera = "camera";
  out.key = "key-" + std::to_string(given.ConsumeIntegral<std::uint16_t>());
  out.body = given.ConsumeRandomLengthString(200) + "}";
  return out;
}

/// A file that somebody else put there.
void foreign(FuzzedDataProvider& given, const std::string& folder) {
  std::string name = given.ConsumeRandomLengthString(24);
  for (char& c : name)
    if (c == '/' || c == '\0') c = '0';
  const std::string path = folder + "/" + name + (given.ConsumeBool() ? ".post" : "");
  if (name.empty() || name[0] == '.' || name == "lock" || name == "refused" || name == "dropped.txt") return;
  std::ofstream(path, std::ios::binary) << given.ConsumeRandomLengthString(100);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TemporaryFolder parent;
  const std::string folder = parent / "queue";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder + "/refused");
  FuzzedDataProvider given(data, size);
  while (given.ConsumeBool()) foreign(given, given.ConsumeBool() ? folder : folder + "/refused");
  const std::uint64_t most = given.ConsumeIntegralInRange<std::uint64_t>(100, 100000);
  auto queue = std::make_unique<PushQueue>(folder, most);
  bool fronted = false;
  for (int step = 0; step < 32 && given.remaining_bytes() > 0; ++step) {
    const std::size_t waiting = queue->waiting();
    PushItem front;
    switch (given.ConsumeIntegralInRange<int>(0, 5)) {
      case 0:
        queue->add(item(given));
        break;
      case 1:
        fronted = queue->front(front);
        fuzz::hold(!fronted || (!front.camera.empty() && !front.key.empty() && !front.body.empty()),
                   "a front has its three parts");
        break;
      case 2:
        if (fronted) queue->sent();
        fronted = false;
        break;
      case 3:
        if (fronted) queue->refuse();
        fronted = false;
        break;
      case 4:
        if (fronted) queue->later();
        fronted = false;
        break;
      default: {
        const std::uint64_t bytes = queue->bytes();
        queue.reset();
        queue = std::make_unique<PushQueue>(folder, most);
        fuzz::hold(queue->waiting() == waiting && queue->bytes() == bytes, "a restart finds all again");
        fronted = false;
      }
    }
  }
  return 0;
}
