#include "push_queue.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <fstream>

#include "errors.hpp"
#include "files.hpp"

namespace facecap::board {
namespace {

constexpr const char* kSuffix = ".post";
constexpr std::size_t kMostDigits = 18;
constexpr std::uint64_t kMostOwn = 1000000000000000;  // files that this program writes have smaller numbers
constexpr std::streamoff kLargestNote = 1000000;      // bytes

std::string file_name(std::uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%012" PRIu64 "%s", number, kSuffix);
  return name;
}

/// The number of a queue file, 0 where the name is none.
std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < std::min(name.size(), kMostDigits) && name[i] >= '0' && name[i] <= '9'; ++i)
    number = 10 * number + static_cast<std::uint64_t>(name[i] - '0');
  return name == file_name(number) ? number : 0;
}

/// A file begins with a line of camera and key; the rest is the body.
bool read_item(const std::string& path, PushItem& item) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t blank = line.find(' ');
  if (blank == std::string::npos || blank == 0 || blank + 1 == line.size()) return false;
  item.camera = line.substr(0, blank);
  item.key = line.substr(blank + 1);
  const auto begin = file.tellg();
  file.seekg(0, std::ios::end);
  const auto end = file.tellg();
  if (begin < 0 || end <= begin) return false;
  item.body.resize(static_cast<std::size_t>(end - begin));
  file.seekg(begin);
  return static_cast<bool>(file.read(item.body.data(), static_cast<std::streamsize>(item.body.size())));
}

/// Appends a line, but keeps the file small: an outage may last for months.
void note(const std::string& path, const std::string& line) {
  std::ofstream file(path, std::ios::app | std::ios::binary | std::ios::ate);
  if (file.tellp() < kLargestNote) file << line << "\n";
}

}  // namespace

PushQueue::PushQueue(std::string folder, std::uint64_t most_bytes)
    : folder_(std::move(folder)), most_bytes_(most_bytes) {
  make_folders(folder_ + "/refused");
  lock_folder();
  waiting_ = scan(folder_);
  refused_ = scan(folder_ + "/refused");
}

PushQueue::~PushQueue() {
  ::close(lock_);
}

void PushQueue::lock_folder() {
  const std::string path = folder_ + "/lock";
  lock_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw_errno(path);
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  const bool taken = errno == EWOULDBLOCK;
  const std::string text = errno_text(path);
  ::close(lock_);
  throw Error(taken ? folder_ + ": another facecap-board uses this queue, give another push_queue" : text);
}

std::deque<PushQueue::Entry> PushQueue::scan(const std::string& folder) {
  std::deque<Entry> found;
  for (const std::string& name : names_in(folder)) {
    const std::string path = folder + "/" + name;
    struct stat status{};
    if (const std::uint64_t number = number_of(name); number > 0 && ::stat(path.c_str(), &status) == 0) {
      found.push_back({number, static_cast<std::uint64_t>(status.st_size)});
      if (number < kMostOwn) next_ = std::max(next_, number + 1);
      bytes_ += found.back().bytes;
    } else if (name[0] == '.' && name.size() > 5 && name.compare(name.size() - 5, 5, kSuffix) == 0) {
      ::unlink(path.c_str());  // a file that was being written when the program was killed
    }
  }
  std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.number < b.number; });
  return found;
}

std::string PushQueue::path_of(const Entry& entry, bool refused) const {
  return folder_ + (refused ? "/refused/" : "/") + file_name(entry.number);
}

void PushQueue::drop(std::deque<Entry>& entries, std::size_t at, bool refused) {
  const Entry entry = entries[at];
  const std::string path = path_of(entry, refused);
  PushItem item;
  note(folder_ + "/dropped.txt", read_item(path, item) ? item.key : file_name(entry.number));
  ::unlink(path.c_str());
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at));
  bytes_ -= entry.bytes;
  ++dropped_;
}

void PushQueue::make_room(std::uint64_t bytes) {
  while (bytes_ + bytes > most_bytes_ && !refused_.empty()) drop(refused_, 0, true);
  const std::size_t oldest = in_flight_ ? 1 : 0;
  while (bytes_ + bytes > most_bytes_ && waiting_.size() > oldest) drop(waiting_, oldest, false);
}

void PushQueue::add(const PushItem& item) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::string content = item.camera + " " + item.key + "\n" + item.body;
  make_room(content.size());
  const Entry entry{next_, content.size()};
  write_file(path_of(entry, false), content.data(), content.size());
  ++next_;
  bytes_ += entry.bytes;
  waiting_.push_back(entry);
}

bool PushQueue::front(PushItem& item) {
  const std::lock_guard<std::mutex> lock(mutex_);
  while (!waiting_.empty()) {
    in_flight_ = true;
    if (read_item(path_of(waiting_.front(), false), item)) return true;
    say("push: " + path_of(waiting_.front(), false) + " is damaged and goes to refused/");
    refuse_front();
  }
  return false;
}

void PushQueue::sent() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ::unlink(path_of(waiting_.front(), false).c_str());
  bytes_ -= waiting_.front().bytes;
  waiting_.pop_front();
  in_flight_ = false;
}

void PushQueue::later() {
  const std::lock_guard<std::mutex> lock(mutex_);
  in_flight_ = false;
}

void PushQueue::refuse() {
  const std::lock_guard<std::mutex> lock(mutex_);
  refuse_front();
}

void PushQueue::refuse_front() {
  const Entry entry = waiting_.front();
  waiting_.pop_front();
  in_flight_ = false;
  if (::rename(path_of(entry, false).c_str(), path_of(entry, true).c_str()) == 0)
    refused_.push_back(entry);
  else
    bytes_ -= entry.bytes;
}

std::size_t PushQueue::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

std::uint64_t PushQueue::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return bytes_;
}

std::int64_t PushQueue::dropped() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return dropped_;
}

}  // namespace facecap::board
