/* Fuzz, the recipes: a valid HDF5 file that is a cube no more, or still one, step by step from bytes. */
#include "fuzz_cube.h"

#include "../unit/tiny_cube.h"
#include "cube/hdf.h"

#include <string.h>

enum { MOST_STEPS = 12, MOST_RANK = 6, MOST_VALUES = 4096, TEXT_BYTES = 48 };

/* What is left of a recipe; beyond its end everything is 0. */
struct recipe {
    const uint8_t *at, *end;
};

static unsigned take(struct recipe *recipe)
{
    return recipe->at < recipe->end ? *recipe->at++ : 0;
}

static void take_bytes(struct recipe *recipe, uint8_t bytes[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)take(recipe);
    }
}

/* Names of all that a cube has, and of what it has not. */
static const char *take_name(struct recipe *recipe)
{
    static const char *const names[] = {
        "region",
        "alfven_mach",
        "beta",
        "injection_scale",
        "rigidity",
        "D",
        "D_fast",
        "D_alfven",
        "D_slow",
        "rel_error",
        "mu_star",
        "quality",
        "x_c",
        "density",
        "temperature",
        "magnetic_field",
        "alfven_speed",
        "state",
        "cost",
        "integrity",
        "integrity/checksum",
        "new",
        "integrity/new",
    };
    return names[take(recipe) % (sizeof names / sizeof *names)];
}

static const char *take_attribute_name(struct recipe *recipe)
{
    static const char *const names[] = {
        "title",      "configuration",  "physics",        "data_hash",   "header_hash", "axis_scale", "ranks",
        "_FillValue", "DIMENSION_LIST", "REFERENCE_LIST", "flag_values", "units",       "%s%n",       "CLASS",
    };
    return names[take(recipe) % (sizeof names / sizeof *names)];
}

static hid_t text_type(size_t size)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    return type;
}

static hid_t compound_type(void)
{
    const hid_t type = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(type, "a", 0, H5T_IEEE_F64LE);
    H5Tinsert(type, "b", 8, H5T_STD_U8LE);
    return type;
}

static hid_t enum_type(void)
{
    const uint8_t value = 1;
    const hid_t type = H5Tenum_create(H5T_STD_U8LE);
    H5Tenum_insert(type, "one", &value);
    return type;
}

/* A float of 8 bytes that is not IEEE's. */
static hid_t odd_float(void)
{
    const hid_t type = H5Tcopy(H5T_IEEE_F64LE);
    H5Tset_fields(type, 40, 30, 8, 0, 30);
    H5Tset_precision(type, 41);
    return type;
}

/* Any type; to be closed. */
static hid_t take_type(struct recipe *recipe)
{
    const hsize_t three = 3;
    switch (take(recipe) % 20) {
    case 0:
        return H5Tcopy(H5T_IEEE_F64LE);
    case 1:
        return H5Tcopy(H5T_IEEE_F32LE);
    case 2:
        return H5Tcopy(H5T_IEEE_F64BE);
    case 3:
        return H5Tcopy(H5T_STD_U8LE);
    case 4:
        return H5Tcopy(H5T_STD_I8LE);
    case 5:
        return H5Tcopy(H5T_STD_U32BE);
    case 6:
        return H5Tcopy(H5T_STD_U32LE);
    case 7:
        return H5Tcopy(H5T_STD_I64LE);
    case 8:
        return H5Tcopy(H5T_STD_B8LE);
    case 9:
        return H5Tcopy(H5T_NATIVE_LDOUBLE);
    case 10:
        return text_type(1 + take(recipe));
    case 11:
        return text_type(H5T_VARIABLE);
    case 12:
        return compound_type();
    case 13:
        return H5Tarray_create2(H5T_IEEE_F64LE, 1, &three);
    case 14:
        return enum_type();
    case 15:
        return H5Tcreate(H5T_OPAQUE, 8);
    case 16:
        return H5Tcopy(H5T_STD_REF_OBJ);
    case 17:
        return H5Tvlen_create(H5T_STD_I32LE);
    case 18:
        return odd_float();
    default:
        return H5Tcopy(H5T_UNIX_D32LE);
    }
}

