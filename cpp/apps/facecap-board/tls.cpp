#include "tls.hpp"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

#include "errors.hpp"
#include "tls_certificate.hpp"

namespace facecap::board {

struct TlsTrust::Parts {
  Parts() {
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&authorities);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_session_init(&session);
  }
  ~Parts() {
    mbedtls_ssl_session_free(&session);
    mbedtls_ssl_config_free(&config);
    mbedtls_x509_crt_free(&authorities);
    mbedtls_ctr_drbg_free(&random);
    mbedtls_entropy_free(&entropy);
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt authorities;
  mbedtls_ssl_config config;
  mbedtls_ssl_session session;  // of the last server that was believed: the next handshake is short
  bool has_session = false;
  std::string fingerprint;
  std::string authorities_file;
};

namespace {

constexpr const char* kSystemFiles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                        "/etc/ssl/cert.pem"};

std::string hex(int error) {
  char text[16];
  std::snprintf(text, sizeof text, "-0x%04x", static_cast<unsigned>(-error));
  return text;
}

std::string system_file() {
  std::string tried;
  for (const char* file : kSystemFiles) {
    if (::access(file, R_OK) == 0) return file;
    tried += std::string(tried.empty() ? "" : ", ") + file;
  }
  throw UsageError("push_url is https://, and this system has no file of trusted certificates (looked for " +
                   tried + "): give push_ca_file or push_fingerprint");
}

int on_send(void* context, const unsigned char* data, std::size_t bytes) {
  const ssize_t sent = ::send(*static_cast<int*>(context), data, bytes, MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<int>(sent);
  if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return MBEDTLS_ERR_SSL_WANT_WRITE;
  return errno == EPIPE || errno == ECONNRESET ? MBEDTLS_ERR_NET_CONN_RESET : MBEDTLS_ERR_NET_SEND_FAILED;
}

int on_receive(void* context, unsigned char* data, std::size_t bytes) {
  const ssize_t got = ::recv(*static_cast<int*>(context), data, bytes, 0);
  if (got >= 0) return static_cast<int>(got);
  if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return MBEDTLS_ERR_SSL_WANT_READ;
  return errno == ECONNRESET ? MBEDTLS_ERR_NET_CONN_RESET : MBEDTLS_ERR_NET_RECV_FAILED;
}

class TlsWire : public Wire {
 public:
  TlsWire(TlsTrust::Parts& trust, int socket, const std::string& host)
      : trust_(trust), socket_(socket), host_(host) {
    mbedtls_ssl_init(&ssl_);
    const int error = set_up();
    if (error == 0) return;
    mbedtls_ssl_free(&ssl_);
    throw Error("TLS cannot begin (" + hex(error) + ")");
  }
  ~TlsWire() override {
    mbedtls_ssl_close_notify(&ssl_);
    mbedtls_ssl_free(&ssl_);
  }

  Step open() override {
    const int result = mbedtls_ssl_handshake(&ssl_);
    if (result != MBEDTLS_ERR_SSL_WANT_READ && result != MBEDTLS_ERR_SSL_WANT_WRITE)
      trust_.has_session = false;  // whatever is wrong, the next try begins afresh
    if (!trouble_.empty()) throw Error(trouble_ + "; nothing was sent");
    // A server that goes on with a session shows no certificate again.
    if (result == 0 && !believed_ && !offered_) throw Error("it has shown no certificate; nothing was sent");
    if (result == 0) keep_session();
    return step(result);
  }

  Step send(const char* data, std::size_t bytes, std::size_t& sent) override {
    const int result = mbedtls_ssl_write(&ssl_, reinterpret_cast<const unsigned char*>(data), bytes);
    if (result > 0) sent = static_cast<std::size_t>(result);
    return step(result);
  }

  Step receive(char* data, std::size_t bytes, std::size_t& got) override {
    const int result = mbedtls_ssl_read(&ssl_, reinterpret_cast<unsigned char*>(data), bytes);
    if (result > 0) got = static_cast<std::size_t>(result);
    return result == 0 ? Step::closed : step(result);
  }

 private:
  int set_up() {
    if (const int error = mbedtls_ssl_setup(&ssl_, &trust_.config)) return error;
    // An address is compared below: Mbed TLS knows names alone, and none may be sent that is an address.
    if (const int error = mbedtls_ssl_set_hostname(&ssl_, is_address(host_) ? nullptr : host_.c_str()))
      return error;
    mbedtls_ssl_set_verify(
        &ssl_,
        [](void* self, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags) {
          static_cast<TlsWire*>(self)->verify(*certificate, depth, *flags);
          return 0;
        },
        this);
    offered_ = trust_.has_session && mbedtls_ssl_set_session(&ssl_, &trust_.session) == 0;
    mbedtls_ssl_set_bio(&ssl_, &socket_, on_send, on_receive, nullptr);
    return 0;
  }

  void keep_session() {
    mbedtls_ssl_session_free(&trust_.session);
    mbedtls_ssl_session_init(&trust_.session);
    trust_.has_session = mbedtls_ssl_get_session(&ssl_, &trust_.session) == 0;
  }

  /// Is called for each certificate of the chain, the server's own, of depth 0, as the last one.
  void verify(const mbedtls_x509_crt& certificate, int depth, std::uint32_t& flags) {
    if (!trust_.fingerprint.empty()) {
      flags = 0;
      if (depth > 0) return;
      const std::string found = fingerprint_of(certificate);
      if (found != trust_.fingerprint) {
        flags = MBEDTLS_X509_BADCERT_OTHER;
        trouble_ = "its certificate has another fingerprint than push_fingerprint: " + found;
      }
    } else {
      if (depth == 0 && is_address(host_) && !names_address(certificate, host_))
        flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
      chain_flags_ |= flags;
      if (depth == 0 && chain_flags_ != 0)
        trouble_ = certificate_trouble(certificate, chain_flags_, host_, trust_.authorities_file);
    }
    believed_ = depth == 0 && trouble_.empty();
  }

  Step step(int result) const {
    if (result >= 0) return Step::done;
    switch (result) {
      case MBEDTLS_ERR_SSL_WANT_READ:
#ifdef MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET
      case MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET:
#endif
        return Step::read;
      case MBEDTLS_ERR_SSL_WANT_WRITE:
        return Step::write;
      case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
      case MBEDTLS_ERR_SSL_CONN_EOF:
      case MBEDTLS_ERR_NET_CONN_RESET:
        return Step::closed;
      case MBEDTLS_ERR_SSL_INVALID_RECORD:
        throw Error("it speaks no TLS at this port");
      case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        throw Error("it refuses the TLS of this program");
      default:
        throw Error("TLS failed (" + hex(result) + ")");
    }
  }

  TlsTrust::Parts& trust_;
  int socket_;
  const std::string host_;
  mbedtls_ssl_context ssl_;
  std::uint32_t chain_flags_ = 0;
  std::string trouble_;
  bool offered_ = false;   // a session of the server that was believed
  bool believed_ = false;  // by the certificate that it has shown
};

}  // namespace

TlsTrust::TlsTrust(const std::string& ca_file, const std::string& fingerprint)
    : parts_(std::make_unique<Parts>()) {
  Parts& p = *parts_;
  p.fingerprint = fingerprint;
  if (fingerprint.empty()) {
    p.authorities_file = ca_file.empty() ? system_file() : ca_file;
    const int error = mbedtls_x509_crt_parse_file(&p.authorities, p.authorities_file.c_str());
    // Above 0: so many of it that Mbed TLS cannot read, among others that it can.
    if (error < 0)
      throw UsageError(p.authorities_file + ": no file of certificates in PEM (" + hex(error) + ")");
  }
#if MBEDTLS_VERSION_MAJOR >= 3
  if (psa_crypto_init() != PSA_SUCCESS) throw Error("TLS cannot begin: no cryptography");
#endif
  int error = mbedtls_ctr_drbg_seed(&p.random, mbedtls_entropy_func, &p.entropy, nullptr, 0);
  if (error == 0)
    error = mbedtls_ssl_config_defaults(&p.config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                        MBEDTLS_SSL_PRESET_DEFAULT);
  if (error != 0) throw Error("TLS cannot begin (" + hex(error) + ")");
  mbedtls_ssl_conf_rng(&p.config, mbedtls_ctr_drbg_random, &p.random);
  mbedtls_ssl_conf_min_version(&p.config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_authmode(&p.config, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_ca_chain(&p.config, &p.authorities, nullptr);
}

TlsTrust::~TlsTrust() = default;

std::unique_ptr<Wire> TlsTrust::wire(int socket, const std::string& host) {
  return std::make_unique<TlsWire>(*parts_, socket, host);
}

}  // namespace facecap::board
