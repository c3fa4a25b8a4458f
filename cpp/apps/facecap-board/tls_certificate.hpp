#pragma once

#include <mbedtls/x509_crt.h>

#include <string>

namespace facecap::board {

/// SHA-256 of a certificate in 64 lowercase hexadecimal digits.
std::string fingerprint_of(const mbedtls_x509_crt& certificate);

/// Whether a certificate names this IP address, which is given as text, among its subject alternative names.
bool names_address(const mbedtls_x509_crt& certificate, const std::string& address);

bool is_address(const std::string& host);

/// What is wrong with a server's certificate, in words for the flags of a verification.
std::string certificate_trouble(const mbedtls_x509_crt& certificate, std::uint32_t flags,
                                const std::string& host, const std::string& authorities);

}  // namespace facecap::board
