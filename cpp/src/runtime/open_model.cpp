#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include "facecap/error.hpp"
#include "facecap/session.hpp"
#include "runtime/at_work.hpp"
#include "runtime/cvimodel/cvimodel_session.hpp"
#include "runtime/fit.hpp"
#include "runtime/manifest_reader.hpp"
#include "runtime/model_file.hpp"
#include "runtime/onnx/onnx_session.hpp"
#include "runtime/onnx/providers.hpp"

namespace facecap {
namespace {

/// The sessions that somebody holds, by what they were opened from. One lock is held while a session loads,
/// so that two threads that open one file at once share it too.
class SessionCache {
 public:
  struct Entry {
    std::weak_ptr<Session> session;
    std::string sha256;
  };

  std::mutex& mutex() { return mutex_; }
  Entry& entry(const std::string& key) {
    for (auto it = entries_.begin(); it != entries_.end();)
      it = it->second.session.expired() ? entries_.erase(it) : std::next(it);
    return entries_[key];
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

SessionCache& cache() {
  static SessionCache* all = new SessionCache;  // models may be held until the process ends
  return *all;
}

void check_options(const SessionOptions& options) {
  if (options.runtime != "auto" && options.runtime != "onnx" && options.runtime != "cvimodel")
    throw std::invalid_argument("runtime: found '" + options.runtime + "', wanted auto, onnx or cvimodel");
  if (options.threads < 1 || options.threads > 256)
    throw std::invalid_argument("threads: found " + std::to_string(options.threads) + ", wanted 1 to 256");
  onnx::provider_named(options.provider);
  const std::vector<std::string>& chips = chip_names();
  if (!options.chip.empty() && std::find(chips.begin(), chips.end(), options.chip) == chips.end())
    throw std::invalid_argument("chip: found '" + options.chip + "', wanted one of: " + joined(chips));
}

void check_runtime(const ModelFile& file, const SessionOptions& options) {
  if (options.runtime != "auto" && options.runtime != file.runtime)
    throw ModelError(file.label + ": a model of the runtime " + file.runtime + ", but runtime=\"" +
                     options.runtime + "\" was asked for");
  if (file.runtime == "cvimodel" && options.provider != SessionOptions{}.provider)
    throw ModelError(file.label + ": a .cvimodel runs on its chip alone, but provider=\"" + options.provider +
                     "\" was asked for, which computes .onnx");
}

Manifest read_manifest(const ModelSource& source, const ModelFile& file) {
  if (!source.manifest.empty()) return Manifest::parse(source.manifest, "manifest of " + file.label);
  if (source.path.empty()) throw ModelError(file.label + ": bytes need their manifest beside them");
  return Manifest::load(manifest_path(source.path));
}

void check_chip(const ModelFile& file, const Manifest& manifest, const std::string& wanted) {
  if (file.runtime == "cvimodel" && manifest.chip.empty())
    throw ModelError(manifest.source + ": the key 'chip' is missing, which a .cvimodel needs");
  if (file.runtime != "cvimodel" && !manifest.chip.empty())
    throw ModelError(manifest.source + ": found the key 'chip', which only a .cvimodel has");
  if (file.runtime == "cvimodel" && !wanted.empty() && manifest.chip != wanted)
    throw ModelError(file.label + ": made for the chip " + manifest.chip + ", wanted " + wanted);
}

void check_size(const ModelFile& file, const Manifest& manifest) {
  if (file.bytes == manifest.bytes) return;
  throw ModelError(
      file.label + ": found " + std::to_string(file.bytes) + " bytes, the manifest wants " +
      std::to_string(manifest.bytes) +
      (file.bytes < manifest.bytes ? ": the file is truncated or another one" : ": another file"));
}

/// What else than the file decides about a session.
std::string variant(const ModelFile& file, const Manifest& manifest, const SessionOptions& options) {
  if (file.runtime == "cvimodel") return (options.unchecked ? "unchecked " : "checked ") + manifest.json;
  return std::to_string(options.threads) + ' ' + options.provider;
}

std::string cache_key(const ModelFile& file, const Manifest& manifest, const SessionOptions& options) {
  const std::string what = file.path.empty() ? manifest.sha256
                                             : file.path + '\0' + std::to_string(file.modified) + '\0' +
                                                   std::to_string(file.bytes);
  return what + '\0' + file.runtime + '\0' + variant(file, manifest, options);
}

std::shared_ptr<Session> open_session(const ModelSource& source, const ModelFile& file,
                                      const Manifest& manifest, const SessionOptions& options) {
  if (file.runtime == "onnx") return onnx::open_session(source.path, source.bytes, file.label, options);
  const std::string read = source.path.empty() ? "" : read_all(source.path);
  return cvimodel::open_session(source.path.empty() ? source.bytes : read, file.label, manifest,
                                options.unchecked);
}

std::shared_ptr<Session> open_shared(const ModelSource& source, const ModelFile& file,
                                     const Manifest& manifest, const SessionOptions& options) {
  const AtWork at_work;
  const std::lock_guard<std::mutex> lock(cache().mutex());
  SessionCache::Entry& entry = cache().entry(cache_key(file, manifest, options));
  std::shared_ptr<Session> session = entry.session.lock();
  const std::string sha256 = session && !source.path.empty() ? entry.sha256 : sha256_of(source);
  if (sha256 != manifest.sha256)
    throw ModelError(file.label + ": found the sha256 " + sha256 + ", the manifest wants " + manifest.sha256);
  if (session) return session;
  session = open_session(source, file, manifest, options);
  entry = {session, sha256};
  return session;
}

}  // namespace

Model open_model(const ModelSource& source, Task task, const SessionOptions& options) {
  check_options(options);
  const ModelFile file = inspect(source);
  check_runtime(file, options);
  auto manifest = std::make_shared<const Manifest>(read_manifest(source, file));
  if (manifest->task != task)
    throw ModelError(manifest->source + ": a model of the task " + to_string(manifest->task) + ", wanted " +
                     to_string(task));
  check_chip(file, *manifest, options.chip);
  check_size(file, *manifest);
  std::shared_ptr<Session> session = open_shared(source, file, *manifest, options);
  check_fit(*session, *manifest);
  return {std::move(session), std::move(manifest), source.path};
}

}  // namespace facecap
