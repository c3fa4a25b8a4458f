#include "tls_certificate.hpp"

#include <arpa/inet.h>
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include <cstdio>
#include <cstring>
#include <ctime>

#include "runtime/sha256.hpp"

namespace facecap::board {
namespace {

constexpr int kAddressName = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7;  // iPAddress of a GeneralName (RFC 5280)

struct Address {
  unsigned char bytes[16];
  std::size_t length = 0;
};

Address address_of(const std::string& text) {
  Address address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes) == 1)
    address.length = 4;
  else if (::inet_pton(AF_INET6, text.c_str(), address.bytes) == 1)
    address.length = 16;
  return address;
}

std::string day_of(const mbedtls_x509_time& time) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", time.year, time.mon, time.day);
  return text;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d", &utc);
  return text;
}

}  // namespace

std::string fingerprint_of(const mbedtls_x509_crt& certificate) {
  Sha256 hash;
  hash.update(certificate.raw.p, certificate.raw.len);
  return hash.hex();
}

bool is_address(const std::string& host) {
  return address_of(host).length > 0;
}

bool names_address(const mbedtls_x509_crt& certificate, const std::string& host) {
  const Address wanted = address_of(host);
  // Mbed TLS lists the names alone, so the extensions are walked here.
  unsigned char* at = certificate.v3_ext.p;
  std::size_t length = 0;
  if (!at || wanted.length == 0) return false;
  const unsigned char* end = at + certificate.v3_ext.len;
  constexpr int kSequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
  if (mbedtls_asn1_get_tag(&at, end, &length, kSequence) != 0) return false;
  while (mbedtls_asn1_get_tag(&at, end, &length, kSequence) == 0) {
    unsigned char* const next = at + length;
    if (mbedtls_asn1_get_tag(&at, next, &length, MBEDTLS_ASN1_OID) != 0) return false;
    const bool alternative = length == MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME) &&
                             std::memcmp(at, MBEDTLS_OID_SUBJECT_ALT_NAME, length) == 0;
    at += length;
    int critical = 0;
    if (alternative) {
      mbedtls_asn1_get_bool(&at, next, &critical);
      if (mbedtls_asn1_get_tag(&at, next, &length, MBEDTLS_ASN1_OCTET_STRING) != 0 ||
          mbedtls_asn1_get_tag(&at, next, &length, kSequence) != 0)
        return false;
      while (at < next) {
        const int kind = *at;
        if (mbedtls_asn1_get_tag(&at, next, &length, kind) != 0) return false;
        if (kind == kAddressName && length == wanted.length && std::memcmp(at, wanted.bytes, length) == 0)
          return true;
        at += length;
      }
    }
    at = next;
  }
  return false;
}

std::string certificate_trouble(const mbedtls_x509_crt& certificate, std::uint32_t flags,
                                const std::string& host, const std::string& authorities) {
  if (flags & MBEDTLS_X509_BADCERT_NOT_TRUSTED)
    return "its certificate is signed by none of " + authorities + " (its fingerprint is " +
           fingerprint_of(certificate) + ")";
  if (flags & MBEDTLS_X509_BADCERT_CN_MISMATCH) return "its certificate is for another host than " + host;
  if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
    return "a certificate has expired (its own on " + day_of(certificate.valid_to) +
           "); the clock here says " + today();
  if (flags & MBEDTLS_X509_BADCERT_FUTURE)
    return "a certificate is not valid yet (its own is from " + day_of(certificate.valid_from) +
           " on); the clock here says " + today();
  char text[16];
  std::snprintf(text, sizeof text, "%08lx", static_cast<unsigned long>(flags));
  return std::string("its certificate is not valid (flags of Mbed TLS: ") + text + ")";
}

}  // namespace facecap::board
