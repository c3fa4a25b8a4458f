#pragma once

namespace facecap::board {

/// SIGINT and SIGTERM ask for an orderly end; a second one ends at once with exit code 130. A closed pipe is
/// an error of the write and no longer ends the program. One a process.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  static bool came();
};

/// Waits until `file` can be read. False where nothing came in `timeout_ms` (-1: no limit) or an end was
/// asked for.
bool wait_readable(int file, int timeout_ms);

}  // namespace facecap::board
