#pragma once

#include <memory>
#include <string>

#include "wire.hpp"

namespace facecap::board {

/// Which servers are believed: those whose certificate is signed by a certificate of a file, valid now and
/// made for the host, or the one whose certificate has a fingerprint.
class TlsTrust {
 public:
  /// `ca_file`: of certificates in PEM; where both are empty, that of the system. `fingerprint`: SHA-256 of a
  /// server's certificate as `read_fingerprint` gives it. Throws UsageError where there is no such file.
  TlsTrust(const std::string& ca_file, const std::string& fingerprint);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

  /// TLS 1.2 or newer over a connected socket, which stays the caller's; `host` is a name or an address, the
  /// same in every call. Its `open` throws Error where the server is not believed, before a byte is sent to
  /// it. One wire at a time.
  std::unique_ptr<Wire> wire(int socket, const std::string& host);

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace facecap::board
