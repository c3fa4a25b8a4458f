// Stands in for an ONNX Runtime that has CUDA and OpenVINO: the real library computes, and what those
// providers would say comes from here. REAL names the real library, SHIM what happens:
//   all, part, none   the provider takes the whole network, a part of it, nothing
//   start, open, run  the provider fails when it is asked for, at the model, at a picture
// It says that it is VERSION. What a provider is told goes to standard output.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const void* Status;
typedef struct {
  const void* const* (*get_api)(unsigned);
  const char* (*version)(void);
} Base;

enum { USED_SLOTS = 217, SLOTS = 409 };
static const void* table[SLOTS];
static const void* const* real;
static const char* part_names[2];
static const void* parts[2] = {&part_names[0], &part_names[1]};
static int asked;
static const char* asked_name = "";

static int mode(const char* name) {
  return strcmp(getenv("SHIM"), name) == 0;
}
static Status failed(const char* text) {
  return ((Status (*)(int, const char*))real[0])(1, text);
}
static Status append(const char* name, const char* const* keys, const char* const* values, size_t count) {
  printf("%s", name);
  for (size_t i = 0; i < count; ++i) printf(" %s=%s", keys[i], values[i]);
  printf("\n");
  fflush(stdout);
  asked = 1;
  asked_name = name;
  return mode("start") ? failed("the device is not there") : NULL;
}

static Status available(char*** names, int* count) {
  static char* all[] = {"CUDAExecutionProvider", "OpenVINOExecutionProvider", "CPUExecutionProvider"};
  *names = all;
  *count = 3;
  return NULL;
}
static Status release_available(char** names, int count) {
  return NULL;
}
static Status add_config(void* options, const char* key, const char* value) {
  if (strcmp(key, "session.disable_cpu_ep_fallback") == 0) printf("alone\n");
  if (strcmp(key, "session.record_ep_graph_assignment_info") == 0)
    return NULL;  // newer than some that are real
  return ((Status (*)(void*, const char*, const char*))real[130])(options, key, value);
}
static int cuda_options;
static const char *cuda_keys[8], *cuda_values[8];
static size_t cuda_count;
static Status create_cuda(void** out) {
  *out = &cuda_options;
  return NULL;
}
static Status update_cuda(void* options, const char* const* keys, const char* const* values, size_t count) {
  memcpy(cuda_keys, keys, count * sizeof *keys);
  memcpy(cuda_values, values, count * sizeof *values);
  cuda_count = count;
  return NULL;
}
static void release_cuda(void* options) {}
static Status append_cuda(void* options, const void* cuda) {
  return append("CUDA", cuda_keys, cuda_values, cuda_count);
}
static Status append_named(void* options, const char* name, const char* const* keys,
                           const char* const* values, size_t count) {
  return append(name, keys, values, count);
}
static Status create_session(const void* env, const char* path, const void* options, void** session) {
  if (asked && mode("open")) return failed("a node that the device does not know");
  return ((Status (*)(const void*, const char*, const void*, void**))real[7])(env, path, options, session);
}
static Status run(void* session, const void* options, const char* const* in, const void* const* inputs,
                  size_t count, const char* const* out, size_t outputs, void** values) {
  if (asked && mode("run")) return failed("the device was lost");
  return ((Status (*)(void*, const void*, const char* const*, const void* const*, size_t, const char* const*,
                      size_t, void**))real[9])(session, options, in, inputs, count, out, outputs, values);
}
static Status assigned(const void* session, const void* const** out, size_t* count) {
  static char own[64];
  snprintf(own, sizeof own, "%sExecutionProvider", asked_name);
  part_names[0] = mode("none") ? "CPUExecutionProvider" : own;
  part_names[1] = "CPUExecutionProvider";
  *out = parts;
  *count = mode("part") ? 2 : 1;
  return NULL;
}
static Status name_of(const void* part, const char** out) {
  *out = *(const char* const*)part;
  return NULL;
}

static const Base* real_base(void) {
  void* library = dlopen(getenv("REAL"), RTLD_NOW);
  return library ? ((const Base* (*)(void))dlsym(library, "OrtGetApiBase"))() : NULL;
}
static const void* const* get_api(unsigned version) {
  real = real_base()->get_api(17);
  memcpy(table, real, USED_SLOTS * sizeof *table);
  table[7] = create_session;
  table[9] = run;
  table[130] = add_config;
  table[125] = available;
  table[126] = release_available;
  table[204] = append_cuda;
  table[205] = create_cuda;
  table[206] = update_cuda;
  table[208] = release_cuda;
  table[216] = append_named;
  table[407] = assigned;
  table[408] = name_of;
  return table;
}
static const char* version(void) {
  return getenv("VERSION");
}
static const Base base = {get_api, version};
const Base* OrtGetApiBase(void) {
  return &base;
}