/* Any shape of few values; most often that of a cube's variables. To be closed. */
static hid_t take_space(struct recipe *recipe)
{
    hsize_t dims[MOST_RANK] = {2, 2, 1, 3, 4}, most[MOST_RANK], n_values = 1;
    const unsigned kind = take(recipe) % 10;
    if (kind == 9) {
        return H5Screate(H5S_NULL);
    }
    const int rank = kind == 8 ? (int)(take(recipe) % (MOST_RANK + 1)) : kind < 4 ? 5 : kind < 6 ? 4 : 1;
    for (int i = 0; i < rank; i++) {
        const unsigned change = take(recipe);
        dims[i] = kind == 8 || change >= 128 ? change % 9 : kind >= 6 ? 1 + change % 5 : dims[i];
        most[i] = take(recipe) % 16 == 15 ? H5S_UNLIMITED : dims[i];
        n_values *= dims[i];
    }
    return rank == 0 || n_values > MOST_VALUES ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, most);
}

/* How the values are laid out. To be closed. */
static hid_t take_layout(struct recipe *recipe)
{
    const hsize_t chunk[MOST_RANK] = {1, 2, 1, 2, 3, 1};
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const unsigned kind = take(recipe) % 8;
    const int rank = 1 + (int)(take(recipe) % 5);
    if (kind == 1) {
        H5Pset_layout(creation, H5D_COMPACT);
    } else if (kind == 2 || kind == 3) {
        H5Pset_chunk(creation, rank, chunk);
        if (kind == 3) {
            H5Pset_shuffle(creation);
            H5Pset_deflate(creation, 1);
        }
    } else if (kind == 4) {
        H5Pset_external(creation, "/dev/null", 0, H5F_UNLIMITED);
    } else if (kind == 5) {
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    } else if (kind == 6) {
        H5Pset_alloc_time(creation, H5D_ALLOC_TIME_LATE);
        H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    }
    return creation;
}

