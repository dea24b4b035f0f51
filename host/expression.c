/* SPDX-License-Identifier: MIT
 *
 * A user's expression for a kernel's float64 reference: the same text, compiled in double.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "hash.h"
#include "key.h"
#include "problem_state.h"

/* What an expression may use besides <math.h>: the scalar functions of ops/math.h, here in double. */
static const char prelude[] =
    "#include <math.h>\n"
    "#include <stdint.h>\n"
    "#define TW_INFINITY ((double)INFINITY)\n"
    "static inline double tw_exp2f(double x) { return exp2(x); }\n"
    "static inline double tw_expf(double x) { return exp(x); }\n"
    "static inline double tw_log2f(double x) { return log2(x); }\n"
    "static inline double tw_logf(double x) { return log(x); }\n"
    "static inline double tw_sqrtf(double x) { return sqrt(x); }\n"
    "static inline double tw_rsqrtf(double x) { return 1 / sqrt(x); }\n"
    "static inline double tw_fmaf(double a, double b, double c) { return fma(a, b, c); }\n"
    "static inline double tw_absf(double x) { return fabs(x); }\n"
    "static inline double tw_maxf(double a, double b) { return a > b || a != a ? a : b; }\n"
    "static inline double tw_minf(double a, double b) { return a < b || a != a ? a : b; }\n"
    "static inline double tw_clampf(double x, double a, double b) { return x < a ? a : x > b ? b : x; }\n"
    "static inline double tw_divf(double a, double b) { return a / b; }\n"
    "static inline double tw_sigmoidf(double x) { return 1 / (1 + exp(-x)); }\n"
    "static inline double tw_siluf(double x) { return x / (1 + exp(-x)); }\n"
    "static inline double tw_reluf(double x) { return x < 0 ? 0 : x; }\n"
    "static inline double tw_tanhf(double x) { return tanh(x); }\n"
    "static inline double tw_erff(double x) { return erf(x); }\n"
    "static inline double tw_geluf(double x) { return 0.5 * x * (1 + erf(x * 0.70710678118654752440)); }\n"
    "static inline double tw_gelu_tanhf(double x)\n"
    "{ return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x))); }\n";

/* The shared object that holds `source`, compiled into the cache unless it is there. free() `path`. */
static tw_status compile_source(const char *source, char **path)
{
    uint64_t compiler;
    char *folder;
    TW_TRY(tw_key_compiler(TW_TARGET_CPU, &compiler));
    TW_TRY(tw_cache_folder(&folder));
    uint64_t hash = tw_hash_text(tw_hash_bytes(tw_hash_start(), &compiler, sizeof compiler), source);
    *path = tw_text_format("%s/expression-%016llx.so", folder, (unsigned long long)hash);
    free(folder);
    if (access(*path, R_OK) == 0)
        return tw_ok();

    char *object = tw_temporary_name(*path);
    char *file = tw_text_format("%s.c", object);
    char *log = NULL;
    tw_output output;
    tw_status status = tw_output_open(&output, file);
    if (status.code == TW_OK) {
        fputs(source, output.stream);
        status = tw_output_close(&output);
        if (status.code == TW_OK)
            status = tw_output_commit(&output);
    }
    if (status.code == TW_OK)
        status = tw_compile_plain(file, object, &log);
    if (status.code == TW_OK && rename(object, *path)) {
        status = tw_fail(TW_IO, "%s cannot be created: %s", *path, strerror(errno));
    }
    unlink(file);
    unlink(object);
    free(log);
    free(file);
    free(object);
    return status;
}

tw_status tw_problem_expression(tw_problem *problem, const char *name, void (**function)(void))
{
    const char *text = tw_problem_option(problem, name);
    int index = tw_find_option(problem->kernel, name);
    const tw_option *option = &problem->kernel->options[index];
    *function = NULL;
    if (strcmp(text, option->preset) == 0)
        return tw_ok();
    if (!problem->expression[index]) {
        char *source = tw_text_format("%sdouble tw_expression(%s) { return (%s); }\n", prelude,
                                      option->reference_parameters, text);
        char *path = NULL;
        tw_status status = compile_source(source, &path);
        if (status.code != TW_OK) {
            status = tw_fail(status.code, "option %s '%s' in float64: %s", name, text, status.message);
        } else {
            problem->expression[index] = dlopen(path, RTLD_NOW | RTLD_LOCAL);
            if (!problem->expression[index])
                status = tw_fail(TW_INVALID, "%s cannot be loaded: %s", path, dlerror());
        }
        free(source);
        free(path);
        TW_TRY(status);
    }
    void *symbol = dlsym(problem->expression[index], "tw_expression");
    memcpy(function, &symbol, sizeof symbol);
    return tw_ok();
}
