#include "runtime/cvimodel/printed.hpp"

#if defined(__GLIBC__) && defined(__x86_64__)

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace facecap::cvimodel {
namespace {

constexpr std::size_t kKept = 1000;

std::mutex& guard() {
  static std::mutex* mutex = new std::mutex;  // the library may print while the process ends
  return *mutex;
}

std::string& kept() {
  static std::string* text = new std::string;
  return *text;
}

void keep(const char* text) {
  if (std::strncmp(text, "Cmodel: bm_", 11) == 0) return;
  const std::lock_guard<std::mutex> lock(guard());
  kept() += text;
  if (kept().size() > kKept) kept().erase(0, kept().size() - kKept);
}

int keep_format(const char* format, va_list arguments) {
  char line[512];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  keep(line);
  return length;
}

extern "C" {

int facecap_kept_printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = keep_format(format, arguments);
  va_end(arguments);
  return length;
}

int facecap_kept_printf_chk(int, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = keep_format(format, arguments);
  va_end(arguments);
  return length;
}

int facecap_kept_puts(const char* text) {
  keep(text);
  keep("\n");
  return 1;
}

int facecap_kept_putchar(int character) {
  const char text[] = {static_cast<char>(character), '\0'};
  keep(text);
  return character;
}
}

void* replacement(const char* name) {
  if (std::strcmp(name, "printf") == 0) return reinterpret_cast<void*>(&facecap_kept_printf);
  if (std::strcmp(name, "__printf_chk") == 0) return reinterpret_cast<void*>(&facecap_kept_printf_chk);
  if (std::strcmp(name, "puts") == 0) return reinterpret_cast<void*>(&facecap_kept_puts);
  if (std::strcmp(name, "putchar") == 0) return reinterpret_cast<void*>(&facecap_kept_putchar);
  return nullptr;
}

/// The entries of a library's dynamic section that are needed here; the loader has made addresses of them.
struct Imports {
  explicit Imports(const ElfW(Dyn) * entry) {
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_JMPREL) slots = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr);
      if (entry->d_tag == DT_PLTRELSZ) count = entry->d_un.d_val / sizeof(ElfW(Rela));
      if (entry->d_tag == DT_BIND_NOW) sealed = true;
      if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_BIND_NOW) != 0) sealed = true;
      if (entry->d_tag == DT_FLAGS_1 && (entry->d_un.d_val & DF_1_NOW) != 0) sealed = true;
    }
  }
  const char* names = nullptr;
  const ElfW(Sym) * symbols = nullptr;
  const ElfW(Rela) * slots = nullptr;
  std::size_t count = 0;
  bool sealed = false;  // the loader has made the slots read-only
};

bool divert_one(const link_map& map) {
  const Imports imports(map.l_ld);
  if (imports.sealed || imports.names == nullptr || imports.symbols == nullptr || imports.slots == nullptr)
    return false;
  for (std::size_t i = 0; i < imports.count; ++i) {
    const ElfW(Rela) & slot = imports.slots[i];
    const ElfW(Sym) & symbol = imports.symbols[ELF64_R_SYM(slot.r_info)];
    void* function = replacement(imports.names + symbol.st_name);
    if (function != nullptr) *reinterpret_cast<void**>(map.l_addr + slot.r_offset) = function;
  }
  return true;
}

link_map* map_of(void* library) {
  link_map* map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 ? map : nullptr;
}

}  // namespace

bool divert_printed(void* library) {
  const link_map* map = map_of(library);
  if (map == nullptr || !divert_one(*map)) return false;
  for (const char* name : {"libcvicmodel.so", "libcvikernel.so"}) {
    void* sibling = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
    if (sibling == nullptr) continue;
    if (const link_map* sibling_map = map_of(sibling)) divert_one(*sibling_map);
    dlclose(sibling);
  }
  return true;
}

std::string take_printed() {
  const std::lock_guard<std::mutex> lock(guard());
  std::string text;
  text.swap(kept());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

}  // namespace facecap::cvimodel

#else

namespace facecap::cvimodel {

bool divert_printed(void*) {
  return false;
}

std::string take_printed() {
  return {};
}

}  // namespace facecap::cvimodel

#endif
