#include "runtime/model_file.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "facecap/error.hpp"
#include "runtime/sha256.hpp"

namespace facecap {
namespace {

struct Signature {
  std::string start;
  const char* what;
};

const std::vector<Signature>& foreign() {
  static const std::vector<Signature> all = {
      {std::string("PK\x03\x04"),
       "a ZIP archive, as PyTorch writes checkpoints; `facecap models import` turns one "
       "into a model"},
      {std::string("\x80\x02"),
       "a Python pickle, as PyTorch writes checkpoints; `facecap models import` turns one "
       "into a model"},
      {std::string("\x89PNG"), "a PNG picture"},
      {std::string("\xff\xd8\xff"), "a JPEG picture"},
      {std::string("version https://git-lfs"), "a Git LFS pointer; `git lfs pull` fetches the file itself"},
      {std::string("\x1f\x8b"), "a gzip archive"},
      {std::string("\x7f"
                   "ELF"),
       "a program or shared library"},
  };
  return all;
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// The fields of an ONNX file have tags below 0x20 somewhere in its first bytes; a text has none.
bool is_text(const std::string& head) {
  for (const char c : head)
    if (static_cast<unsigned char>(c) < 0x20 && std::strchr("\t\n\r\f", c) == nullptr) return false;
  return true;
}

std::string read_head(const ModelSource& source) {
  constexpr std::size_t kHead = 64;
  if (source.path.empty()) return source.bytes.substr(0, kHead);
  std::ifstream file(source.path, std::ios::binary);
  std::string head(kHead, '\0');
  file.read(&head[0], static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  if (head.empty()) throw ModelError(source.path + ": cannot be read: " + std::strerror(errno));
  return head;
}

std::string canonical(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

void stat_file(const std::string& path, ModelFile& file) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0)
    throw ModelError(path + ": " + std::strerror(errno) + ", wanted a model file");
  if (S_ISDIR(status.st_mode)) throw ModelError(path + ": a folder, wanted a model file");
  if (!S_ISREG(status.st_mode)) throw ModelError(path + ": not a regular file, wanted a model file");
  file.label = path;
  file.path = canonical(path);
  file.bytes = static_cast<std::size_t>(status.st_size);
#ifdef __APPLE__
  const timespec& modified = status.st_mtimespec;
#else
  const timespec& modified = status.st_mtim;
#endif
  file.modified = std::int64_t{modified.tv_sec} * 1000000000 + modified.tv_nsec;
}

}  // namespace

ModelFile inspect(const ModelSource& source) {
  ModelFile file;
  if (source.path.empty()) {
    file.label = "model given as bytes";
    file.bytes = source.bytes.size();
  } else {
    stat_file(source.path, file);
  }
  if (file.bytes == 0) throw ModelError(file.label + ": empty, wanted a model");
  const std::string head = read_head(source);
  for (const Signature& signature : foreign())
    if (starts_with(head, signature.start))
      throw ModelError(file.label + ": not a model but " + signature.what);
  if (starts_with(head, "CviModel") || ends_with(source.path, ".cvimodel")) {
    file.runtime = "cvimodel";
    return file;
  }
  if (is_text(head)) throw ModelError(file.label + ": not a model but a text");
  file.runtime = "onnx";
  return file;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff{file.tellg()} : -1;
  std::string bytes(size > 0 ? static_cast<std::size_t>(size) : 0, '\0');
  file.seekg(0);
  if (size < 0 || !file.read(&bytes[0], size))
    throw ModelError(path + ": cannot be read: " + std::strerror(errno));
  return bytes;
}

std::string sha256_of(const ModelSource& source) {
  Sha256 hash;
  if (source.path.empty()) {
    hash.update(source.bytes.data(), source.bytes.size());
    return hash.hex();
  }
  std::ifstream file(source.path, std::ios::binary);
  std::array<char, 1 << 16> buffer;
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0)
    hash.update(buffer.data(), static_cast<std::size_t>(file.gcount()));
  if (!file.eof()) throw ModelError(source.path + ": cannot be read: " + std::strerror(errno));
  return hash.hex();
}

std::string manifest_path(const std::string& model_path) {
  const std::size_t name =
      model_path.find_last_of('/') == std::string::npos ? 0 : model_path.find_last_of('/') + 1;
  const std::size_t dot = model_path.find_last_of('.');
  const bool has_extension = dot != std::string::npos && dot > name;
  return (has_extension ? model_path.substr(0, dot) : model_path) + ".json";
}

}  // namespace facecap
