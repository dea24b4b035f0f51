/* SPDX-License-Identifier: MIT
 *
 * cJSON, or where the tool is built without it (TW_WITH_JSON 0) the calls of it that the reports make, which
 * then build nothing: cli_json_allowed has refused --json before any of them.
 */
#ifndef TW_TOOLS_JSON_H
#define TW_TOOLS_JSON_H

#if TW_WITH_JSON
#include <cjson/cJSON.h>
#else

#include <stddef.h>

typedef struct cJSON cJSON;

static inline cJSON *cJSON_CreateObject(void) { return NULL; }
static inline cJSON *cJSON_CreateArray(void) { return NULL; }

static inline cJSON *cJSON_AddObjectToObject(cJSON *object, const char *name)
{
    (void)object, (void)name;
    return NULL;
}

static inline void cJSON_AddStringToObject(cJSON *object, const char *name, const char *value)
{
    (void)object, (void)name, (void)value;
}

static inline void cJSON_AddNumberToObject(cJSON *object, const char *name, double value)
{
    (void)object, (void)name, (void)value;
}

static inline void cJSON_AddBoolToObject(cJSON *object, const char *name, int value)
{
    (void)object, (void)name, (void)value;
}

static inline void cJSON_AddItemToObject(cJSON *object, const char *name, cJSON *item)
{
    (void)object, (void)name, (void)item;
}

static inline void cJSON_AddItemToArray(cJSON *array, cJSON *item) { (void)array, (void)item; }
static inline char *cJSON_Print(const cJSON *json) { return (void)json, (char *)NULL; }
static inline void cJSON_free(void *text) { (void)text; }
static inline void cJSON_Delete(cJSON *json) { (void)json; }

#endif
#endif
