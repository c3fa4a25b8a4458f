#include "facecap/session.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace facecap {

bool has_vnni() {
#if defined(__x86_64__) || defined(__i386__)
  // The compiler's own question covers whether the system keeps the registers; it knows the instructions by
  // name only in newer versions.
  constexpr unsigned kAvx512Vnni = 1u << 11;  // of ecx, leaf 7, 0
  constexpr unsigned kAvxVnni = 1u << 4;      // of eax, leaf 7, 1
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__builtin_cpu_supports("avx512bw") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & kAvx512Vnni))
    return true;
  return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & kAvxVnni);
#else
  return false;
#endif
}

}  // namespace facecap