/* Write the same bytes into every value of a dataset whose values are plain numbers. */
static void fill_dataset(struct recipe *recipe, hid_t dataset)
{
    static uint8_t values[MOST_VALUES * 16];
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    const size_t size = type >= 0 ? H5Tget_size(type) : 0;
    const hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
    if ((class == H5T_FLOAT || class == H5T_INTEGER) && size <= 16 && n > 0 && n <= MOST_VALUES) {
        uint8_t value[16];
        take_bytes(recipe, value, size);
        for (hssize_t i = 0; i < n; i++) {
            memcpy(values + (size_t)i * size, value, size);
        }
        const unsigned steps = take(recipe);
        for (hssize_t i = 0; steps % 2 == 1 && i < n; i++) { /* ascending, for an axis */
            values[(size_t)i * size + (size > 1 ? size - 2 : 0)] += (uint8_t)i;
        }
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
}

static void new_dataset(struct recipe *recipe, hid_t file, const char *name)
{
    const hid_t type = take_type(recipe), space = take_space(recipe), creation = take_layout(recipe);
    H5Ldelete(file, name, H5P_DEFAULT);
    const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    if (dataset >= 0) {
        fill_dataset(recipe, dataset);
        H5Dclose(dataset);
    }
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

/* Is any pattern of bits a value of this type, and no pointer in memory? */
static bool is_plain(hid_t type)
{
    const H5T_class_t class = H5Tget_class(type);
    return class == H5T_FLOAT || class == H5T_INTEGER || class == H5T_BITFIELD || class == H5T_OPAQUE ||
           class == H5T_TIME || (class == H5T_STRING && H5Tis_variable_str(type) == 0);
}

/* Change one value of a dataset. */
static void set_value(struct recipe *recipe, hid_t file, const char *name)
{
    static uint8_t values[MOST_VALUES * 8];
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    const hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    const size_t size = type >= 0 ? H5Tget_size(type) : 0;
    const hsize_t stored = dataset >= 0 ? H5Dget_storage_size(dataset) : 0;
    if (size > 0 && size <= 8 && is_plain(type) && stored > 0 && stored <= sizeof values &&
        H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) {
        take_bytes(recipe, values + take(recipe) % (stored / size) * size, size);
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (dataset >= 0) {
        H5Dclose(dataset);
    }
}

/* Write an attribute of plain bytes, or of text of any length. */
static void write_attribute(struct recipe *recipe, hid_t attribute, hid_t type, hid_t space)
{
    static uint8_t values[MOST_VALUES * 256];
    char text[TEXT_BYTES + 1] = "";
    const char *texts[MOST_VALUES];
    const H5T_class_t class = H5Tget_class(type);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    take_bytes(recipe, (uint8_t *)text, TEXT_BYTES);
    if (n <= 0 || n > MOST_VALUES || class == H5T_VLEN || class == H5T_REFERENCE) {
        return;
    }
    if (H5Tis_variable_str(type) > 0) {
        for (hssize_t i = 0; i < n; i++) {
            texts[i] = text;
        }
        H5Awrite(attribute, type, texts);
    } else {
        for (size_t i = 0; i < (size_t)n * H5Tget_size(type) && i < sizeof values; i++) {
            values[i] = (uint8_t)text[i % TEXT_BYTES];
        }
        H5Awrite(attribute, type, values);
    }
}

static void new_attribute(struct recipe *recipe, hid_t file, const char *object)
{
    const char *name = take_attribute_name(recipe), *on = take(recipe) % 2 ? object : "/";
    const hid_t type = take_type(recipe), space = take(recipe) % 2 ? H5Screate(H5S_SCALAR) : take_space(recipe);
    H5Adelete_by_name(file, on, name, H5P_DEFAULT);
    const hid_t attribute = H5Acreate_by_name(file, on, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) {
        write_attribute(recipe, attribute, type, space);
        H5Aclose(attribute);
    }
    H5Sclose(space);
    H5Tclose(type);
}

/* Another thing in the place of `name`. */
static void replace(struct recipe *recipe, hid_t file, const char *name)
{
    const char *other = take_name(recipe);
    const unsigned kind = take(recipe) % 6;
    if (kind == 5) {
        H5Lmove(file, other, file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    }
    H5Ldelete(file, name, H5P_DEFAULT);
    if (kind == 0) {
        H5Lcreate_soft(other, file, name, H5P_DEFAULT, H5P_DEFAULT);
    } else if (kind == 1) {
        H5Lcreate_external("/dev/null", other, file, name, H5P_DEFAULT, H5P_DEFAULT);
    } else if (kind == 2) {
        H5Lcreate_hard(file, other, file, name, H5P_DEFAULT, H5P_DEFAULT);
    } else if (kind == 3) {
        const hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (group >= 0) {
            H5Gclose(group);
        }
    }
}

static void follow(struct recipe *recipe, hid_t file)
{
    for (int step = 0; step < MOST_STEPS && recipe->at < recipe->end; step++) {
        const unsigned what = take(recipe) % 8;
        const char *name = take_name(recipe);
        if (what < 2) {
            new_dataset(recipe, file, name);
        } else if (what < 4) {
            set_value(recipe, file, name);
        } else if (what < 6) {
            new_attribute(recipe, file, name);
        } else {
            replace(recipe, file, name);
        }
    }
}

/* The whole tiny cube, complete or with 5 of its 12 curves, made once. */
static const uint8_t *whole_cube(bool complete, size_t *size)
{
    static uint8_t *bytes[2];
    static size_t sizes[2];
    if (bytes[complete] == NULL) {
        const struct dmumu_cube_spec spec = tiny_cube_spec();
        struct fuzz_file file = fuzz_file_new(NULL, 0);
        FUZZ_REQUIRE(tiny_cube_make(file.path, &spec, complete ? TINY_CURVES : 5, false) &&
                         (!complete || tiny_cube_finish(file.path)),
                     "no cube");
        bytes[complete] = fuzz_file_take(&file, &sizes[complete]);
        fuzz_file_remove(&file);
    }
    *size = sizes[complete];
    return bytes[complete];
}

struct fuzz_file fuzz_recipe_follow(const uint8_t *recipe, size_t size)
{
    struct recipe steps = {.at = recipe, .end = recipe + size};
    size_t whole_size = 0;
    const uint8_t *whole = whole_cube(take(&steps) % 2 == 1, &whole_size);
    struct fuzz_file result = fuzz_file_new(whole, whole_size);
    const hid_t access = dmumu_cube_access_new();
    const hid_t file = H5Fopen(result.path, H5F_ACC_RDWR, access);
    H5Pclose(access);
    FUZZ_REQUIRE(file >= 0, "the whole cube cannot be opened");
    follow(&steps, file);
    H5Fclose(file);
    return result;
}
