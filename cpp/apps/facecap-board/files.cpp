#include "files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "errors.hpp"

namespace facecap::board {
namespace {

bool write_all(int file, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t written = ::write(file, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    bytes -= static_cast<std::size_t>(written);
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A file system that cannot sync a folder is no reason to fail.
void sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace

void write_file(const std::string& path, const void* data, std::size_t bytes) {
  const std::string folder = folder_of(path);
  const std::string temporary =
      folder + "/." + std::to_string(::getpid()) + "." + path.substr(path.rfind('/') + 1);
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  bool done = file >= 0 && write_all(file, static_cast<const char*>(data), bytes) && ::fsync(file) == 0;
  int error = errno;
  if (file >= 0 && ::close(file) != 0 && done) done = false, error = errno;
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) done = false, error = errno;
  if (!done) {
    ::unlink(temporary.c_str());
    errno = error;
    throw_errno(path);
  }
  sync_folder(folder);
}

void make_folders(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) throw_errno(part);
    if (at == std::string::npos) break;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) throw_errno(path);
  if (!S_ISDIR(status.st_mode)) throw Error(path + ": not a folder");
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::vector<std::string> names_in(const std::string& folder) {
  DIR* entries = ::opendir(folder.c_str());
  if (!entries) throw_errno(folder);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(entries)) names.emplace_back(entry->d_name);
  const int error = errno;  // of the end, 0 where all was read
  ::closedir(entries);
  errno = error;
  if (error != 0) throw_errno(folder);
  return names;
}

LineFile::LineFile(std::string path)
    : path_(std::move(path)), file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (file_ < 0) throw_errno(path_);
}

LineFile::~LineFile() {
  ::close(file_);
}

void LineFile::add(const std::string& line) {
  const off_t start = ::lseek(file_, 0, SEEK_CUR);
  const std::string text = line + "\n";
  if (write_all(file_, text.data(), text.size()) && ::fsync(file_) == 0) return;
  const int error = errno;
  if (::ftruncate(file_, start) == 0) ::lseek(file_, start, SEEK_SET);
  errno = error;
  throw_errno(path_);
}

}  // namespace facecap::board
