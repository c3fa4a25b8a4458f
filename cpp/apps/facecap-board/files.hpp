#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace facecap::board {

// All throw Error that names the path.

/// Writes a whole file under a temporary name in the same folder, syncs it, renames it and syncs the folder.
/// A reader sees the old content or the new one.
void write_file(const std::string& path, const void* data, std::size_t bytes);

/// Makes the folder and those above it where they are missing.
void make_folders(const std::string& path);

bool exists(const std::string& path);

/// The names in a folder, in no order.
std::vector<std::string> names_in(const std::string& folder);

/// Appends lines to a new file, each on the disk before `add` returns; one that cannot be written to its end
/// is taken back.
class LineFile {
 public:
  explicit LineFile(std::string path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;
  void add(const std::string& line);

 private:
  std::string path_;
  int file_;
};

}  // namespace facecap::board
