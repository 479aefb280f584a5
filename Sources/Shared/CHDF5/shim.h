#pragma once
#include <hdf5.h>

// H5T_NATIVE_* and their like are macros over mutable globals, which Swift 6 rejects; property-list
// classes and flags are expressions, which Swift does not see. Each is wrapped here once.

static inline hid_t chdf5_f64(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_f32(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_u8(void) { return H5T_STD_U8LE; }
static inline hid_t chdf5_i64(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }

static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }

static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline hsize_t chdf5_unlimited(void) { return H5S_UNLIMITED; }
static inline haddr_t chdf5_undefined_address(void) { return HADDR_UNDEF; }

// Without HDF5's own locks: network file systems often refuse them, a child that is just being started
// holds them a moment longer, and files are put in place by renaming, so nobody sees half of one.
static inline hid_t chdf5_open_read_only(const char *path) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  H5Pset_file_locking(access, 0, 1);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

// A file from a stranger must not lead to others, nor have code loaded: links to other files are not followed, and
// filters are those of the library alone.
static inline void chdf5_defend(void) {
  H5Lunregister(H5L_TYPE_EXTERNAL);
  H5PLset_loading_state(0);
}

// Is a dataset put together of others, which the library looks for in other files?
static inline int chdf5_is_virtual(hid_t set) {
  hid_t creation = H5Dget_create_plist(set);
  if (creation < 0) return 1;
  int is_virtual = H5Pget_layout(creation) == H5D_VIRTUAL;
  H5Pclose(creation);
  return is_virtual;
}

// Does a dataset keep its numbers in a file beside? Reading them opens it.
static inline int chdf5_is_external(hid_t set) {
  hid_t creation = H5Dget_create_plist(set);
  if (creation < 0) return 1;
  int is_external = H5Pget_external_count(creation) != 0;
  H5Pclose(creation);
  return is_external;
}

// Creates or truncates, with the 1.10 format: many datasets per group are kept in an indexed heap.
static inline hid_t chdf5_create(const char *path) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  if (access < 0) return access;
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_file_locking(access, 0, 1);
  // The root group would carry the time of day, and equal results would not be equal files.
  hid_t creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_obj_track_times(creation, 0);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
  H5Pclose(creation);
  H5Pclose(access);
  return file;
}

// Switches off the library's own printing. The setting belongs to the calling thread.
static inline void chdf5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

static inline herr_t chdf5_first_error(unsigned n, const H5E_error2_t *error, void *text) {
  if (n == 0 && error->desc) {
    char *out = (char *)text;
    size_t i = 0;
    for (; i < 255 && error->desc[i]; i++) out[i] = error->desc[i];
    out[i] = 0;
  }
  return 0;
}

// The innermost message of the calling thread's error stack; `text` holds 256 bytes.
static inline void chdf5_last_error(char *text) {
  text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_first_error, text);
}
