#include <random>

#include "check.hpp"
#include "errors.hpp"
#include "push_queue.hpp"
#include "temporary_folder.hpp"

using namespace facecap::board;

namespace {

PushItem item(int number, std::size_t bytes = 100) {
  return {"door", "door-" + std::to_string(number), std::string(bytes, 'x')};
}

std::string front_key(PushQueue& queue) {
  PushItem found;
  return queue.front(found) ? found.key : "(none)";
}

}  // namespace

TEST(queue_gives_items_in_order_and_keeps_them_over_a_restart) {
  const TemporaryFolder folder;
  {
    PushQueue queue(folder / "q", 1000000);
    for (int k = 1; k <= 3; ++k) queue.add(item(k));
    EXPECT_EQ(front_key(queue), "door-1");
    queue.sent();
  }
  PushQueue queue(folder / "q", 1000000);
  EXPECT_EQ(queue.waiting(), 2u);
  queue.add(item(4));
  for (const char* wanted : {"door-2", "door-3", "door-4"}) {
    EXPECT_EQ(front_key(queue), wanted);
    queue.sent();
  }
  EXPECT_EQ(front_key(queue), "(none)");
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(queue_that_is_full_drops_the_oldest_and_says_so) {
  const TemporaryFolder folder;
  PushQueue queue(folder / "q", 1000);
  for (int k = 1; k <= 4; ++k) queue.add(item(k, 300));
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT_EQ(queue.dropped(), 1);
  EXPECT_EQ(front_key(queue), "door-2");
  queue.add(item(5, 300));  // what is being sent stays
  EXPECT_EQ(front_key(queue), "door-2");
  EXPECT_EQ(read_text(folder / "q/dropped.txt"), "door-1\ndoor-3\n");
  EXPECT(queue.bytes() <= 1000u);
  queue.later();  // what could not be sent is the oldest again
  queue.add(item(6, 300));
  EXPECT_EQ(front_key(queue), "door-4");
}

TEST(queue_moves_what_is_refused_aside_and_drops_that_first) {
  const TemporaryFolder folder;
  PushQueue queue(folder / "q", 1000);
  for (int k = 1; k <= 3; ++k) queue.add(item(k, 300));
  EXPECT_EQ(front_key(queue), "door-1");
  queue.refuse();
  EXPECT_EQ(front_key(queue), "door-2");
  EXPECT(!read_text(folder / "q/refused/000000000001.post").empty());
  queue.add(item(4, 300));
  EXPECT_EQ(queue.waiting(), 3u);
  EXPECT(read_text(folder / "q/refused/000000000001.post").empty());
}

TEST(queue_passes_over_files_that_are_damaged) {
  const TemporaryFolder folder;
  {
    PushQueue(folder / "q", 1000).add(item(1));
  }
  write_text(folder / "q/000000000002.post", "");
  write_text(folder / "q/000000000003.post", "keyless\nbody");
  write_text(folder / "q/000000000004.post", "door key\n");
  write_text(folder / "q/note.txt", "not ours");
  write_text(folder / "q/.77.000000000009.post", "half");
  PushQueue queue(folder / "q", 1000);
  queue.add(item(5));
  EXPECT_EQ(front_key(queue), "door-1");
  queue.sent();
  EXPECT_EQ(front_key(queue), "door-5");
  EXPECT_EQ(read_text(folder / "q/note.txt"), "not ours");
  EXPECT(!std::filesystem::exists(folder / "q/.77.000000000009.post"));
}

TEST(queue_belongs_to_one_process) {
  const TemporaryFolder folder;
  const PushQueue queue(folder / "q", 1000);
  EXPECT_THROWS(facecap::Error, PushQueue(folder / "q", 1000), "another facecap-board uses this queue");
}

TEST(queue_under_any_sequence_keeps_order_bound_and_count) {
  const TemporaryFolder folder;
  std::mt19937 random(6);
  auto queue = std::make_unique<PushQueue>(folder / "q", 2000);
  int added = 0, last = 0, gone = 0, dropped_before = 0;
  for (int round = 0; round < 300; ++round) {
    switch (std::uniform_int_distribution<int>(0, 4)(random)) {
      case 0:
      case 1:
        queue->add(item(++added, std::uniform_int_distribution<std::size_t>(1, 500)(random)));
        break;
      case 2:
      case 3:
        if (const std::string key = front_key(*queue); key != "(none)") {
          const int number = std::stoi(key.substr(5));
          EXPECT(number > last);
          last = number;
          round % 7 == 0 ? queue->refuse() : queue->sent();
          gone += round % 7 != 0;
        }
        break;
      default:
        dropped_before += static_cast<int>(queue->dropped());
        queue.reset();
        queue = std::make_unique<PushQueue>(folder / "q", 2000);
    }
    EXPECT(queue->bytes() <= 2000u);
  }
  const auto refused = std::distance(std::filesystem::directory_iterator(folder / "q/refused"), {});
  EXPECT_EQ(added, gone + static_cast<int>(queue->waiting() + refused + queue->dropped()) + dropped_before);
}

TEST(queue_finds_its_own_files_again_beside_foreign_ones_with_numbers) {
  for (const char* foreign : {"999999999999999999.post", "999999999999.post", "999999999999999.post",
                              "0000000000007.post", "99999999999999999999999.post", "000000000000.post"}) {
    const TemporaryFolder folder;
    {
      const PushQueue queue(folder / "q", 1000000);
    }
    write_text(folder / "q/" + foreign, "door foreign\nbody");
    std::size_t before = 0;
    {
      PushQueue queue(folder / "q", 1000000);
      before = queue.waiting();
      queue.add(item(1));
      queue.add(item(2));
    }
    PushQueue queue(folder / "q", 1000000);
    EXPECT_EQ(queue.waiting(), before + 2);
    std::string keys;
    while (front_key(queue) != "(none)") {
      keys += front_key(queue) + " ";
      queue.sent();
    }
    EXPECT(keys.find("door-1 door-2 ") != std::string::npos);
    EXPECT_EQ(queue.dropped(), 0);
  }
}
