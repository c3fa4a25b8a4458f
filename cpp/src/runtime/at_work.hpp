#pragma once

namespace facecap {

/// Lives while a call is in a runtime or holds a lock of this folder. A fork waits until no other thread is,
/// since the child has none of these threads and would wait for their locks for ever; a call that begins
/// meanwhile waits for the fork. May be nested.
class AtWork {
 public:
  AtWork();
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;
};

}  // namespace facecap
