/* Rows: curves as HDF5 selections. */
#include "cube/rows.h"

#include "cube/hdf.h"

enum { CURVE_AXES = 4 };

size_t dmumu_cube_runs_join(size_t n, const uint64_t curve[], struct dmumu_cube_run runs[])
{
    size_t n_runs = 0;
    for (size_t i = 0; i < n; i++) {
        if (n_runs > 0 && curve[i] == runs[n_runs - 1].first + runs[n_runs - 1].count) {
            runs[n_runs - 1].count++;
        } else {
            runs[n_runs++] = (struct dmumu_cube_run){.first = curve[i], .count = 1};
        }
    }
    return n_runs;
}

/*
 * Take from the front of `run` the largest box: climb from the last curve axis as long as the run starts at a multiple
 * of the next stride and is at least that long; then as many steps along that axis as the run and the axis have.
 */
static void take_box(const size_t n[], struct dmumu_cube_run *run, hsize_t start[], hsize_t count[])
{
    uint64_t stride = 1, index = run->first;
    int axis = CURVE_AXES - 1;
    while (axis > 0 && run->first % (stride * n[axis]) == 0 && run->count >= stride * n[axis]) {
        stride *= n[axis--];
    }
    for (int i = CURVE_AXES - 1; i >= 0; i--) {
        start[i] = index % n[i];
        index /= n[i];
        count[i] = i > axis ? n[i] : 1;
    }
    const uint64_t wanted = run->count / stride, room = n[axis] - start[axis];
    count[axis] = wanted < room ? wanted : room;
    run->first += count[axis] * stride;
    run->count -= count[axis] * stride;
}

static bool select_runs(hid_t space, const size_t n[], size_t n_runs, const struct dmumu_cube_run runs[])
{
    hsize_t start[DMUMU_CUBE_N_AXES] = {0}, count[DMUMU_CUBE_N_AXES];
    bool selected = H5Sselect_none(space) >= 0;
    count[CURVE_AXES] = n[CURVE_AXES];
    for (size_t i = 0; i < n_runs; i++) {
        struct dmumu_cube_run rest = runs[i];
        while (selected && rest.count > 0) {
            take_box(n, &rest, start, count);
            selected = H5Sselect_hyperslab(space, H5S_SELECT_OR, start, NULL, count, NULL) >= 0;
        }
    }
    return selected;
}

bool dmumu_cube_rows_select(const size_t n[static DMUMU_CUBE_N_AXES], int n_axes, size_t n_runs,
                            const struct dmumu_cube_run runs[], struct dmumu_cube_rows *rows)
{
    hsize_t dims[DMUMU_CUBE_N_AXES], n_values = n_axes > CURVE_AXES ? n[CURVE_AXES] : 1, n_curves = 0;
    for (int i = 0; i < n_axes; i++) {
        dims[i] = n[i];
    }
    for (size_t i = 0; i < n_runs; i++) {
        n_curves += runs[i].count;
    }
    n_values *= n_curves > 0 ? n_curves : 1;
    rows->file_space = H5Screate_simple(n_axes, dims, NULL);
    rows->memory_space = H5Screate_simple(1, &n_values, NULL);
    if (rows->file_space >= 0 && rows->memory_space >= 0 && select_runs(rows->file_space, n, n_runs, runs) &&
        (n_curves > 0 || H5Sselect_none(rows->memory_space) >= 0)) {
        return true;
    }
    dmumu_cube_rows_close(rows);
    return false;
}

void dmumu_cube_rows_close(struct dmumu_cube_rows *rows)
{
    const hid_t kept = dmumu_hdf_keep();
    if (rows->file_space >= 0) {
        H5Sclose(rows->file_space);
    }
    if (rows->memory_space >= 0) {
        H5Sclose(rows->memory_space);
    }
    rows->file_space = rows->memory_space = H5I_INVALID_HID;
    dmumu_hdf_give_back(kept);
}

bool dmumu_cube_rows_write(hid_t dataset, enum dmumu_cube_type type, hid_t transfer, const struct dmumu_cube_rows *rows,
                           const void *values)
{
    return H5Dwrite(dataset, dmumu_hdf_memory_type(type), rows->memory_space, rows->file_space, transfer, values) >= 0;
}

bool dmumu_cube_rows_read(hid_t dataset, enum dmumu_cube_type type, hid_t transfer, const struct dmumu_cube_rows *rows,
                          void *values)
{
    return H5Dread(dataset, dmumu_hdf_memory_type(type), rows->memory_space, rows->file_space, transfer, values) >= 0;
}
