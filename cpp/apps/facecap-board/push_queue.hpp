#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace facecap::board {

/// One capture on its way to the service.
struct PushItem {
  std::string camera;
  std::string key;   // of idempotency
  std::string body;  // JSON
};

/// What was not sent yet, in order, as files of a folder; it outlives the program. One process a folder.
///
/// Where the folder would outgrow its bound, the oldest file goes, those in refused/ first. A capture that
/// goes so was never sent: it is counted, its key is appended to dropped.txt, and its capture folder still
/// has it. Methods may be called from any thread.
class PushQueue {
 public:
  /// Throws Error where the folder cannot be made or used, or belongs to another process.
  PushQueue(std::string folder, std::uint64_t most_bytes);
  ~PushQueue();
  PushQueue(const PushQueue&) = delete;
  PushQueue& operator=(const PushQueue&) = delete;

  /// Puts an item at the end; it is on the disk when this returns. Throws Error where it cannot be written.
  void add(const PushItem& item);
  /// Reads the oldest item, which stays until `sent` or `refuse`; false where there is none. A file that is
  /// damaged goes to refused/.
  bool front(PushItem& item);
  void sent();
  /// The item of `front` waits for another try; until then it may be dropped as the oldest.
  void later();
  /// The service will never take it: moves the item of `front` to refused/.
  void refuse();

  std::size_t waiting() const;
  std::uint64_t bytes() const;  // refused ones included
  std::int64_t dropped() const;

 private:
  struct Entry {
    std::uint64_t number;
    std::uint64_t bytes;
  };
  std::string path_of(const Entry& entry, bool refused) const;
  void lock_folder();
  std::deque<Entry> scan(const std::string& folder);
  void make_room(std::uint64_t bytes);
  void drop(std::deque<Entry>& entries, std::size_t at, bool refused);
  void refuse_front();

  std::string folder_;
  std::uint64_t most_bytes_;
  int lock_ = -1;
  mutable std::mutex mutex_;
  std::deque<Entry> waiting_, refused_;
  bool in_flight_ = false;  // the front is being sent
  std::uint64_t next_ = 1;
  std::uint64_t bytes_ = 0;
  std::int64_t dropped_ = 0;
};

}  // namespace facecap::board
