#pragma once

#include <cstddef>  // defines __GLIBC__ where it applies

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define FACECAP_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FACECAP_SANITIZED
#endif

/// Compiles a function a second time for AVX2 and picks at load time. Only for loops whose result does not
/// depend on the vector width, so that every machine gives the same numbers. Sanitizers do not stand the
/// choice at load time.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__AVX2__) && \
    !defined(FACECAP_SANITIZED)
#define FACECAP_MULTIVERSION __attribute__((target_clones("avx2", "default")))
#else
#define FACECAP_MULTIVERSION
#endif
