/* Export, nodes: every value of a complete cube with its quality and estimated error. */
#ifndef DMUMU_CMD_EXPORT_NODES_H
#define DMUMU_CMD_EXPORT_NODES_H

#include "cmd_export.h"

#include "scan/axes.h"

/** [n_curves][n_rigidity] each; curves as in scan/axes.h. All owned. */
struct dmumu_export_nodes {
    struct dmumu_grid grid;
    size_t n_curves, n_rigidity;
    double *d_cm2_s;
    float *rel_error;
    uint8_t *quality;
    char *physics_hash, *data_hash;
};

/** Read and check the whole file. @param[out] nodes  to be freed with dmumu_export_nodes_free, on error too */
int dmumu_export_nodes_read(const struct dmumu_export *export, struct dmumu_export_nodes *nodes);
void dmumu_export_nodes_free(struct dmumu_export_nodes *nodes);

#endif
